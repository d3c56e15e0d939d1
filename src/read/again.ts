/** True if a path yields the same bytes a second time: a pipe does not. */
import { statSync } from "node:fs";

export function isReadAgain(path: string): boolean {
  const what = path === "-" ? undefined : statSync(path, { throwIfNoEntry: false });
  return what?.isFile() === true || what?.isDirectory() === true;
}
