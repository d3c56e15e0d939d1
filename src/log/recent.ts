/**
 * A cache of values by number: it keeps all of the few thousand that repeat, and none of the millions that appear once.
 */
const SIZE = 4096;

export class Recent<T> {
  readonly #ids: Int32Array;
  readonly #values: (T | undefined)[] = [];

  constructor(private readonly size = SIZE) {
    this.#ids = new Int32Array(size).fill(-1);
  }

  get(id: number): T | undefined {
    const slot = id % this.size;
    return this.#ids[slot] === id ? this.#values[slot] : undefined;
  }

  set(id: number, value: T): T {
    const slot = id % this.size;
    this.#ids[slot] = id;
    this.#values[slot] = value;
    return value;
  }
}
