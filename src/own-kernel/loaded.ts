/** Records the user's modules that this process runs, and handles their stray errors. */
import { relative } from "node:path";
import { TroubleError } from "../base/trouble.js";
import { isOwn, placeOf, saidOf } from "./places.js";

/** Paths as they were given; trouble without a place is ascribed to the first. */
const modules: string[] = [];

export function addModule(path: string): void {
  modules.push(path);
}

/** Modules that were loaded, or are being loaded. */
export function loadedModules(): readonly string[] {
  return modules;
}

/**
 * Converts a stray error (from a timer, or a promise that no code awaits) into trouble that names the place or the
 * module. Returns `undefined` if no module was loaded, or if only kreel's code was involved.
 */
export function strayTrouble(error: unknown): TroubleError | undefined {
  const [module] = modules;
  if (module === undefined || isOwn(error)) return undefined;
  const place = placeOf(error);
  const what = `threw in a timer, or in a promise that nobody awaits: ${saidOf(error)}`;
  return new TroubleError(what, place ? relative(process.cwd(), place.path) : module, place?.line, { cause: error });
}

/** Returns the trouble of a process that ends before its command does: only a user's module can have ended it. */
export function earlyEnd(): Error {
  const [module] = modules;
  return module === undefined
    ? new Error("the process ends before the command does")
    : new TroubleError("ends the process (process.exit) before the command is done", module);
}
