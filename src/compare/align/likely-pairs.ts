/**
 * Selects the threads that may correspond when there are too many to try all pairs: those that share rare operations,
 * and among them those with nearby ranks. A few for each thread.
 */
import type { Profile } from "./profiles.js";

/** Number of rarest features of a thread that are considered, */
const RARE = 4;
/** and of candidates for each, to either side of the one at the same rank. */
const NEAR = 2;

/** Returns pairs of indexes of profiles, each once. `kinds`: all numbers of kinds are below. */
export function likelyPairs(
  before: readonly Profile[],
  after: readonly Profile[],
  kinds: number,
): [i: number, j: number][] {
  const names = new Map<string, number>();
  for (const { name } of [...before, ...after]) if (!names.has(name)) names.set(name, kinds + names.size);
  const featuresOf: FeaturesOf = ({ kinds: own, name }) => [...own, names.get(name)!];
  const a = new Postings(before, featuresOf, kinds + names.size);
  const b = new Postings(after, featuresOf, kinds + names.size);
  const found = new Set<number>();
  near(before, featuresOf, a, b, (i, j) => found.add(i * after.length + j));
  near(after, featuresOf, b, a, (j, i) => found.add(i * after.length + j));
  return [...found].map((pair) => [Math.floor(pair / after.length), pair % after.length]);
}

type FeaturesOf = (profile: Profile) => Iterable<number>;

/** By feature, the threads that have it. */
class Postings {
  /** The threads with feature f start at `#threads[#from[f]]`, in order. */
  readonly #from: Int32Array;
  readonly #threads: Int32Array;

  constructor(profiles: readonly Profile[], featuresOf: FeaturesOf, features: number) {
    const from = new Int32Array(features + 1);
    for (const profile of profiles) for (const f of featuresOf(profile)) from[f + 1]!++;
    for (let f = 0; f < features; f++) from[f + 1]! += from[f]!;
    this.#from = from;
    this.#threads = new Int32Array(from[features]!);
    const next = from.slice();
    profiles.forEach((profile, k) => {
      for (const f of featuresOf(profile)) this.#threads[next[f]!++] = k;
    });
  }

  count(feature: number): number {
    return this.#from[feature + 1]! - this.#from[feature]!;
  }

  /** Returns the thread at a rank among those with the feature. */
  at(feature: number, rank: number): number {
    return this.#threads[this.#from[feature]! + rank]!;
  }
}

function near(
  profiles: readonly Profile[],
  featuresOf: FeaturesOf,
  own: Postings,
  others: Postings,
  tell: (own: number, other: number) => void,
): void {
  /** By feature, the number of threads with it so far. */
  const came = new Map<number, number>();
  profiles.forEach((profile, k) => {
    const shared: { feature: number; rank: number; pairs: number }[] = [];
    for (const feature of featuresOf(profile)) {
      const rank = came.get(feature) ?? 0;
      came.set(feature, rank + 1);
      if (others.count(feature) > 0) shared.push({ feature, rank, pairs: own.count(feature) * others.count(feature) });
    }
    shared.sort((p, q) => p.pairs - q.pairs);
    for (const { feature, rank } of shared.slice(0, RARE)) {
      const count = others.count(feature);
      const middle = Math.floor((rank * count) / own.count(feature));
      for (let at = Math.max(0, middle - NEAR); at <= Math.min(count - 1, middle + NEAR); at++)
        tell(k, others.at(feature, at));
    }
  });
}
