/**
 * Where objects stand in a graph: a column for its kind, and in it the first place that was free when the object was first
 * seen. It keeps that place for its life, whatever else comes and goes, and has the same one whichever way a moment is reached.
 */
import type { Lanes } from "../protocol.js";

/** Place by lane, from 0, in its column; `columnOf` says which that is of a kind. */
export function placesOf({ length, kind, from, to }: Lanes, columnOf: (kind: number) => number = (k) => k): Uint32Array {
  const places = new Uint32Array(length);
  const order = Uint32Array.from({ length }, (_, k) => k).sort((a, b) => from[a]! - from[b]! || a - b);
  /** By column: what has ended and where it stood, as a heap of ends; and places that are free again, the lowest first. */
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

/** The least key first. */
class Heap {
  readonly #entries: { readonly key: number; readonly value: number }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get least(): number {
    return this.#entries[0]!.key;
  }

  push(key: number, value: number): void {
    const entries = this.#entries;
    let at = entries.push({ key, value }) - 1;
    for (let up = (at - 1) >> 1; at > 0 && entries[up]!.key > key; at = up, up = (at - 1) >> 1) [entries[at], entries[up]] = [entries[up]!, entries[at]!];
  }

  /** The value of the least. */
  pop(): number {
    return this.#take().value;
  }

  popKey(): number {
    return this.#take().key;
  }

  #take(): { readonly key: number; readonly value: number } {
    const entries = this.#entries;
    const first = entries[0]!;
    const last = entries.pop()!;
    if (entries.length === 0) return first;
    entries[0] = last;
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      if (left >= entries.length) break;
      const least = left + 1 < entries.length && entries[left + 1]!.key < entries[left]!.key ? left + 1 : left;
      if (entries[least]!.key >= entries[at]!.key) break;
      [entries[at], entries[least]] = [entries[least]!, entries[at]!];
      at = least;
    }
    return first;
  }
}
