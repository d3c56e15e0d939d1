/** The files that pages are decoded with: copies of the kernel's own, in the recording's directory or above it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FormatText } from "../trace-dat/contents.js";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import { checkIsFile } from "./plain.js";

/** From `per_cpu/cpu0` the copy of tracefs is two up. */
const LEVELS = 3;
/** A kernel has some 3,000 events. */
const MAX_FORMATS = 20_000;
const MAX_FORMAT = 1 << 20;
/** kallsyms has some 10 MiB. */
const MAX_FILE = 256 << 20;

const HEADER_PAGE = "events/header_page";

export class Surroundings {
  /** The folder with `events`: files anywhere else may be from another machine. */
  readonly #root: string;

  constructor(private readonly directory: string) {
    const folders = Array.from({ length: LEVELS }, (_, up) =>
      join(resolve(directory), ...Array.from({ length: up }, () => "..")),
    );
    const root = folders.find((folder) => existsSync(join(folder, HEADER_PAGE)));
    if (root === undefined)
      throw new TroubleError(
        `${HEADER_PAGE} is missing, in the directory and above it: pages of the ring buffer cannot be read without it; copy it from /sys/kernel/tracing of the machine that recorded`,
        directory,
      );
    this.#root = root;
  }

  /** The layout of a page, and the path of the file that defines it. */
  get headerPage(): { readonly path: string; readonly text: string } {
    const path = join(this.#root, HEADER_PAGE);
    return { path, text: contentOf(path, MAX_FORMAT).toString("utf8") };
  }

  /** Returns the content of the first of these files that exists. */
  find(...names: readonly string[]): Buffer | undefined {
    const name = names.find((each) => existsSync(join(this.#root, each)));
    return name === undefined ? undefined : contentOf(join(this.#root, name), MAX_FILE);
  }

  /** Returns all `events/SYSTEM/EVENT/format`. */
  formats(): FormatText[] {
    const events = join(this.#root, "events");
    const formats: FormatText[] = [];
    for (const system of foldersIn(events)) {
      for (const event of foldersIn(join(events, system))) {
        const file = join(events, system, event, "format");
        if (!existsSync(file)) continue;
        if (formats.length >= MAX_FORMATS)
          throw new TroubleError(`more than ${MAX_FORMATS} formats; no kernel has so many`, events);
        formats.push({ system, text: contentOf(file, MAX_FORMAT).toString("utf8") });
      }
    }
    if (formats.length === 0)
      throw new TroubleError(
        "events/SYSTEM/EVENT/format is missing, of every event: copy events from /sys/kernel/tracing of the machine that recorded",
        this.directory,
      );
    return formats;
  }
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** Returns the content of a small file. Special files may never end. */
export function contentOf(path: string, most: number): Buffer {
  try {
    checkIsFile(path);
    const what = statSync(path);
    if (what.size > most)
      throw new TroubleError(`it has more than ${most >> 20} MiB, which no copy of the kernel's file has`, path);
    return readFileSync(path);
  } catch (error) {
    throw readTrouble(path, error);
  }
}
