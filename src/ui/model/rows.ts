/**
 * The rows of a timeline from top to bottom: tracks of tasks, then lanes of objects; with their heights and visibility.
 */
import { firstWhere } from "../../base/search.js";
import { grouped } from "../engine/columns.js";
import type { Holdings, Lanes, Survey } from "../protocol.js";
import type { Range } from "./axis.js";

export interface Row {
  readonly kind: "track" | "lane";
  /** Index of the track or of the lane. */
  readonly index: number;
  readonly top: number;
  readonly height: number;
}

export const TRACK_HEIGHT = 15;
/** Height of the life itself; each line of concurrent references adds to it. */
const LIFE_HEIGHT = 10;
/** Height of the name. */
const LABEL_HEIGHT = 15;
export const HOLDING_HEIGHT = 7;
/** Most references drawn beside each other; others share the last line. */
export const LINES = 4;

/**
 * References by the line of a lane on which they are drawn. Those of line n of a lane are `[start[k], start[k + 1])` of
 * `order`, with k = lane * LINES + n. Each ends before the next begins, except on the last line, which has all those in
 * excess.
 */
export interface HoldingLines {
  /** Number of lines by lane. */
  readonly lines: Uint8Array;
  readonly start: Uint32Array;
  readonly order: Uint32Array;
  /** By place in `order`: the latest end on its line so far; growing. */
  readonly reach: Float64Array;
}

export function holdingLines({ length }: Lanes, { start, from, to }: Holdings): HoldingLines {
  const lines = new Uint8Array(length);
  const group = new Uint32Array(from.length);
  const ends: number[] = [];
  for (let lane = 0; lane < length; lane++) {
    ends.length = 0;
    for (let k = start[lane]!; k < start[lane + 1]!; k++) {
      let at = ends.findIndex((end) => end <= from[k]!);
      if (at < 0) at = Math.min(ends.length, LINES - 1);
      ends[at] = Math.max(ends[at] ?? 0, to[k] || Infinity);
      group[k] = lane * LINES + at;
    }
    lines[lane] = ends.length;
  }
  const groups = grouped((k) => group[k]!, from.length, length * LINES);
  const reach = new Float64Array(from.length);
  for (let g = 0; g < length * LINES; g++) {
    let most = 0;
    for (let k = groups.start[g]!; k < groups.start[g + 1]!; k++)
      reach[k] = most = Math.max(most, to[groups.order[k]!] || Infinity);
  }
  return { lines, start: groups.start, order: groups.order, reach };
}

export interface Wanted {
  /** Restricts the rows to those with something in this part. */
  readonly within?: Range;
  /** Indexes into `KINDS` to leave out. */
  readonly hidden: ReadonlySet<number>;
}

/** Rows from top to bottom, in columns: there may be as many as objects. */
export interface Rows {
  readonly length: number;
  /** Number of tracks, which come first; the others are lanes. */
  readonly tracks: number;
  readonly index: Uint32Array;
  /** One more than rows: the last is the height of all. */
  readonly top: Float64Array;
}

/** Sorts lanes by kind; those of one kind keep their order. */
export function laneOrder({ length, kind }: Lanes): Uint32Array {
  const order = Uint32Array.from({ length }, (_, k) => k);
  return order.sort((a, b) => kind[a]! - kind[b]! || a - b);
}

export function rowsOf(survey: Survey, order: Uint32Array, { lines }: HoldingLines, { within, hidden }: Wanted): Rows {
  const most = survey.tracks.length + order.length;
  const index = new Uint32Array(most);
  const top = new Float64Array(most + 1);
  let length = 0;
  const add = (of: number, height: number): void => {
    index[length] = of;
    top[++length] = top[length - 1]! + height;
  };
  survey.tracks.forEach(({ start, end }, k) => {
    if (within) {
      const first = firstEnding(survey.calls.to, start, end, within.from);
      if (first >= end || survey.calls.from[first]! > within.to) return;
    }
    add(k, TRACK_HEIGHT);
  });
  const tracks = length;
  const { from, to, kind } = survey.lanes;
  for (const lane of order) {
    if (hidden.has(kind[lane]!)) continue;
    if (within && (from[lane]! > within.to || (to[lane]! !== 0 && to[lane]! < within.from))) continue;
    add(lane, Math.max(LABEL_HEIGHT, LIFE_HEIGHT + lines[lane]! * HOLDING_HEIGHT));
  }
  return { length, tracks, index: index.subarray(0, length), top: top.subarray(0, length + 1) };
}

/** The first of `[start, end)` that does not end before an event. Ends grow; 0 means no end. */
export function firstEnding(to: Float64Array, start: number, end: number, event: number): number {
  return firstWhere(start, end, (k) => to[k]! === 0 || to[k]! >= event);
}

export function heightOf({ length, top }: Rows): number {
  return top[length]!;
}

/** Returns the rows between two heights, partly visible ones included. */
export function visible({ length, tracks, index, top }: Rows, from: number, to: number): Row[] {
  const rows: Row[] = [];
  for (let k = firstWhere(0, length, (row) => top[row + 1]! > from); k < length && top[k]! < to; k++)
    rows.push({ kind: k < tracks ? "track" : "lane", index: index[k]!, top: top[k]!, height: top[k + 1]! - top[k]! });
  return rows;
}
