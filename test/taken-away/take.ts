/**
 * Takes a part of a recording away that real recordings may lack: an argument that was not probed, a return that the
 * kernel missed, probes that were not set, the events of one task or of one CPU, a gap.
 */
import type { Point } from "../../events/points.js";
import { points } from "../../events/index.js";
import { Checker } from "../../src/check/checker.js";
import type { Batch, Loss } from "../../src/log/batch.js";
import { Reducer } from "../../src/reduce/reducer.js";
import { MutableStore } from "../../src/reduce/store.js";
import type { Finding } from "../../src/check/finding.js";
import type { Read } from "../support/recordings.js";

/** A part of a recording to take away: events, arguments of events, and whether the recording states a loss. */
export interface Taking {
  readonly what: string;
  /** True if event `i` of the batch is taken. */
  readonly gone?: (batch: Batch, i: number) => boolean;
  /** Arguments of a point that are taken: bits of `Batch.fault`. */
  readonly arguments?: ReadonlyMap<number, number>;
  /** The recording states a loss where events are taken. */
  readonly remarked?: boolean;
}

export function take({ batches, tables }: Read, { gone, arguments: args, remarked }: Taking): Read {
  let next = 1;
  const less = batches.map((batch): Batch => {
    const rows: number[] = [];
    const losses: Loss[] = [...(gone ? [] : batch.losses)];
    for (let i = 0; i < batch.length; i++) {
      if (!gone?.(batch, i)) rows.push(i);
      else if (remarked) losses.push({ index: rows.length, cpu: batch.cpu[i]!, count: 1, line: 0 });
    }
    type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;
    const column = <C extends Column>(values: C): C => {
      const part = new (values.constructor as new (length: number) => C)(rows.length);
      for (let k = 0; k < rows.length; k++) part[k] = values[rows[k]!]!;
      return part;
    };
    const fault = column(batch.fault);
    const point = column(batch.point);
    if (args) for (let k = 0; k < rows.length; k++) fault[k]! |= args.get(point[k]!) ?? 0;
    const unknown = new Map(rows.flatMap((i, k) => (batch.unknown.has(i) ? [[k, batch.unknown.get(i)!]] : [])));
    const firstSeq = next;
    next += rows.length;
    return {
      ...batch,
      ...(args ? withoutValues(batch, args) : {}),
      point,
      task: column(batch.task),
      cpu: column(batch.cpu),
      context: column(batch.context),
      timeHigh: column(batch.timeHigh),
      timeLow: column(batch.timeLow),
      line: column(batch.line),
      place: column(batch.place),
      argStart: column(batch.argStart),
      fault,
      firstSeq,
      length: rows.length,
      unknown,
      losses,
    };
  });
  return { batches: less, tables };
}

/** Sets the words of missing arguments to 0, as readers do. */
function withoutValues(batch: Batch, args: ReadonlyMap<number, number>): Pick<Batch, "low" | "high"> {
  const low = batch.low.slice();
  const high = batch.high.slice();
  for (let i = 0; i < batch.length; i++) {
    const bits = args.get(batch.point[i]!) ?? 0;
    for (let k = 0; bits >> k; k++) {
      if (!((bits >> k) & 1)) continue;
      low[batch.argStart[i]! + k] = 0;
      high[batch.argStart[i]! + k] = 0;
    }
  }
  return { low, high };
}

/** The verdicts on the rest. */
export function verdicts(
  { batches, tables }: Read,
  options: { readonly everything?: boolean } = {},
): { readonly findings: readonly Finding[]; readonly hazards: readonly Finding[]; readonly checker: Checker } {
  const reducer = new Reducer(new MutableStore(), points, tables, options);
  const checker = new Checker(reducer.world, tables);
  for (const batch of batches) reducer.reduce(batch);
  reducer.finish();
  return { findings: checker.findings, hazards: checker.hazards, checker };
}

/** The points of a recording's events. */
export function pointsOf({ batches }: Read): Point[] {
  const seen = new Set<number>();
  for (const batch of batches) for (let i = 0; i < batch.length; i++) seen.add(batch.point[i]!);
  return [...seen].sort((a, b) => a - b).flatMap((id) => points.points[id] ?? []);
}
