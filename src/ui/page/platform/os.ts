/** `node:os` in a browser: there are no files. */
const none = (): never => {
  throw new Error("not in the page");
};
export { none as tmpdir, none as hostname };
