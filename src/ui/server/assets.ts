/** The files of the page, as they are served. */
import { readAsset } from "../assets.js";
import { type Content, inMemory } from "./content.js";

/** Address, file name and media type; the page itself has an empty address. */
const FILES = [
  ["", "index.html", "text/html; charset=utf-8"],
  ["page.js", "page.js", "text/javascript; charset=utf-8"],
  ["page.css", "page.css", "text/css; charset=utf-8"],
  ["worker.js", "worker.js", "text/javascript; charset=utf-8"],
] as const;

/**
 * Reads the files once, before anything is served.
 *
 * @throws {TroubleError} If one is missing.
 */
export function readAssets(folder: string): ReadonlyMap<string, Content> {
  return new Map(FILES.map(([place, name, type]) => [place, inMemory(type, readAsset(name, folder))]));
}
