/** Which modules of others this process runs, and what they do when nobody expects it. */
import { relative } from "node:path";
import { TroubleError } from "../base/trouble.js";
import { isOwn, placeOf, saidOf } from "./places.js";

/** As they were named: what cannot be placed is ascribed to the first. */
const modules: string[] = [];

export function addModule(path: string): void {
  modules.push(path);
}

/** Modules that were loaded, or are being loaded. */
export function loadedModules(): readonly string[] {
  return modules;
}

/**
 * Trouble of what was thrown when nobody expected it (in a timer, in a promise that nobody awaits): it names the place,
 * or the module. Nothing where no module was loaded, or where kreel alone had a part in it.
 */
export function strayTrouble(error: unknown): TroubleError | undefined {
  const [module] = modules;
  if (module === undefined || isOwn(error)) return undefined;
  const place = placeOf(error);
  const what = `threw in a timer, or in a promise that nobody awaits: ${saidOf(error)}`;
  return new TroubleError(what, place ? relative(process.cwd(), place.path) : module, place?.line, { cause: error });
}

/** Trouble of a process that ends before its command does: nobody but a module of others ends it. */
export function earlyEnd(): Error {
  const [module] = modules;
  return module === undefined
    ? new Error("the process ends before the command does")
    : new TroubleError("ends the process (process.exit) before the command is done", module);
}
