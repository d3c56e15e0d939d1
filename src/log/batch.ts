/**
 * Events in columns. A batch is filled by one reader, sealed, and never changes again; everything downstream reads it
 * by index. Columns because a recording has millions of events and an object each would cost more than all the work on
 * them.
 *
 * Values are exact: a 64-bit argument is two 32-bit words, a time is a pair (base 10^9), an address is an interned
 * identity.
 */

/** Number of an address in the log's address table. */
export type { AddressId } from "../../events/definition.js";
/** Number of a task (comm and pid) in the log's task table. */
export type TaskId = number;

/** Where an event's task was interrupted: bits of `Batch.context`. */
export const CONTEXT_HARDIRQ = 1;
export const CONTEXT_SOFTIRQ = 2;
export const CONTEXT_NMI = 4;
/** The recording does not say (no flag column). */
export const CONTEXT_UNKNOWN = 8;

/** A CPU that no event runs on: of losses that could be on any. */
export const ANY_CPU = 0xffff;

/** Events that the recording itself says are missing, on one CPU, before the event at `index` of the batch. */
export interface Loss {
  readonly index: number;
  readonly cpu: number;
  /** How many; 0 when the recording says only that there were some. */
  readonly count: number;
  readonly line: number;
}

/** Events in columns, sealed: an index is the same event in each column. It never changes. */
export interface Batch {
  /** Sequence number of the event at index 0; events are numbered from 1. */
  readonly firstSeq: number;
  readonly length: number;
  /** Index into the catalogue's points (an entry or a return of an operation), or `UNKNOWN_POINT`. */
  readonly point: Uint16Array;
  readonly task: Uint32Array;
  readonly cpu: Uint16Array;
  readonly context: Uint8Array;
  /** Time is `timeHigh * 10^9 + timeLow`: nanoseconds of a clock in seconds, or ticks of a counter. */
  readonly timeHigh: Float64Array;
  readonly timeLow: Uint32Array;
  /** Line of the file, from 1; 0 where the format has no lines. */
  readonly line: Float64Array;
  /** Index into the log's places: the text between the parentheses. 0 where there is none. */
  readonly place: Uint32Array;
  /** Where the event's arguments start in `low`, `high`; as many as its point has. */
  readonly argStart: Uint32Array;
  /** Low and high word of each argument. A pointer: identity in `low`. A string: index into `strings`. */
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** Bit k: argument k was not readable, `(fault)` or absent. Its words are 0. */
  readonly fault: Uint16Array;
  readonly strings: readonly string[];
  /** By index: name and text of an event whose operation is not in the catalogue. */
  readonly unknown: ReadonlyMap<number, { readonly name: string; readonly text: string }>;
  readonly losses: readonly Loss[];
  /** Digits behind the point in this batch's timestamps; 0 for a counter clock. */
  readonly timeDigits: number;
}

/** The point of an event whose operation is not in the catalogue. */
export const UNKNOWN_POINT = 0;

/** The latest time among its events, as `timeHigh * 10^9 + timeLow`; 0 where it has none. */
export function latestTime(batch: Batch): { readonly timeHigh: number; readonly timeLow: number } {
  const { timeHigh, timeLow, length } = batch;
  let high = 0;
  let low = 0;
  for (let i = 0; i < length; i++) {
    if (timeHigh[i]! > high || (timeHigh[i] === high && timeLow[i]! > low)) [high, low] = [timeHigh[i]!, timeLow[i]!];
  }
  return { timeHigh: high, timeLow: low };
}
