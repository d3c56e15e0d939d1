/** For each position in a stream, the next events of interest. */
import { points } from "../../events/index.js";
import type { Evidence, Stream } from "./evidence.js";

/** By position in the stream; one entry more than events. */
export interface Outlook {
  /** The next event that must be explained; -1: none. */
  readonly must: Int32Array;
  /** The next event that shows an error; -1: none. */
  readonly failure: Int32Array;
  /** The latest end of the operation from user space. */
  readonly end: Int32Array;
}

/** Most events of an operation if the program sets no marks. */
const OPERATION_EVENTS = 256;

export function outlookOf({ events, must: musts }: Stream, { tables, marked }: Evidence): Outlook {
  const must = new Int32Array(events.length + 1).fill(-1);
  const failure = new Int32Array(events.length + 1).fill(-1);
  const end = new Int32Array(events.length + 1).fill(events.length);
  for (let k = events.length - 1; k >= 0; k--) {
    const { batch, index } = events[k]!;
    const point = points.points[batch.point[index]!]!;
    const low = batch.low[batch.argStart[index]!]!;
    const mark = point.operation.probe === "marker" ? batch.strings[low]! : "";
    must[k] = musts[k] ? k : must[k + 1]!;
    failure[k] = (
      mark
        ? /^ret: .* = -/.test(mark)
        : point.phase === "return" && isError(point.args[0]?.failure, low, tables.addresses.isError(low))
    )
      ? k
      : failure[k + 1]!;
    end[k] = marked ? (mark.startsWith("op: ") ? k : end[k + 1]!) : Math.min(events.length, k + OPERATION_EVENTS);
  }
  return { must, failure, end };
}

/** True if a result's low word is an error, by the operation's way of reporting one. */
function isError(how: "errno" | "ERR_PTR" | "NULL" | "zero" | undefined, low: number, pointer: boolean): boolean {
  return how === "ERR_PTR" ? pointer : how === "errno" ? (low | 0) < 0 : how !== undefined && low === 0;
}
