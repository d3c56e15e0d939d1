/** The rows of a timeline, from top to bottom: tracks of tasks, then lanes of objects; how high each is and which are to be seen. */
import type { Holdings, Lanes, Survey } from "../protocol.js";
import type { Range } from "./axis.js";

export interface Row {
  readonly kind: "track" | "lane";
  /** Of the track, or of the lane. */
  readonly index: number;
  readonly top: number;
  readonly height: number;
}

export const TRACK_HEIGHT = 15;
/** The life itself, and a line for each reference held at the same time as others. */
const LIFE_HEIGHT = 10;
/** What its name needs. */
const LABEL_HEIGHT = 15;
export const HOLDING_HEIGHT = 7;
/** References that are drawn beside each other at most; others share the last line. */
export const LINES = 4;

/** By lane, how many references it has at a time, at most `LINES`; and by reference, its line. */
export interface HoldingLines {
  readonly lines: Uint8Array;
  readonly line: Uint8Array;
}

export function holdingLines({ length }: Lanes, { start, from, to }: Holdings): HoldingLines {
  const lines = new Uint8Array(length);
  const line = new Uint8Array(from.length);
  const ends: number[] = [];
  for (let lane = 0; lane < length; lane++) {
    ends.length = 0;
    for (let k = start[lane]!; k < start[lane + 1]!; k++) {
      let at = ends.findIndex((end) => end <= from[k]!);
      if (at < 0) at = Math.min(ends.length, LINES - 1);
      ends[at] = Math.max(ends[at] ?? 0, to[k] || Infinity);
      line[k] = at;
    }
    lines[lane] = ends.length;
  }
  return { lines, line };
}

export interface Wanted {
  /** Only rows that have something in this part. */
  readonly within?: Range;
  /** Indexes into `KINDS` that are left out. */
  readonly hidden: ReadonlySet<number>;
}

/** Lanes by kind, those of one kind in the order in which they came. */
export function laneOrder({ length, kind }: Lanes): Uint32Array {
  const order = Uint32Array.from({ length }, (_, k) => k);
  return order.sort((a, b) => kind[a]! - kind[b]! || a - b);
}

export function rowsOf(survey: Survey, order: Uint32Array, { lines }: HoldingLines, { within, hidden }: Wanted): Row[] {
  const rows: Row[] = [];
  let top = 0;
  const add = (kind: Row["kind"], index: number, height: number): void => {
    rows.push({ kind, index, top, height });
    top += height;
  };
  survey.tracks.forEach(({ start, end }, k) => {
    const { from, to } = survey.calls;
    if (within && (firstEnding(to, start, end, within.from) >= end || from[firstEnding(to, start, end, within.from)]! > within.to)) return;
    add("track", k, TRACK_HEIGHT);
  });
  const { from, to, kind } = survey.lanes;
  for (const lane of order) {
    if (hidden.has(kind[lane]!)) continue;
    if (within && (from[lane]! > within.to || (to[lane]! !== 0 && to[lane]! < within.from))) continue;
    add("lane", lane, Math.max(LABEL_HEIGHT, LIFE_HEIGHT + lines[lane]! * HOLDING_HEIGHT));
  }
  return rows;
}

/** The first of `[start, end)` that does not end before an event. Ends grow; 0 stands for no end. */
export function firstEnding(to: Float64Array, start: number, end: number, event: number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (to[middle]! === 0 || to[middle]! >= event) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function heightOf(rows: readonly Row[]): number {
  const last = rows.at(-1);
  return last ? last.top + last.height : 0;
}

/** Those between two heights, one more on each side. */
export function visible(rows: readonly Row[], top: number, bottom: number): readonly Row[] {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.top + rows[middle]!.height <= top) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < rows.length && rows[end]!.top < bottom) end++;
  return rows.slice(low, end);
}
