/**
 * Files of text, one for each CPU, as one recording: a merge by time. Each line is identified by its file and its
 * number in it. Only a chunk and a batch of each file are held at any time.
 */
import { nanoid } from "nanoid";
import { points } from "../../../events/index.js";
import type { Batch } from "../../log/batch.js";
import { BATCH_EVENTS, BatchBuilder } from "../../log/batch-builder.js";
import type { Origin } from "../../log/log.js";
import { createTables, type Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import { conclude } from "../conclude.js";
import { detectFormat } from "../detect.js";
import { isText, known, type Format, type TextFormat } from "../formats.js";
import { isBefore, Merge } from "../merge.js";
import type { Recording } from "../recording.js";
import { ReadReport } from "../report.js";
import { openSource, type Source } from "../source.js";
import { TroubleError } from "../../base/trouble.js";
import { CpuText } from "./cpu-text.js";
import { type CpuFile, missing, nameFor } from "./layout.js";
import { checkIsFile } from "./plain.js";

/** Bytes to read ahead of all files together. */
const WINDOWS = 64 << 20;
const MAX_WINDOW = 512 * 1024;
const MIN_WINDOW = 64 * 1024;
const MIN_BATCH = 256;

export async function openTexts(
  directory: string,
  files: readonly CpuFile[],
  format: string | undefined,
): Promise<Recording> {
  const sources: Source[] = [];
  const chunk = Math.max(MIN_WINDOW, Math.min(MAX_WINDOW, Math.floor(WINDOWS / files.length)));
  try {
    for (const { path } of files) checkIsFile(path);
    for (const { path } of files) sources.push(await openSource(path, undefined, chunk));
    const formats = sources.map(({ head }, k) =>
      textFormat(format === undefined ? detectFormat(head, files[k]!.path) : known(format, directory), files[k]!),
    );
    const other = formats.findIndex((found) => found !== formats[0]);
    if (other >= 0)
      throw new TroubleError(
        `${files[0]!.name} is ${formats[0]} and ${files[other]!.name} is ${formats[other]}: files of one recording are alike`,
        directory,
      );
    const cpus = Math.max(
      ...sources.map(({ head }) =>
        Number(
          /^# entries-in-buffer\/entries-written: \d+\/\d+ +#P:(\d{1,5})/m.exec(
            head.toString("latin1", 0, 4096),
          )?.[1] ?? 0,
        ),
      ),
    );
    if (cpus > files.length) throw missing(directory, nameFor(files.length, files[0]!), files.length);
    return new TextDirectory({ path: directory, format: formats[0]! }, files, sources);
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
}

function textFormat(format: Format, file: CpuFile): TextFormat {
  if (isText(format)) return format;
  throw new TroubleError(`${format} as the file of one CPU; it holds a whole recording: give it alone`, file.path);
}

class TextDirectory implements Recording {
  readonly id = nanoid();
  readonly tables: Tables;
  readonly report: ReadReport;
  readonly #cpus: readonly CpuText[];
  readonly #builder: BatchBuilder;

  constructor(
    readonly origin: Origin & { readonly format: TextFormat },
    private readonly files: readonly CpuFile[],
    sources: readonly Source[],
  ) {
    this.tables = createTables(origin.path);
    this.report = new ReadReport(origin.path);
    this.#builder = new BatchBuilder(this.tables.addresses);
    const names = new ArgumentNames();
    const batchEvents = Math.max(MIN_BATCH, Math.floor(BATCH_EVENTS / files.length));
    this.#cpus = files.map((file, order) => {
      return new CpuText(file, order, sources[order]!, origin.format, points, this.tables, batchEvents, names);
    });
  }

  fileOf(cpu: number): string | undefined {
    return this.files[cpu]?.name;
  }

  async *batches(): AsyncGenerator<Batch> {
    const standing = new Set<CpuText>();
    for (const cpu of this.#cpus) if (await cpu.more()) standing.add(cpu);
    const overwritten = this.#cpus.some(({ report }) => report.overrun > 0);
    const merge = new Merge(this.#cpus, (cpu) => standing.has(cpu));
    this.#checkTimes(standing);
    for (let cpu = merge.first; cpu !== undefined; cpu = merge.first) {
      const { second } = merge;
      for (;;) {
        if (this.#isFull(cpu)) yield this.#seal();
        this.#take(cpu, overwritten);
        if (!cpu.next() && !(await cpu.more())) {
          merge.drop();
          break;
        }
        if (second !== undefined && isBefore(second, cpu)) {
          merge.moved();
          break;
        }
      }
    }
    for (const cpu of merge.ended) {
      this.#lose(cpu);
      cpu.finish();
      this.report.add(cpu.report, cpu.file.name);
    }
    conclude(this.report);
    if (!this.#builder.isEmpty) yield this.#seal();
  }

  async close(): Promise<void> {
    for (const cpu of this.#cpus) await cpu.close();
  }

  /** Without times there is no order between CPUs. */
  #checkTimes(standing: ReadonlySet<CpuText>): void {
    const untimed = [...standing].find(({ timeHigh, timeLow }) => timeHigh === 0 && timeLow === 0);
    if (untimed !== undefined && standing.size > 1)
      throw new TroubleError(
        "its events have no times, so that those of several CPUs cannot be put in one order; of function_graph the option funcgraph-abstime prints them",
        untimed.file.path,
      );
  }

  #isFull({ batch }: CpuText): boolean {
    const builder = this.#builder;
    return builder.full || (builder.length > 0 && builder.timeDigits !== batch.timeDigits);
  }

  #take(cpu: CpuText, overwritten: boolean): void {
    const builder = this.#builder;
    const { batch, index, file } = cpu;
    // The kernel's merged text has a loss here as well: the CPU's events before its oldest one were overwritten.
    if (!cpu.started && overwritten && builder.events > 0) builder.loss(file.cpu, 0, 0);
    cpu.started = true;
    this.#lose(cpu);
    builder.timeDigits = batch.timeDigits;
    builder.copy(batch, index, file.cpu, points.points[batch.point[index]!]?.args);
  }

  #lose({ losses, file }: CpuText): void {
    for (const { count, line } of losses.splice(0)) this.#builder.loss(file.cpu, count, line);
  }

  #seal(): Batch {
    this.report.events = this.#builder.events;
    this.report.bytes = this.#cpus.reduce((sum, { report }) => sum + report.bytes, 0);
    this.report.clock ??= this.#cpus.find(({ report }) => report.clock)?.report.clock;
    return this.#builder.seal();
  }
}
