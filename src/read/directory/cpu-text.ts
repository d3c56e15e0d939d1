/** The text of one CPU, event by event, as an input of a merge. */
import type { PointTable } from "../../../events/points.js";
import type { Batch, Loss } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import type { ArgumentNames } from "../arguments/names.js";
import type { TextFormat } from "../formats.js";
import { readerOf } from "../readers.js";
import { ReadReport } from "../report.js";
import type { Source } from "../source.js";
import { readThrough } from "../stream-reader.js";
import { TroubleError } from "../../base/trouble.js";
import type { CpuFile } from "./layout.js";

export class CpuText {
  timeHigh = 0;
  timeLow = 0;
  batch!: Batch;
  index = -1;
  /** Losses after the last event that was taken, before the next or before the end. */
  readonly losses: Loss[] = [];
  /** True if any event was taken. */
  started = false;
  readonly report: ReadReport;
  readonly #batches: AsyncIterator<Batch>;
  #loss = 0;

  constructor(
    readonly file: CpuFile,
    readonly order: number,
    private readonly source: Source,
    private readonly format: TextFormat,
    points: PointTable,
    tables: Tables,
    batchEvents: number,
    names: ArgumentNames,
  ) {
    this.report = new ReadReport(file.path);
    this.#batches = readThrough(
      readerOf(format, { beginning: source.head, points, tables, report: this.report, batchEvents, names }),
      source,
    );
  }

  /** Goes to the next event in memory; `false` if `more` has to be called. */
  next(): boolean {
    const { batch } = this;
    if (batch === undefined) return false;
    const index = ++this.index;
    for (; this.#loss < batch.losses.length && batch.losses[this.#loss]!.index <= index; this.#loss++)
      this.losses.push(batch.losses[this.#loss]!);
    if (index >= batch.length) return false;
    this.timeHigh = batch.timeHigh[index]!;
    this.timeLow = batch.timeLow[index]!;
    // Other formats may lack the CPU; that of tracefs has it.
    if (this.format === "ftrace" && batch.cpu[index] !== this.file.cpu)
      throw new TroubleError(
        `an event of CPU ${batch.cpu[index]} in the file of CPU ${this.file.cpu}; where the files of several CPUs are put together, each holds its own`,
        this.file.path,
        batch.line[index],
      );
    return true;
  }

  /** Reads on, up to the next event; `false` at the end. */
  async more(): Promise<boolean> {
    for (;;) {
      const next = await this.#batches.next();
      if (next.done) return false;
      this.batch = next.value;
      this.index = -1;
      this.#loss = 0;
      if (this.next()) return true;
    }
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  /** Reports damage of the file itself, once it is read. */
  finish(): void {
    this.report.warnings.push(...this.source.warnings);
    if (this.source.truncated) this.report.truncated = true;
  }
}
