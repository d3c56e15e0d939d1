/** The operations of threads regardless of order, for comparing and looking up. */
import { createHash } from "node:crypto";

export interface Profile {
  readonly name: string;
  /** Numbers of its keys, rising, and how often each occurs. */
  readonly kinds: Int32Array;
  readonly counts: Int32Array;
  /** The sum of `counts`. */
  readonly all: number;
}

export class Profiles {
  readonly #kinds = new Map<string, number>();

  /** Number of all kinds. */
  get kinds(): number {
    return this.#kinds.size;
  }

  of(name: string, keys: Iterable<string>): Profile {
    const times = new Map<number, number>();
    let all = 0;
    for (const key of keys) {
      let kind = this.#kinds.get(key);
      if (kind === undefined) this.#kinds.set(key, (kind = this.#kinds.size));
      times.set(kind, (times.get(kind) ?? 0) + 1);
      all++;
    }
    const kinds = Int32Array.from(times.keys()).sort();
    return { name, kinds, counts: kinds.map((kind) => times.get(kind)!), all };
  }
}

/** Hashes a profile: equal for threads with one name and the same operations only. */
export function fingerprint({ name, kinds, counts }: Profile): string {
  return createHash("sha256").update(`${name.length} ${name}`).update(kinds).update(counts).digest("base64");
}

/**
 * Returns how much two threads have in common, regardless of order: 0 nothing, 1 all. Takes time by the shorter one.
 */
export function likeness(a: Profile, b: Profile): number {
  const [few, many] = a.kinds.length <= b.kinds.length ? [a, b] : [b, a];
  let shared = 0;
  let from = 0;
  few.kinds.forEach((kind, k) => {
    let to = many.kinds.length;
    while (from < to) {
      const half = (from + to) >> 1;
      if (many.kinds[half]! < kind) from = half + 1;
      else to = half;
    }
    if (many.kinds[from] === kind) shared += Math.min(few.counts[k]!, many.counts[from]!);
  });
  return (2 * shared) / (a.all + b.all);
}
