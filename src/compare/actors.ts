/**
 * Which thread of one run is which of the other. Names help where a program gives its threads names; where it is another
 * program, or all threads have one name, what they did tells, and then in which order they were started.
 */

interface Sequence<T> {
  /** The thread's own name, which several may have. */
  readonly name: string;
  readonly items: readonly T[];
}

/** What the same name counts for: it outweighs small differences in what was done, not a life of other deeds. */
const SAME_NAME = 0.25;

export function matchSequences<T>(before: readonly Sequence<T>[], after: readonly Sequence<T>[], keyOf: (item: T) => string): { readonly a: readonly T[]; readonly b: readonly T[] }[] {
  const candidates: { x: Sequence<T>; y: Sequence<T>; score: number; apart: number }[] = [];
  before.forEach((x, i) => {
    after.forEach((y, j) => {
      const likeness = common(x.items.map(keyOf), y.items.map(keyOf));
      const named = x.name === y.name;
      // Of several alike (a program's children), the first started is the first started.
      if (likeness > 0 || named) candidates.push({ x, y, score: likeness + (named ? SAME_NAME : 0), apart: Math.abs(i - j) });
    });
  });
  candidates.sort((p, q) => q.score - p.score || p.apart - q.apart);
  const matched: { a: readonly T[]; b: readonly T[] }[] = [];
  const left = new Set(before);
  const right = new Set(after);
  for (const { x, y } of candidates) {
    if (!left.has(x) || !right.has(y)) continue;
    left.delete(x);
    right.delete(y);
    matched.push({ a: x.items, b: y.items });
  }
  for (const x of left) matched.push({ a: x.items, b: [] });
  for (const y of right) matched.push({ a: [], b: y.items });
  return matched;
}

/** How much two sequences have in common, order aside: 0 nothing, 1 all. */
function common(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const key of a) counts.set(key, (counts.get(key) ?? 0) + 1);
  let shared = 0;
  for (const key of b) {
    const left = counts.get(key) ?? 0;
    if (left === 0) continue;
    counts.set(key, left - 1);
    shared++;
  }
  return (2 * shared) / (a.length + b.length);
}
