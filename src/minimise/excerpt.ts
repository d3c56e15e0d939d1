/**
 * Part of a recording: some of its events, in order, with the losses between them. An excerpt of an excerpt shares its
 * texts and arguments, so that trying one costs only a few columns of numbers.
 */
import { points } from "../../events/index.js";
import { type Batch, type Loss, UNKNOWN_POINT } from "../log/batch.js";
import { BatchBuilder } from "../log/batch-builder.js";
import type { Tables } from "../log/tables.js";

export interface Excerpt {
  /** Its events, numbered from 1. */
  readonly batch: Batch;
  readonly tables: Tables;
  /** By index: the number of the event in the recording. */
  readonly numbers: readonly number[];
}

/** Takes events out of a recording's batches as they pass. */
export class ExcerptBuilder {
  readonly #builder: BatchBuilder;
  readonly #numbers: number[] = [];
  #losses: Loss[] = [];
  /** By CPU: the last loss since the event taken last. */
  readonly #pending = new Map<number, Loss>();
  #digits = 0;

  /** `events`: number of events that will be taken. */
  constructor(
    private readonly tables: Tables,
    events: number,
  ) {
    this.#builder = new BatchBuilder(tables.addresses, Math.max(1, events));
  }

  /** Takes the `wanted` events among the first `to` of a batch. */
  take(batch: Batch, wanted: (event: number) => boolean, to = batch.length): void {
    let loss = 0;
    for (let i = 0; i < to; i++) {
      for (; loss < batch.losses.length && batch.losses[loss]!.index <= i; loss++) this.#lost(batch.losses[loss]!);
      if (batch.point[i] !== UNKNOWN_POINT && wanted(batch.firstSeq + i)) this.#event(batch, i);
    }
    for (; loss < batch.losses.length; loss++) this.#lost(batch.losses[loss]!);
  }

  /** Moves the loss after those of other CPUs, to its position in the recording. */
  #lost(loss: Loss): void {
    this.#pending.delete(loss.cpu);
    this.#pending.set(loss.cpu, loss);
  }

  get excerpt(): Excerpt {
    return {
      batch: { ...this.#builder.seal(), losses: this.#losses, timeDigits: this.#digits },
      tables: this.tables,
      numbers: this.#numbers,
    };
  }

  #event(batch: Batch, i: number): void {
    const builder = this.#builder;
    // Losses before the first event of the excerpt do not matter.
    if (this.#numbers.length > 0)
      for (const loss of this.#pending.values()) this.#losses.push({ ...loss, index: builder.length });
    this.#pending.clear();
    this.#digits = Math.max(this.#digits, batch.timeDigits);
    builder.begin(
      batch.point[i]!,
      batch.task[i]!,
      batch.cpu[i]!,
      batch.context[i]!,
      batch.timeHigh[i]!,
      batch.timeLow[i]!,
      batch.line[i]!,
      batch.place[i]!,
    );
    const base = batch.argStart[i]!;
    for (const [k, arg] of points.points[batch.point[i]!]!.args.entries()) {
      if ((batch.fault[i]! & (1 << k)) !== 0) builder.pushFault();
      else if (arg.type === "string") builder.pushString(batch.strings[batch.low[base + k]!]!);
      else builder.pushNumber(batch.low[base + k]!, batch.high[base + k]!);
    }
    this.#numbers.push(batch.firstSeq + i);
  }
}

/** Returns the excerpt of the events at these ascending indices. */
export function part({ batch, tables, numbers }: Excerpt, indices: readonly number[]): Excerpt {
  const pick = <Column extends Uint16Array | Uint32Array | Uint8Array | Float64Array>(column: Column): Column => {
    const picked = new (column.constructor as new (length: number) => Column)(indices.length);
    for (let k = 0; k < indices.length; k++) picked[k] = column[indices[k]!]!;
    return picked;
  };
  return {
    batch: {
      ...batch,
      length: indices.length,
      point: pick(batch.point),
      task: pick(batch.task),
      cpu: pick(batch.cpu),
      context: pick(batch.context),
      timeHigh: pick(batch.timeHigh),
      timeLow: pick(batch.timeLow),
      line: pick(batch.line),
      place: pick(batch.place),
      argStart: pick(batch.argStart),
      fault: pick(batch.fault),
      losses: lossesBetween(batch.losses, indices),
    },
    tables,
    numbers: indices.map((i) => numbers[i]!),
  };
}

/** Keeps losses before the remaining events; of consecutive ones on a CPU, the last one suffices. */
function lossesBetween(losses: readonly Loss[], indices: readonly number[]): Loss[] {
  const kept: Loss[] = [];
  let next = 0;
  for (const loss of losses) {
    while (next < indices.length && indices[next]! < loss.index) next++;
    if (next === 0 || next === indices.length) continue;
    for (let k = kept.length - 1; k >= 0 && kept[k]!.index === next; k--)
      if (kept[k]!.cpu === loss.cpu) kept.splice(k, 1);
    kept.push({ ...loss, index: next });
  }
  return kept;
}
