/**
 * Pairs the threads of two runs. Names help if the program names its threads; if it is another program, or all threads
 * have one name, the operations decide, and then the order of starting.
 */
import { likelyPairs } from "./likely-pairs.js";
import { nearestPairs } from "./nearest-pairs.js";
import { fingerprint, likeness, type Profile, Profiles } from "./profiles.js";

export interface Sequence<T> {
  /** The thread's own name, which several may share. */
  readonly name: string;
  readonly items: Iterable<T>;
}

type ItemOf<S> = S extends Sequence<infer T> ? T : never;

/** Weight of a common name: more than small differences in the operations, less than a different life. */
const SAME_NAME = 0.25;
/** Up to this many pairs, every thread is tried with every other. */
const EACH_WITH_EACH = 1 << 16;
/** Beyond, a few candidates are tried for each thread, and again for the remaining ones, in so many rounds, */
const ROUNDS = 64;
/** with so many threads of each side at once. */
const AT_ONCE = 1 << 15;

/** Indexes of threads that correspond. */
interface Match {
  readonly i: number;
  readonly j: number;
  readonly score: number;
}

/** Returns pairs, then threads of `before` without a counterpart, then those of `after`. */
export function matchSequences<S extends Sequence<unknown>>(
  before: readonly S[],
  after: readonly S[],
  keyOf: (item: ItemOf<S>) => string,
  eachWithEach = EACH_WITH_EACH,
): { readonly a: S | undefined; readonly b: S | undefined }[] {
  const profiles = new Profiles();
  const profileOf = ({ name, items }: S): Profile => profiles.of(name, keysOf(items as Iterable<ItemOf<S>>, keyOf));
  const [x, y] = [before.map(profileOf), after.map(profileOf)];
  const left = new Set(x.keys());
  const right = new Set(y.keys());
  const matches: Match[] = [];
  const take = (match: Match): void => {
    if (!left.has(match.i) || !right.has(match.j)) return;
    left.delete(match.i);
    right.delete(match.j);
    matches.push(match);
  };
  twins(x, y).forEach(take);
  for (let round = 0; round < ROUNDS; round++) {
    const found = matches.length;
    const [is, js] = [[...left].slice(0, AT_ONCE), [...right].slice(0, AT_ONCE)];
    const few = is.length * js.length <= eachWithEach;
    const pairs = few
      ? is.flatMap((i) => js.map((j): [number, number] => [i, j]))
      : likelyPairs(
          is.map((i) => x[i]!),
          js.map((j) => y[j]!),
          profiles.kinds,
        ).map(([i, j]): [number, number] => [is[i]!, js[j]!]);
    pairs
      .map(([i, j]) => ({ i, j, score: scoreOf(x[i]!, y[j]!) }))
      .filter(({ score }) => score > 0)
      .sort(byScore)
      .forEach(take);
    if (few || matches.length === found) break;
  }
  return [
    ...matches.sort(byScore).map(({ i, j }) => ({ a: before[i], b: after[j] })),
    ...[...left].map((i) => ({ a: before[i], b: undefined })),
    ...[...right].map((j) => ({ a: undefined, b: after[j] })),
  ];
}

/** Pairs threads with one name and the same operations: no others are more alike. */
function twins(before: readonly Profile[], after: readonly Profile[]): Match[] {
  const alike = new Map<string, { readonly x: number[]; readonly y: number[] }>();
  const add = (profile: Profile, k: number, side: "x" | "y"): void => {
    const print = fingerprint(profile);
    const known = alike.get(print) ?? { x: [], y: [] };
    alike.set(print, known);
    known[side].push(k);
  };
  before.forEach((profile, k) => add(profile, k, "x"));
  after.forEach((profile, k) => add(profile, k, "y"));
  // Among several alike (a program's children), the order of starting decides.
  return [...alike.values()]
    .flatMap(({ x, y }) => nearestPairs(x, y))
    .map(([i, j]) => ({ i, j, score: 1 + SAME_NAME }));
}

function scoreOf(a: Profile, b: Profile): number {
  return likeness(a, b) + (a.name === b.name ? SAME_NAME : 0);
}

/** The most alike first; then those with the nearest places in the order of starting. */
function byScore(p: Match, q: Match): number {
  return q.score - p.score || Math.abs(p.i - p.j) - Math.abs(q.i - q.j) || p.i - q.i || p.j - q.j;
}

function* keysOf<T>(items: Iterable<T>, keyOf: (item: T) => string): Generator<string> {
  for (const item of items) yield keyOf(item);
}
