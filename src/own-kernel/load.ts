/** Loads a user's kernel: a module, JavaScript or TypeScript, that exports a `KernelDefinition`. */
import { readFileSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { relative, resolve as absolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { KernelDefinition } from "../kernels/index.js";
import { TroubleError } from "../base/trouble.js";
import * as hooks from "./hooks.js";
import { addModule } from "./loaded.js";
import { placeOf, saidOf } from "./places.js";
import { stripTypes, SyntaxTrouble } from "./strip.js";
import { LIMIT, StalledError, untilLoaded } from "./watch.js";

const HOW = 'export default kernels["linux-6.12-patched"].with("name", { … })';

/** True if this names a module rather than one of kreel's kernels. */
export function isModule(name: string): boolean {
  return /^file:|[\\/]|\.[cm]?[jt]s$/.test(name);
}

export interface LoadOptions {
  /**
   * Milliseconds that loading may take. For an endless loop this is the process's CPU time, and only a loop on the main
   * thread can be interrupted.
   */
  readonly limit?: number;
}

/**
 * Loads a user's kernel from a module, whose `path` may be a file URL. `limit`: milliseconds for it to load.
 *
 * @throws {TroubleError} If the module is missing, does not load or never finishes loading, or exports no kernel.
 */
export async function loadKernel(path: string, { limit = LIMIT }: LoadOptions = {}): Promise<KernelDefinition> {
  const file = path.startsWith("file:") ? fileOfUrl(path) : absolute(path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) throw new TroubleError("no such file", path);
  if (!found.isFile()) throw new TroubleError("not a file; a kernel is a module, JavaScript or TypeScript", path);
  register();
  addModule(path);
  const exports = await importFrom(file, path, limit);
  const kernel = exports["default"] ?? exports["kernel"];
  if (!(kernel instanceof KernelDefinition))
    throw new TroubleError(`exports no kernel; it takes import { kernels } from "kreel/kernels" and ${HOW}`, path);
  return kernel;
}

function fileOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new TroubleError("not the URL of a file on this machine", url, undefined, { cause: error });
  }
}

async function importFrom(file: string, path: string, limit: number): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await untilLoaded(
      path,
      () => import(pathToFileURL(file).href) as Promise<Readonly<Record<string, unknown>>>,
      limit,
    );
  } catch (error) {
    throw loadTrouble(error, file, path);
  }
}

function loadTrouble(error: unknown, file: string, path: string): TroubleError {
  const stalled = error instanceof StalledError;
  const said = stalled ? stallingText(error) : saidOf(error).replace(/ \(\S+:\d+\)$/, "");
  const place = stalled ? error.place : (placeOf(error) ?? syntaxPlace(error, file));
  const where = place && place.path !== file ? relative(process.cwd(), place.path) : path;
  return new TroubleError(`does not load: ${said}`, where, place?.line, { cause: error });
}

function stallingText({ how, limit }: StalledError): string {
  if (how === "endless") return "its code does not come to an end: is there an endless loop?";
  return how === "waiting"
    ? `a top-level await has not ended after ${limit / 1000} s`
    : "a top-level await waits for what nothing will bring";
}

/** Node says what is wrong with the text of a module, but not where. */
function syntaxPlace(error: unknown, file: string): { readonly path: string; readonly line: number } | undefined {
  const [, at, line] = /\((\S+):(\d+)\)$/.exec(error instanceof Error ? error.message : "") ?? [];
  if (at !== undefined) return { path: at, line: Number(line) };
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    stripTypes(readFileSync(file, "utf8"), file);
  } catch (second) {
    if (second instanceof SyntaxTrouble) return second;
  }
  return undefined;
}

let registered = false;

/** Newer Nodes take hooks as they are, older ones run them in a thread of their own. */
function register(): void {
  if (registered) return;
  registered = true;
  const { registerHooks } = nodeModule as unknown as { readonly registerHooks?: (hooks: object) => void };
  if (registerHooks) registerHooks({ resolve: hooks.resolve, load: hooks.load });
  else nodeModule.register("./hooks.js", import.meta.url);
}
