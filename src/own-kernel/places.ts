/** Where in a file something was thrown, off the stack of an error: for one line of trouble instead of twenty. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Place {
  readonly path: string;
  readonly line: number;
}

/** The folder of kreel's own code. */
const OWN = dirname(dirname(fileURLToPath(import.meta.url)));

const FRAME = /(?:\(|at (?:async )?|^)((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*?):(\d+)(?::\d+)?\)?$/;

/** Places of files, the innermost first. */
function placesIn(error: Error): Place[] {
  return (error.stack ?? "").split("\n").flatMap((line) => {
    const [, file, number] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ path: file.startsWith("file:") ? fileURLToPath(file) : file, line: Number(number) }];
  });
}

/** What calls the functions of kernels: whoever called it is not to blame. */
const CALLER = join(OWN, "simulate", "machine.js");

/** Where the code of a kernel threw: in a module that is not kreel's, else in one of kreel's own kernels. */
export function placeOf(error: unknown): Place | undefined {
  if (!(error instanceof Error)) return undefined;
  const places = placesIn(error);
  const end = places.findIndex(({ path }) => path === CALLER);
  const inside = end < 0 ? places : places.slice(0, end);
  return inside.find(({ path }) => !path.startsWith(OWN)) ?? inside.find(({ path }) => path.startsWith(join(OWN, "kernels")));
}
