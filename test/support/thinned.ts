/** A recording with less in it: without some operations, and with lost events. */
import type { Batch, Loss } from "../../src/log/batch.js";
import type { Read } from "./recordings.js";

export interface Thinning {
  /** Points whose events are removed. */
  readonly hidden: ReadonlySet<number>;
  /** Runs of events that are removed; the recording reports them as lost. */
  readonly lost: readonly { readonly from: number; readonly count: number }[];
}

export function thinned({ batches, tables }: Read, { hidden, lost }: Thinning): Read {
  let next = 1;
  const thin = batches.map((batch): Batch => {
    const rows: number[] = [];
    const losses: Loss[] = [];
    for (let i = 0; i < batch.length; i++) {
      const seq = batch.firstSeq + i;
      const loss = lost.find(({ from, count }) => seq >= from && seq < from + count);
      if (loss) losses.push({ index: rows.length, cpu: batch.cpu[i]!, count: 1, line: 0 });
      else if (!hidden.has(batch.point[i]!)) rows.push(i);
    }
    const column = <Column extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(values: Column): Column =>
      (values.constructor as unknown as { from(values: number[]): Column }).from(rows.map((i) => values[i]!));
    const { point, task, cpu, context, timeHigh, timeLow, line, place, argStart, fault } = batch;
    const columns = {
      point: column(point),
      task: column(task),
      cpu: column(cpu),
      context: column(context),
      timeHigh: column(timeHigh),
      timeLow: column(timeLow),
      line: column(line),
      place: column(place),
      argStart: column(argStart),
      fault: column(fault),
    };
    const unknown = new Map(rows.flatMap((i, k) => (batch.unknown.has(i) ? [[k, batch.unknown.get(i)!]] : [])));
    const firstSeq = next;
    next += rows.length;
    return { ...batch, ...columns, firstSeq, length: rows.length, unknown, losses };
  });
  return { batches: thin, tables };
}
