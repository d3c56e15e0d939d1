/** Opens a recording as a log that is read as a stream. */
import { statSync } from "node:fs";
import { nanoid } from "nanoid";
import { points } from "../../events/index.js";
import type { Batch } from "../log/batch.js";
import type { Origin } from "../log/log.js";
import { createTables, type Tables } from "../log/tables.js";
import { conclude } from "./conclude.js";
import { detectFormat } from "./detect.js";
import { type Format, known } from "./formats.js";
import type { FollowOptions } from "./live/recording.js";
import { readerOf } from "./readers.js";
import { type Recorded, ReadReport } from "./report.js";
import { openSource, type Source } from "./source.js";
import { readThrough } from "./stream-reader.js";
import { TroubleError } from "../base/trouble.js";

/** Options for opening a recording; all are optional. */
export interface OpenOptions {
  /** Reads it in this format, whatever it looks like. */
  readonly format?: string;
  /** Replaces standard input, for `-`. */
  readonly input?: AsyncIterable<Buffer>;
  /** It is still being written: reads what is there, then what is added, until stopped or until the pipe ends. */
  readonly follow?: FollowOptions;
}

/** A log that is read as a stream: its events can be read once. */
export interface Recording extends Recorded {
  readonly origin: Origin & { readonly format: Format };
}

class FileRecording implements Recording {
  readonly id = nanoid();
  readonly tables: Tables;
  readonly report: ReadReport;

  constructor(
    readonly origin: Origin & { readonly format: Format },
    private readonly source: Source,
    /** The path, if the bytes can be read out of order. */
    private readonly file: string | undefined,
  ) {
    this.tables = createTables(origin.path);
    this.report = new ReadReport(origin.path);
  }

  async *batches(only?: ReadonlySet<string>): AsyncGenerator<Batch> {
    yield* this.#events(only);
    this.report.warnings.push(...this.source.warnings);
    if (this.source.truncated) this.report.truncated = true;
    conclude(this.report);
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  #events(only: ReadonlySet<string> | undefined): AsyncGenerator<Batch> {
    const { source, tables, report } = this;
    const { format } = this.origin;
    switch (format) {
      case "trace-dat":
        return this.#traceDat();
      case "kreel-log":
        return this.#log(only);
      case "trace-pipe-raw":
        throw new TroubleError(
          "the pages of one CPU cannot be read alone; give the directory that holds those of all, with events/header_page and events/SYSTEM/EVENT/format in it",
          this.origin.path,
        );
      default:
        return readThrough(readerOf(format, { beginning: source.head, points, tables, report }), source);
    }
  }

  /** Loaded on demand: readers of text need not wait for it. */
  async *#traceDat(): AsyncGenerator<Batch> {
    const { readTraceDatFrom } = await import("./trace-dat/recording.js");
    yield* readTraceDatFrom(this.source, this.file, points, this.tables, this.report);
  }

  async *#log(only: ReadonlySet<string> | undefined): AsyncGenerator<Batch> {
    const { readLogFrom } = await import("./kreel-log/index.js");
    yield* readLogFrom(this.source, this.file, this.tables, this.report, only);
  }
}

/**
 * Opens a file of any format that kreel reads, a directory with a file for each CPU, or standard input (`-`). The
 * caller closes it.
 *
 * @throws {TroubleError} If it is no recording, or cannot be read: with file and line.
 * @throws {LogError} If it is a log of a later format.
 */
export async function openRecording(path: string, options: OpenOptions = {}): Promise<Recording> {
  if (options.follow) {
    const { openLive } = await import("./live/recording.js");
    return openLive(path, options.follow, options);
  }
  if (path !== "-" && !options.input && statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const { openDirectory } = await import("./directory/recording.js");
    return openDirectory(path, options.format);
  }
  const source = await openSource(path, options.input);
  try {
    const format = options.format === undefined ? detectFormat(source.head, path) : known(options.format, path);
    return new FileRecording({ path, format }, source, path === "-" || options.input ? undefined : path);
  } catch (error) {
    await source.close();
    throw error;
  }
}
