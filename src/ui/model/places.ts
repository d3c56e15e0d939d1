/**
 * Places objects in a graph: a column for the kind, and in it the first place that was free when the object was first
 * seen. The object keeps that place for its life, and has it no matter how a moment is reached.
 */
import { Heap } from "../../base/heap.js";
import type { Lanes } from "../protocol.js";

/** Returns the place of each lane in its column, from 0; `columnOf` maps a kind to its column. */
export function placesOf(
  { length, kind, from, to }: Lanes,
  columnOf: (kind: number) => number = (k) => k,
): Uint32Array {
  const places = new Uint32Array(length);
  const order = Uint32Array.from({ length }, (_, k) => k).sort((a, b) => from[a]! - from[b]! || a - b);
  /** By column: the ends of objects and their places, as a heap of ends; and free places, the lowest first. */
  const columns = new Map<number, { readonly ends: Heap; readonly free: Heap; taken: number }>();
  for (const lane of order) {
    const of = columnOf(kind[lane]!);
    let column = columns.get(of);
    if (!column) columns.set(of, (column = { ends: new Heap(), free: new Heap(), taken: 0 }));
    while (column.ends.size > 0 && column.ends.least <= from[lane]!) column.free.push(column.ends.pop(), 0);
    const place = column.free.size > 0 ? column.free.popKey() : column.taken++;
    places[lane] = place;
    column.ends.push(to[lane] || Infinity, place);
  }
  return places;
}
