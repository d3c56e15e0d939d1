/** The files of the page, as `npm run build` leaves them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TroubleError } from "../../read/trouble.js";
import { type Content, inMemory } from "./content.js";

export const ASSETS = fileURLToPath(new URL("../../../ui", import.meta.url));

/** By their names in the address; the page itself has none. */
const FILES = [
  ["", "index.html", "text/html; charset=utf-8"],
  ["page.js", "page.js", "text/javascript; charset=utf-8"],
  ["page.css", "page.css", "text/css; charset=utf-8"],
  ["worker.js", "worker.js", "text/javascript; charset=utf-8"],
] as const;

/** Read once, before anything is served. Throws a `TroubleError` where one is missing. */
export function readAssets(folder: string): ReadonlyMap<string, Content> {
  return new Map(FILES.map(([place, name, type]) => [place, inMemory(type, readAsset(join(folder, name)))]));
}

function readAsset(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "is missing: the viewer's page is not built" : `cannot be read: ${(error as Error).message}`;
    throw new TroubleError(`${why}; npm run build makes it`, path, undefined, { cause: error });
  }
}
