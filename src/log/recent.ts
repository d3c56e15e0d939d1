/**
 * What was made of numbers lately: of the few thousand that come again and again everything is there, and of millions that come
 * once nothing stays.
 */
const SIZE = 4096;

export class Recent<T> {
  readonly #ids = new Int32Array(SIZE).fill(-1);
  readonly #values: (T | undefined)[] = [];

  get(id: number): T | undefined {
    const slot = id % SIZE;
    return this.#ids[slot] === id ? this.#values[slot] : undefined;
  }

  set(id: number, value: T): T {
    const slot = id % SIZE;
    this.#ids[slot] = id;
    this.#values[slot] = value;
    return value;
  }
}
