/**
 * The surface of a recording: which events and arguments it shows at all; and recordings reduced to less. Two
 * recordings can only be compared in what both could have shown: an operation that one never shows is absent, inlined,
 * or not probed.
 */
import { points } from "../../events/index.js";
import { type Batch, type TaskId, UNKNOWN_POINT } from "../log/batch.js";
import type { Recorded } from "../read/report.js";

export interface Surface {
  /** By point: the number of its events. */
  readonly events: Float64Array;
  /** By point: bit k is set if argument k could be read at least once. */
  readonly readable: Uint16Array;
  /** Number of events of tasks that never call into KVM and write no marks: the system around the workload. */
  readonly others: number;
}

/** Counts while a recording is read. */
export class SurfaceKeeper {
  readonly #events = new Float64Array(points.points.length);
  readonly #readable = new Uint16Array(points.points.length);
  /** By task: its events; and whether it belongs to the workload. */
  readonly #byTask: number[] = [];
  readonly #workload: boolean[] = [];

  add({ length, point, fault, task }: Batch): void {
    for (let i = 0; i < length; i++) {
      const id = point[i]!;
      this.#events[id]!++;
      this.#readable[id]! |= ~fault[i]!;
      // A callback runs in whatever task it interrupts.
      if (CALLBACK[id] === 1) continue;
      const of: TaskId = task[i]!;
      this.#byTask[of] = (this.#byTask[of] ?? 0) + 1;
      if (OF_WORKLOAD[id] === 1) this.#workload[of] = true;
    }
  }

  get surface(): Surface {
    const others = this.#byTask.reduce((sum, count, task) => (this.#workload[task] ? sum : sum + count), 0);
    return { events: this.#events, readable: this.#readable, others };
  }
}

/** By point: 1 if a task with such an event belongs to the workload. */
const OF_WORKLOAD = Uint8Array.from(points.points, (point) =>
  point && (point.operation.module !== undefined || point.operation.probe === "marker") ? 1 : 0,
);

const CALLBACK = Uint8Array.from(points.points, (point) => (point?.operation.context === "rcu" ? 1 : 0));

/** Points to ignore, and arguments of others (bit k: argument k). */
export interface Blindness {
  readonly points: ReadonlySet<number>;
  readonly arguments: ReadonlyMap<number, number>;
}

/**
 * Returns the recording as it would be without these probes; its events keep their numbers. The report is the
 * recording's own, and says of these probes what `kreel record` says of probes that a kernel refused.
 */
export function without(recording: Recorded, blindness: Blindness): Recorded {
  const { id, origin, tables, report } = recording;
  for (const point of blindness.points) report.remark("refused", points.points[point]!.event);
  return {
    id,
    origin,
    tables,
    report,
    ...(recording.fileOf ? { fileOf: (cpu: number) => recording.fileOf!(cpu) } : {}),
    close: () => recording.close(),
    async *batches(only) {
      for await (const batch of recording.batches(only)) yield less(batch, blindness);
    },
  };
}

function less(batch: Batch, { points: hidden, arguments: unreadable }: Blindness): Batch {
  const { length } = batch;
  const point = batch.point.slice();
  const fault = batch.fault.slice();
  const low = batch.low.slice();
  const high = batch.high.slice();
  for (let i = 0; i < length; i++) {
    const id = point[i]!;
    if (hidden.has(id)) {
      point[i] = UNKNOWN_POINT;
      continue;
    }
    const bits = unreadable.get(id) ?? 0;
    if (bits === 0) continue;
    fault[i]! |= bits;
    for (let k = 0; bits >> k !== 0; k++)
      if ((bits >> k) & 1) low[batch.argStart[i]! + k] = high[batch.argStart[i]! + k] = 0;
  }
  return { ...batch, point, fault, low, high };
}
