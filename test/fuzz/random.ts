/** Repeatable chance: every input is made from a seed and an index, and nothing else. */

const WARM_UP = 12;

/** sfc32: 128 bits of state, which begins with `seed` and `index`. */
export class Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  constructor(seed: number, index: number) {
    this.#a = seed >>> 0;
    this.#b = index >>> 0;
    for (let k = 0; k < WARM_UP; k++) this.word();
  }

  /** Returns 32 bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Returns a number from 0 to below `limit`; 0 if there is none. */
  below(limit: number): number {
    return limit <= 1 ? 0 : Math.floor((this.word() / 0x1_0000_0000) * limit);
  }

  /** Returns a number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Returns such a number, small ones more often than large ones. */
  small(least: number, most: number): number {
    return least + this.below(this.below(most - least + 1) + 1);
  }

  chance(probability: number): boolean {
    return this.word() < probability * 0x1_0000_0000;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let k = 0; k < length; k++) bytes[k] = this.word() & 0xff;
    return bytes;
  }
}

/** Picks one of several, each in proportion to its weight. */
export function weighted<T>(random: Random, items: readonly (readonly [weight: number, item: T])[]): T {
  let left = random.below(items.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, item] of items) {
    if (left < weight) return item;
    left -= weight;
  }
  throw new RangeError("nothing to choose from");
}
