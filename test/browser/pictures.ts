/** Folder for screenshots of the tests. */
export const PICTURES = "test-output/browser";
