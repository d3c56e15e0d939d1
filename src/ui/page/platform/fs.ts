/** `node:fs` in a browser: there are no files. */
const none = (): never => {
  throw new Error("not in the page");
};
export const constants = {};
export {
  none as closeSync,
  none as existsSync,
  none as fstatSync,
  none as linkSync,
  none as openSync,
  none as readFileSync,
  none as readlinkSync,
  none as readSync,
  none as realpathSync,
  none as renameSync,
  none as rmSync,
  none as statSync,
  none as unlinkSync,
  none as writeFileSync,
  none as mkdtempSync,
  none as createReadStream,
  none as writeSync,
};
