/** Where screenshots of the tests go. */
export const PICTURES = "test-output/browser";
