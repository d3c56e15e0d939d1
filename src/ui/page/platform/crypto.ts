/** `node:crypto` in a browser: nothing that the page does hashes, or is random. */
const none = (): never => {
  throw new Error("not in the page");
};
export { none as createHash, none as randomBytes, none as randomUUID };
