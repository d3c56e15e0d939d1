/** Reads the files of the viewer that `npm run build` makes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TroubleError } from "../base/trouble.js";

/** The folder that holds them. */
export const ASSETS = fileURLToPath(new URL("../../ui", import.meta.url));

/**
 * Reads one file.
 *
 * @throws {TroubleError} If it is missing or cannot be read.
 */
export function readAsset(name: string, folder = ASSETS): Buffer {
  const path = join(folder, name);
  try {
    return readFileSync(path);
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "is missing: the viewer's page is not built"
        : `cannot be read: ${(error as Error).message}`;
    throw new TroubleError(`${why}; npm run build makes it`, path, undefined, { cause: error });
  }
}
