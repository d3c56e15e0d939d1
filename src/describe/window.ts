/**
 * The latest entries by number, in two generations: when the younger is full, the older is dropped as a whole. Deleting
 * the oldest entry of one map, each time one is added, would have to step over all that were deleted before it.
 */
export class Window<T> {
  #young = new Map<number, T>();
  #old = new Map<number, T>();

  constructor(private readonly size: number) {}

  get(key: number): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: number, value: T): void {
    this.#young.set(key, value);
    if (this.#young.size < this.size) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
