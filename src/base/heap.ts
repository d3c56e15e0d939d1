/** A priority queue of numbers. */

interface Entry {
  readonly key: number;
  readonly value: number;
}

const isBefore = (a: Entry, b: Entry): boolean => a.key < b.key || (a.key === b.key && a.value < b.value);

/** Holds values ordered by key; of equal keys, the least value is first. */
export class Heap {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get least(): number {
    return this.#entries[0]!.key;
  }

  push(key: number, value: number): void {
    const entries = this.#entries;
    const entry = { key, value };
    let at = entries.push(entry) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(entry, entries[up]!); at = up, up = (at - 1) >> 1)
      [entries[at], entries[up]] = [entries[up]!, entries[at]!];
  }

  /** Removes the entry with the least key and returns its value. */
  pop(): number {
    return this.#take().value;
  }

  popKey(): number {
    return this.#take().key;
  }

  #take(): Entry {
    const entries = this.#entries;
    const first = entries[0]!;
    const last = entries.pop()!;
    if (entries.length === 0) return first;
    entries[0] = last;
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      if (left >= entries.length) break;
      const least = left + 1 < entries.length && isBefore(entries[left + 1]!, entries[left]!) ? left + 1 : left;
      if (!isBefore(entries[least]!, entries[at]!)) break;
      [entries[at], entries[least]] = [entries[least]!, entries[at]!];
      at = least;
    }
    return first;
  }
}
