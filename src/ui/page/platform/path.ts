/** `node:path` in a browser: there are no files. */
const none = (): never => {
  throw new Error("not in the page");
};
export { none as basename, none as dirname, none as join, none as resolve };
