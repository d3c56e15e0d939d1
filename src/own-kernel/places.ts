/** Finds the file and line of an error from its stack: one line of trouble instead of twenty. */
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Place {
  readonly path: string;
  readonly line: number;
}

/** The folder of kreel's own code. */
const OWN = dirname(dirname(fileURLToPath(import.meta.url)));

const FRAME = /(?:\(|at (?:async )?|^)((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*?):(\d+)(?::\d+)?\)?$/;

/**
 * Returns places in files, the innermost first. The error may come from foreign code, so nothing about it is certain.
 */
function placesIn(error: Error): Place[] {
  const { stack } = error;
  if (typeof stack !== "string") return [];
  return stack.split("\n").flatMap((line) => {
    const [, file, number] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ path: pathOf(file), line: Number(number) }];
  });
}

/** Returns the places of frames that name scripts by their addresses. */
export function placesOf(frames: readonly { readonly url: string; readonly line: number }[]): Place[] {
  return frames
    .filter(({ url }) => url.startsWith("file:") || isAbsolute(url))
    .map(({ url, line }) => ({ path: pathOf(url), line }));
}

function pathOf(file: string): string {
  try {
    return file.startsWith("file:") ? fileURLToPath(file) : file;
  } catch {
    // An address that names no file of this machine.
    return file;
  }
}

/** The caller of a kernel's functions; frames outside it are not to blame. */
const CALLER = join(OWN, "simulate", "machine.js");

/** Finds the innermost place in a user's module, or else in one of kreel's own kernels. */
export function placeAmong(places: readonly Place[]): Place | undefined {
  const end = places.findIndex(({ path }) => path === CALLER);
  const inside = end < 0 ? places : places.slice(0, end);
  return (
    inside.find(({ path }) => !path.startsWith(OWN)) ?? inside.find(({ path }) => path.startsWith(join(OWN, "kernels")))
  );
}

/** Returns the place where the code of a kernel threw. */
export function placeOf(error: unknown): Place | undefined {
  return error instanceof Error ? placeAmong(placesIn(error)) : undefined;
}

const PACKAGES = /[\\/]node_modules[\\/]/;

/** True if only kreel and its dependencies were involved in the error. */
export function isOwn(error: unknown): boolean {
  const places = error instanceof Error ? placesIn(error) : [];
  return places.length > 0 && places.every(({ path }) => path.startsWith(OWN) || PACKAGES.test(path));
}

/** Describes anything that was thrown. */
export function saidOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { name, message } = error;
    return name && name !== "Error" ? `${name}: ${message}` : `${message}` || "an error without a message";
  } catch {
    return "something that has no words";
  }
}
