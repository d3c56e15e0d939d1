/** Pages of the ring buffer, a file for each CPU: from `trace_pipe_raw`, or kept by trace-cmd until it is done. */
import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import { nanoid } from "nanoid";
import { points } from "../../../events/index.js";
import type { Batch } from "../../log/batch.js";
import type { Origin } from "../../log/log.js";
import { createTables, type Tables } from "../../log/tables.js";
import { conclude } from "../conclude.js";
import type { Recording } from "../recording.js";
import { ReadReport } from "../report.js";
import { readTrouble } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import { FileAccess } from "../trace-dat/access.js";
import type { Contents } from "../trace-dat/contents.js";
import { CpuEvents } from "../trace-dat/cpu-events.js";
import { TraceDatReader } from "../trace-dat/index.js";
import { checkEventHeader, pageLayout, type PageLayout } from "../trace-dat/layout.js";
import { commonFields, type OpenTraceDat, readFormats } from "../trace-dat/open.js";
import { clockIn, statsIn } from "../trace-dat/options.js";
import { PlainPages } from "../trace-dat/pages.js";
import { type CpuFile, PAGES } from "./layout.js";
import { checkIsFile } from "./plain.js";
import { contentOf, Surroundings } from "./surroundings.js";

/** Bytes to read ahead, for each CPU and for all together. */
const WINDOW = 256 * 1024;
const WINDOWS = 64 << 20;
const MAX_PAGE = 1 << 20;
const MAX_STATS = 64 * 1024;
const COMMIT_MASK = 0x07ffffff;

export function openPages(directory: string, files: readonly CpuFile[]): Recording {
  for (const { path } of files) checkIsFile(path);
  const around = new Surroundings(directory);
  const { headerPage } = around;
  const layout = pageLayout(headerPage.text, headerPage.path);
  if (layout.size > MAX_PAGE) throw new TroubleError(`a page has ${layout.size} bytes`, headerPage.path);
  const headerEvent = around.find("events/header_event");
  if (headerEvent) checkEventHeader(headerEvent.toString("utf8"), directory);
  const formats = around.formats();
  const report = new ReadReport(directory);
  const cmdlines = around.find("saved_cmdlines");
  if (!cmdlines) report.warnings.push("saved_cmdlines is missing: tasks are known by their numbers alone");
  const contents: Contents = {
    headerPage: headerPage.text,
    headerEvent: "",
    formats,
    kallsyms: () => symbolsOf(around),
    cmdlines: cmdlines ?? Buffer.alloc(0),
    buffers: [],
    latency: undefined,
    clock: clockIn(around.find("trace_clock")?.toString("latin1") ?? ""),
    timeOffset: 0n,
    tsc: undefined,
    stats: files.map(({ cpu, path }) => statsIn(statsBeside(path), cpu)),
    warnings: [],
  };
  const parsed = readFormats(contents, report);
  const common = commonFields(parsed, directory);
  return new PagesDirectory({ path: directory, format: PAGES }, report, files, layout, {
    contents,
    formats: parsed,
    common,
  });
}

/** An error of this file becomes a warning of the directory, with the file's name. */
function symbolsOf(around: Surroundings): Buffer {
  try {
    return around.find("kallsyms", "proc/kallsyms") ?? Buffer.alloc(0);
  } catch (error) {
    throw error instanceof TroubleError
      ? new TroubleError(error.message, error.file, undefined, { cause: error })
      : error;
  }
}

class PagesDirectory implements Recording {
  readonly id = nanoid();
  readonly tables: Tables;
  readonly #open: number[] = [];

  constructor(
    readonly origin: Origin & { readonly format: typeof PAGES },
    readonly report: ReadReport,
    private readonly files: readonly CpuFile[],
    private readonly layout: PageLayout,
    private readonly known: Pick<OpenTraceDat, "contents" | "formats" | "common">,
  ) {
    this.tables = createTables(origin.path);
  }

  async *batches(): AsyncGenerator<Batch> {
    const accesses = this.files.map((file) => this.#access(file));
    const big = accesses.some((access) => isBig(access, this.layout));
    const leaky = new Set(this.known.contents.stats.filter(({ dropped }) => dropped > 0).map(({ cpu }) => cpu));
    const window =
      Math.max(1, Math.floor(Math.min(WINDOW, WINDOWS / this.files.length) / this.layout.size)) * this.layout.size;
    const cpus = this.files.map(
      ({ cpu }, order) =>
        new CpuEvents(
          cpu,
          "",
          order,
          new PlainPages(accesses[order]!, { cpu, offset: 0, size: accesses[order]!.size }, this.layout.size, window),
          this.layout,
          big,
          leaky.has(cpu),
        ),
    );
    yield* new TraceDatReader({ ...this.known, intro: { big }, cpus }, points, this.tables, this.report).batches();
    conclude(this.report);
  }

  async close(): Promise<void> {
    for (const descriptor of this.#open.splice(0)) closeSync(descriptor);
  }

  #access({ path }: CpuFile): FileAccess {
    try {
      const descriptor = openSync(path, "r");
      this.#open.push(descriptor);
      return new FileAccess(path, descriptor, fstatSync(descriptor).size);
    } catch (error) {
      throw readTrouble(path, error);
    }
  }
}

/** Returns the file `stats` of the CPU that this `trace_pipe_raw` belongs to; trace-cmd has none. */
function statsBeside(path: string): string {
  const stats = join(path, "..", "stats");
  return basename(path) === "trace_pipe_raw" && existsSync(stats) ? contentOf(stats, MAX_STATS).toString("latin1") : "";
}

/**
 * The byte order of the pages is not recorded: but the length of the used part of the first fits a page in one order
 * only.
 */
function isBig(access: FileAccess, { commitAt, commitSize, dataAt, size }: PageLayout): boolean {
  const word = access.read(commitAt, commitSize);
  if (word.length < commitSize) return false;
  const fits = (used: number): boolean => (used & COMMIT_MASK) <= size - dataAt;
  return !fits(word.readUInt32LE(0)) && fits(word.readUInt32BE(commitSize - 4));
}
