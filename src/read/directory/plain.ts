/**
 * Checks the files in a directory. A directory is read as it is: a file that may never end is reported, and not waited
 * for.
 */
import { type Stats, statSync } from "node:fs";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";

/** Names a file that is neither a regular file nor a directory; links are followed. */
export function oddity(what: Stats): string | undefined {
  if (what.isFIFO()) return "a FIFO";
  if (what.isSocket()) return "a socket";
  return what.isCharacterDevice() || what.isBlockDevice() ? "a device" : undefined;
}

/**
 * Checks a file before it is opened, which alone may block forever.
 * @throws {TroubleError} if it is not a regular file
 */
export function checkIsFile(path: string): void {
  let what: Stats;
  try {
    what = statSync(path);
  } catch (error) {
    throw readTrouble(path, error);
  }
  if (!what.isFile())
    throw new TroubleError(
      `this is ${oddity(what) ?? "a directory"}, and the directory is read as a copy, of files; copy what it gives to a file`,
      path,
    );
}
