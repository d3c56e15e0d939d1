/** `node:crypto` in a browser: nothing in the page hashes or needs randomness. */
const none = (): never => {
  throw new Error("not in the page");
};
export { none as createHash, none as randomBytes, none as randomUUID };
