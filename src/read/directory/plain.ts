/**
 * What a name in a directory stands for. A directory is read as it lies there: what may never end is named, and not
 * waited for.
 */
import { type Stats, statSync } from "node:fs";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";

/** In words, of what is neither a file nor a directory; links are followed. */
export function oddity(what: Stats): string | undefined {
  if (what.isFIFO()) return "a FIFO";
  if (what.isSocket()) return "a socket";
  return what.isCharacterDevice() || what.isBlockDevice() ? "a device" : undefined;
}

/** Throws a `TroubleError` for what is no file, before anybody opens it: that alone may wait for ever. */
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
