/**
 * Which thread of one run is which of the other. Names help where a program gives its threads names; where it is another
 * program, or all threads have one name, what they did tells, and then in which order they were started.
 */

export interface Sequence<T> {
  /** The thread's own name, which several may have. */
  readonly name: string;
  readonly items: Iterable<T>;
}

type ItemOf<S> = S extends Sequence<infer T> ? T : never;

/** What the same name counts for: it outweighs small differences in what was done, not a life of other deeds. */
const SAME_NAME = 0.25;

/** Those of `before` that have a counterpart, those that have none, and those of `after` that have none. */
export function matchSequences<S extends Sequence<unknown>>(before: readonly S[], after: readonly S[], keyOf: (item: ItemOf<S>) => string): { readonly a: S | undefined; readonly b: S | undefined }[] {
  const candidates: { x: S; y: S; score: number; apart: number }[] = [];
  const others = after.map(({ items }) => countsOf(items as Iterable<ItemOf<S>>, keyOf));
  before.forEach((x, i) => {
    const own = countsOf(x.items as Iterable<ItemOf<S>>, keyOf);
    after.forEach((y, j) => {
      const likeness = common(own, others[j]!);
      const named = x.name === y.name;
      // Of several alike (a program's children), the first started is the first started.
      if (likeness > 0 || named) candidates.push({ x, y, score: likeness + (named ? SAME_NAME : 0), apart: Math.abs(i - j) });
    });
  });
  candidates.sort((p, q) => q.score - p.score || p.apart - q.apart);
  const matched: { a: S | undefined; b: S | undefined }[] = [];
  const left = new Set(before);
  const right = new Set(after);
  for (const { x, y } of candidates) {
    if (!left.has(x) || !right.has(y)) continue;
    left.delete(x);
    right.delete(y);
    matched.push({ a: x, b: y });
  }
  for (const x of left) matched.push({ a: x, b: undefined });
  for (const y of right) matched.push({ a: undefined, b: y });
  return matched;
}

interface Counts {
  readonly byKey: ReadonlyMap<string, number>;
  readonly all: number;
}

function countsOf<T>(items: Iterable<T>, keyOf: (item: T) => string): Counts {
  const byKey = new Map<string, number>();
  let all = 0;
  for (const item of items) {
    const key = keyOf(item);
    byKey.set(key, (byKey.get(key) ?? 0) + 1);
    all++;
  }
  return { byKey, all };
}

/** How much two sequences have in common, order aside: 0 nothing, 1 all. */
function common(a: Counts, b: Counts): number {
  let shared = 0;
  for (const [key, count] of a.byKey) shared += Math.min(count, b.byKey.get(key) ?? 0);
  return (2 * shared) / (a.all + b.all);
}
