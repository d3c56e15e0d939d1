/**
 * Where objects stand in a graph: a column for its kind, and in it the first place that was free when the object was
 * first seen. It keeps that place for its life, whatever else comes and goes, and has the same one whichever way a
 * moment is reached.
 */
import { Heap } from "../../base/heap.js";
import type { Lanes } from "../protocol.js";

/** Place by lane, from 0, in its column; `columnOf` says which that is of a kind. */
export function placesOf(
  { length, kind, from, to }: Lanes,
  columnOf: (kind: number) => number = (k) => k,
): Uint32Array {
  const places = new Uint32Array(length);
  const order = Uint32Array.from({ length }, (_, k) => k).sort((a, b) => from[a]! - from[b]! || a - b);
  /**
   * By column: what has ended and where it stood, as a heap of ends; and places that are free again, the lowest first.
   */
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
