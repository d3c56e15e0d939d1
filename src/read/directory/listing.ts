/** The recordings under a directory that is not itself a recording. */
import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { detectFormat } from "../detect.js";
import { openSource, readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import { oddity } from "./plain.js";

/** True if a directory is one recording, with a file for each CPU, rather than a folder of recordings. */
export function isCpuDirectory(directory: string): boolean {
  return names(directory).some((name) => name === "per_cpu" || /^cpu\d{1,5}$/.test(name) || /\.cpu\d{1,5}$/.test(name));
}

/** Called with the path of each skipped file that the user might have meant, and the reason. */
export type PassedOver = (path: string, why: string) => void;

/**
 * Returns recordings by name, including those in subdirectories, followed by targets of links that are not listed
 * already. Files of no known format are skipped; a file that cannot be opened is not: reading it reports why. Special
 * files (a FIFO, a device) are never opened.
 */
export async function recordingsUnder(directory: string, passed: PassedOver = () => {}): Promise<string[]> {
  const listing = new Listing(passed);
  await listing.directory(directory);
  await listing.links();
  return listing.found;
}

class Listing {
  readonly found: string[] = [];
  readonly #links: string[] = [];
  readonly #seen = new Set<string>();

  constructor(private readonly passed: PassedOver) {}

  async directory(directory: string): Promise<void> {
    for (const name of names(directory).sort()) {
      const path = join(directory, name);
      const what = lstatSync(path, { throwIfNoEntry: false });
      if (what?.isSymbolicLink()) this.#links.push(path);
      else if (what?.isFile()) await this.#file(path, what);
      else if (what?.isDirectory()) await (isCpuDirectory(path) ? this.found.push(path) : this.directory(path));
      else if (what) this.passed(path, `${oddity(what) ?? "no file"}: passed over`);
    }
  }

  async links(): Promise<void> {
    for (const path of this.#links) {
      const what = statOf(path);
      if (!what) this.passed(path, "a link that leads nowhere: passed over");
      else if (what.isFile()) await this.#file(path, what);
      else this.passed(path, `a link to ${oddity(what) ?? "a directory"}: passed over`);
    }
  }

  /** Adds a file: one with two names is one recording. */
  async #file(path: string, { dev, ino }: Stats): Promise<void> {
    const key = `${dev}:${ino}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (await looksLikeRecording(path)) this.found.push(path);
  }
}

/** Returns the target of a link; `undefined` if there is none, or it may not be looked at. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

async function looksLikeRecording(path: string): Promise<boolean> {
  try {
    const source = await openSource(path);
    try {
      detectFormat(source.head, path);
      return true;
    } catch (error) {
      if (error instanceof TroubleError) return false;
      throw error;
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof TroubleError) return true;
    throw error;
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw readTrouble(directory, error);
  }
}
