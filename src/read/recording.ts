/** Opens a recording as a log that is read as a stream. */
import { nanoid } from "nanoid";
import { points } from "../../events/index.js";
import type { Batch } from "../log/batch.js";
import type { Log, Origin } from "../log/log.js";
import { createTables } from "../log/tables.js";
import { BpftraceReader } from "./bpftrace/index.js";
import { detectFormat, type Format } from "./detect.js";
import { readFtrace } from "./ftrace/index.js";
import { FunctionGraphReader } from "./function-graph/index.js";
import { readNdjson } from "./ndjson/index.js";
import { PerfScriptReader } from "./perf-script/index.js";
import { ReadReport } from "./report.js";
import { openSource, type Source } from "./source.js";
import { readThrough } from "./text/reader.js";
import { TraceCmdReportReader } from "./trace-cmd-report/index.js";
import { TroubleError } from "./trouble.js";

export const FORMATS: readonly Format[] = ["ftrace", "perf-script", "trace-cmd-report", "function-graph", "bpftrace", "ndjson", "trace-dat", "kreel-log"];

export interface OpenOptions {
  /** Read it as this, whatever it looks like. */
  readonly format?: string;
  /** In place of standard input, for `-`. */
  readonly input?: AsyncIterable<Buffer>;
}

export class Recording implements Log {
  readonly id = nanoid();
  readonly tables = createTables();
  readonly report: ReadReport;

  constructor(
    readonly origin: Origin & { readonly format: Format },
    private readonly source: Source,
    /** Where the source's bytes can be read out of order, if they can. */
    private readonly file: string | undefined,
  ) {
    this.report = new ReadReport(origin.path);
  }

  /** The events, once: a recording is a stream. */
  async *batches(): AsyncGenerator<Batch> {
    yield* this.#events();
    this.report.warnings.push(...this.source.warnings);
    if (this.source.truncated) this.report.truncated = true;
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  #events(): AsyncGenerator<Batch> {
    const { source, tables, report } = this;
    switch (this.origin.format) {
      case "ftrace":
        return readFtrace(source, points, tables, report);
      case "perf-script":
        return readThrough(new PerfScriptReader(points, tables, report, source.head), source);
      case "trace-cmd-report":
        return readThrough(new TraceCmdReportReader(points, tables, report), source);
      case "function-graph":
        return readThrough(new FunctionGraphReader(points, tables, report), source);
      case "bpftrace":
        return readThrough(new BpftraceReader(points, tables, report), source);
      case "ndjson":
        return readNdjson(source, points, tables, report);
      case "trace-dat":
        return this.#traceDat();
      case "kreel-log":
        return this.#log();
    }
  }

  /** Loaded only where it is needed: those who read text need not wait for it. */
  async *#traceDat(): AsyncGenerator<Batch> {
    const { readTraceDatFrom } = await import("./trace-dat/recording.js");
    yield* readTraceDatFrom(this.source, this.file, points, this.tables, this.report);
  }

  async *#log(): AsyncGenerator<Batch> {
    const { readLogFrom } = await import("./kreel-log/index.js");
    yield* readLogFrom(this.source, this.file, this.tables, this.report);
  }
}

/** Opens a file of any format that kreel reads, or standard input (`-`). Throws a `TroubleError` for what is none. */
export async function openRecording(path: string, options: OpenOptions = {}): Promise<Recording> {
  const source = await openSource(path, options.input);
  try {
    const format = options.format === undefined ? detectFormat(source.head, path) : known(options.format, path);
    return new Recording({ path, format }, source, path === "-" || options.input ? undefined : path);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function known(format: string, path: string): Format {
  const found = FORMATS.find((f) => f === format);
  if (!found) throw new TroubleError(`--format ${format} is none that kreel reads; it reads ${FORMATS.join(", ")}`, path);
  return found;
}
