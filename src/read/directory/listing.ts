/** The recordings under a directory that is none itself. */
import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { detectFormat } from "../detect.js";
import { openSource, readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import { oddity } from "./plain.js";

/** Whether a directory is one recording, with a file for each CPU, rather than a place where recordings lie. */
export function isCpuDirectory(directory: string): boolean {
  return names(directory).some((name) => name === "per_cpu" || /^cpu\d{1,5}$/.test(name) || /\.cpu\d{1,5}$/.test(name));
}

/** Told of what is passed over though it might have been meant: its path, and why. */
export type PassedOver = (path: string, why: string) => void;

/**
 * By name, those in directories below among them, and behind them what links lead to that is not there already. What
 * has the look of no format is passed over; a file that cannot be opened is not: whoever reads it says why. What is no
 * file (a FIFO, a device) is never opened.
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

  /** A file that is there under two names is one recording. */
  async #file(path: string, { dev, ino }: Stats): Promise<void> {
    const key = `${dev}:${ino}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (await looksLikeRecording(path)) this.found.push(path);
  }
}

/** Where a link leads; nothing where nothing is, or nobody may look. */
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
