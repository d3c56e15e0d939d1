/** Columns that grow. */

type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

export class Column<T extends Numbers> {
  length = 0;
  #values: T;

  constructor(private readonly make: new (length: number) => T) {
    this.#values = new make(1024);
  }

  /** Returns the index. */
  push(value: number): number {
    if (this.length === this.#values.length) {
      const wider = new this.make(this.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length] = value;
    return this.length++;
  }

  get(k: number): number {
    return this.#values[k]!;
  }

  set(k: number, value: number): void {
    this.#values[k] = value;
  }

  /** Copies the values, optionally in another order. */
  values(order?: Uint32Array): T {
    const out = new this.make(this.length);
    if (order) for (let k = 0; k < order.length; k++) out[k] = this.#values[order[k]!]!;
    else out.set(this.#values.subarray(0, this.length));
    return out;
  }
}

/** Numbers texts from 0. */
export class Names {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) this.#numbers.set(name, (number = this.list.push(name) - 1));
    return number;
  }
}

/** Sorts indexes by group, in their own order within a group; `start` is where each group begins. */
export function grouped(
  group: (k: number) => number,
  length: number,
  groups: number,
): { readonly order: Uint32Array; readonly start: Uint32Array } {
  const start = new Uint32Array(groups + 1);
  for (let k = 0; k < length; k++) start[group(k) + 1]!++;
  for (let g = 0; g < groups; g++) start[g + 1]! += start[g]!;
  const next = start.slice();
  const order = new Uint32Array(length);
  for (let k = 0; k < length; k++) order[next[group(k)]!++] = k;
  return { order, start };
}
