/**
 * Reads trace.dat, the output of `trace-cmd record`, of version 6 and 7. Only the formats, the symbols, some pages of
 * each CPU and the batch that is being filled are held at any time.
 */
import type { PointTable } from "../../../events/points.js";
import { BATCH_EVENTS, BatchBuilder } from "../../log/batch-builder.js";
import type { Batch } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import { readFtrace } from "../ftrace/index.js";
import { isBefore, Merge } from "../merge.js";
import type { ReadReport } from "../report.js";
import type { Access } from "./access.js";
import { Comms } from "./comms.js";
import { Decoder } from "./decode.js";
import { latencyText } from "./latency.js";
import { openTraceDat, type OpenTraceDat } from "./open.js";
import { Places } from "./places.js";
import type { CpuEvents } from "./cpu-events.js";
import { clockOf, timeChange } from "./times.js";

export async function* readTraceDat(
  access: Access,
  file: string,
  points: PointTable,
  tables: Tables,
  report: ReadReport,
  batchEvents = BATCH_EVENTS,
): AsyncGenerator<Batch> {
  const open = openTraceDat(access, file, report);
  const { latency } = open.contents;
  if (latency) yield* readFtrace(latencyText(access, file, open.intro, latency), points, tables, report);
  else yield* new TraceDatReader(open, points, tables, report, batchEvents).batches();
}

/** The parts of a recording that are needed to read its events. */
export type Readable = Pick<OpenTraceDat, "contents" | "formats" | "common" | "cpus"> & {
  readonly intro: Pick<OpenTraceDat["intro"], "big">;
};

export class TraceDatReader {
  readonly #builder: BatchBuilder;
  readonly #decoder: Decoder;
  readonly #cpus: readonly CpuEvents[];
  readonly #merge: Merge<CpuEvents>;

  constructor(
    open: Readable,
    points: PointTable,
    tables: Tables,
    private readonly report: ReadReport,
    batchEvents = BATCH_EVENTS,
  ) {
    const { contents, formats, common, cpus, intro } = open;
    this.#builder = new BatchBuilder(tables.addresses, batchEvents);
    const places = new Places(contents.kallsyms, tables.places, report.warnings);
    const comms = new Comms(contents.cmdlines, tables.tasks);
    this.#decoder = new Decoder(
      formats,
      common,
      points,
      !intro.big,
      this.#builder,
      tables,
      comms,
      places,
      report,
      timeChange(contents),
    );
    this.#cpus = cpus;
    this.#merge = new Merge(cpus, (cpu) => cpu.next());
    report.clock = clockOf(contents);
    this.#builder.timeDigits = report.clock.digits;
    report.overrun = contents.stats.reduce((sum, { overrun, dropped }) => sum + overrun + dropped, 0);
    const clocks = new Set(contents.buffers.flatMap(({ clock }) => clock ?? []));
    if (clocks.size > 1)
      report.warnings.push(
        `its buffers have clocks of their own (${[...clocks].join(", ")}), so that their events cannot be put in one order`,
      );
  }

  *batches(): Generator<Batch> {
    while (this.#run()) yield this.#seal();
    this.#end();
    if (!this.#builder.isEmpty) yield this.#seal();
  }

  #seal(): Batch {
    const batch = this.#builder.seal();
    this.report.events = this.#builder.events;
    this.report.bytes = this.#cpus.reduce((sum, { pages }) => sum + pages.consumed, 0);
    return batch;
  }

  /** Fills the batch; `false` if there are no more events. */
  #run(): boolean {
    const builder = this.#builder;
    const decoder = this.#decoder;
    const merge = this.#merge;
    for (let cpu = merge.first; cpu !== undefined; cpu = merge.first) {
      const { second } = merge;
      for (;;) {
        if (builder.full) return true;
        if (cpu.missed !== 0) this.#missed(cpu);
        decoder.take(cpu);
        if (!cpu.next()) {
          this.report.sawCpu(cpu.cpu);
          merge.drop();
          break;
        }
        if (second !== undefined && isBefore(second, cpu)) {
          this.report.sawCpu(cpu.cpu);
          merge.moved();
          break;
        }
      }
    }
    return false;
  }

  /** Records the events that pages report missing, before the next event. */
  #missed(cpu: CpuEvents): void {
    const { report } = this;
    const count = Math.max(0, cpu.missed);
    cpu.missed = 0;
    this.#builder.loss(cpu.cpu, count, 0);
    report.lostLines += count;
    if (count === 0) report.uncountedLoss = true;
  }

  #end(): void {
    const { report } = this;
    let damaged = 0;
    for (const cpu of this.#merge.ended) {
      if (cpu.missed !== 0) this.#missed(cpu);
      damaged += cpu.damaged;
      const { trouble } = cpu.pages;
      if (trouble === undefined) continue;
      report.truncated = true;
      report.warnings.push(`events of CPU ${cpu.cpu} are missing: ${trouble}`);
    }
    if (damaged > 0)
      report.warnings.push(
        `${damaged} ${damaged === 1 ? "page is" : "pages are"} damaged; what could be read of them was`,
      );
  }
}
