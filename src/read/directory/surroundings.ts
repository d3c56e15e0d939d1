/** What pages need to be understood: copies of the kernel's own files, in the recording's directory or above it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FormatText } from "../trace-dat/contents.js";
import { readTrouble } from "../source.js";
import { TroubleError } from "../trouble.js";

/** From `per_cpu/cpu0` the copy of tracefs is two up. */
const LEVELS = 3;
/** A kernel has some 3,000 events. */
const MAX_FORMATS = 20_000;
const MAX_FORMAT = 1 << 20;
/** kallsyms has some 10 MiB. */
const MAX_FILE = 256 << 20;

export class Surroundings {
  readonly #folders: readonly string[];

  constructor(private readonly directory: string) {
    this.#folders = Array.from({ length: LEVELS }, (_, up) => join(resolve(directory), ...Array.from({ length: up }, () => "..")));
  }

  /** The content of the first of these files that is there. */
  find(...names: readonly string[]): Buffer | undefined {
    for (const folder of this.#folders) for (const name of names) if (existsSync(join(folder, name))) return contentOf(join(folder, name), MAX_FILE);
    return undefined;
  }

  /** The same of a file that must be there, with its path. */
  need(name: string): { readonly path: string; readonly text: string } {
    const folder = this.#folders.find((up) => existsSync(join(up, name)));
    if (folder === undefined) throw new TroubleError(`${name} is missing, in the directory and above it: pages of the ring buffer cannot be read without it; copy it from /sys/kernel/tracing of the machine that recorded`, this.directory);
    return { path: join(folder, name), text: contentOf(join(folder, name), MAX_FORMAT).toString("utf8") };
  }

  /** `events/SYSTEM/EVENT/format`, all of them. */
  formats(): FormatText[] {
    const { path } = this.need("events/header_page");
    const events = join(path, "..");
    const formats: FormatText[] = [];
    for (const system of foldersIn(events)) {
      for (const event of foldersIn(join(events, system))) {
        const file = join(events, system, event, "format");
        if (!existsSync(file)) continue;
        if (formats.length >= MAX_FORMATS) throw new TroubleError(`more than ${MAX_FORMATS} formats; no kernel has so many`, events);
        formats.push({ system, text: contentOf(file, MAX_FORMAT).toString("utf8") });
      }
    }
    if (formats.length === 0) throw new TroubleError("events/SYSTEM/EVENT/format is missing, of every event: copy events from /sys/kernel/tracing of the machine that recorded", this.directory);
    return formats;
  }
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
}

function contentOf(path: string, most: number): Buffer {
  try {
    if (statSync(path).size > most) throw new TroubleError(`it has more than ${most >> 20} MiB, which no copy of the kernel's file has`, path);
    return readFileSync(path);
  } catch (error) {
    throw readTrouble(path, error);
  }
}
