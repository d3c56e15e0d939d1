/** Aligns two sequences: pairs as many elements as possible, in order. */
import { anchoredPartners } from "./anchors.js";
import { shortestEdits } from "./myers.js";

export interface Pair {
  /** Index in each sequence; -1 where the element has no counterpart. */
  readonly a: number;
  readonly b: number;
}

/**
 * Beyond this many cells, common heads and tails are paired first; a rest that is still as large is aligned by keys
 * alone.
 */
const EXACT_CELLS = 1_000_000;

/** Two elements correspond if their keys are equal; an element with the key `undefined` corresponds to none. */
export type Key = string | number | undefined;

/**
 * Returns the alignment with the highest total score, unless the sequences are very long; `score` of two elements that
 * cannot correspond is 0, and those whose keys are equal can. Elements without a counterpart come before the next pair,
 * those of `a` first.
 */
export function alignBest<T>(
  a: readonly T[],
  b: readonly T[],
  score: (x: T, y: T) => number,
  keyOf: (element: T) => Key,
): Pair[] {
  if (a.length * b.length <= EXACT_CELLS) return exact(a, b, score);
  const [head, tail] = common(a, b, (x, y) => keyOf(x) === keyOf(y));
  const restA = a.slice(head, a.length - tail);
  const restB = b.slice(head, b.length - tail);
  const middle =
    restA.length * restB.length <= EXACT_CELLS ? exact(restA, restB, score) : alignEqual(restA, restB, keyOf);
  return [
    ...Array.from({ length: head }, (_, i) => ({ a: i, b: i })),
    ...middle.map((p) => ({ a: p.a < 0 ? -1 : p.a + head, b: p.b < 0 ? -1 : p.b + head })),
    ...Array.from({ length: tail }, (_, i) => ({ a: a.length - tail + i, b: b.length - tail + i })),
  ];
}

/** Most steps of the search for the fewest edits, whose time grows with their square. A thousand edits take half. */
const MOST_STEPS = 1 << 20;
/** Beyond `MOST_STEPS`, number of elements of each side that are aligned at once. */
const AT_ONCE = 1 << 18;

/** Tests make them small. */
export interface AlignLimits {
  readonly steps: number;
  readonly atOnce: number;
}

/** Returns a longest common subsequence if that takes no more than some thousand edits; else a long one. */
export function alignEqual<T>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (element: T) => Key,
  limits?: AlignLimits,
): Pair[] {
  const pairs: Pair[] = [];
  alignIndexes(
    a.length,
    b.length,
    (x) => keyOf(a[x]!),
    (y) => keyOf(b[y]!),
    (x, y) => pairs.push({ a: x, b: y }),
    limits,
  );
  return pairs.reverse();
}

/** Does the same for sequences that are not in memory, given their lengths and keys. Pairs are emitted last first. */
export function alignIndexes(
  n: number,
  m: number,
  keyOfA: (x: number) => Key,
  keyOfB: (y: number) => Key,
  tell: (a: number, b: number) => void,
  { steps, atOnce }: AlignLimits = { steps: MOST_STEPS, atOnce: AT_ONCE },
): void {
  const equal = (x: number, y: number): boolean => {
    const key = keyOfA(x);
    return key !== undefined && key === keyOfB(y);
  };
  if (shortestEdits(n, m, equal, steps, tell)) return;
  /** Emits the elements down to these without counterparts. */
  const alone = (fromA: number, fromB: number): void => {
    while (m > fromB) tell(-1, --m);
    while (n > fromA) tell(--n, -1);
  };
  while (n > 0 && m > 0) {
    const fromA = Math.max(0, n - atOnce);
    const fromB = Math.max(0, m - atOnce);
    const numbers = new Numbers();
    const a = Int32Array.from({ length: n - fromA }, (_, k) => numbers.of(keyOfA(fromA + k)));
    const b = Int32Array.from({ length: m - fromB }, (_, k) => numbers.of(keyOfB(fromB + k)));
    const partners = anchoredPartners(a, b, numbers.count, steps);
    const first = partners.findIndex((y) => y >= 0);
    // The next round starts at the first pair found, so that both sides stay abreast, unless that would be hardly
    // further.
    const goesOn = first >= 0 && a.length - first + (b.length - partners[first]!) >= atOnce;
    for (let x = a.length - 1; x >= 0; x--) {
      if (partners[x]! < 0) continue;
      alone(fromA + x + 1, fromB + partners[x]! + 1);
      tell(--n, --m);
    }
    if (!goesOn) alone(fromA, fromB);
  }
  alone(0, 0);
}

/** Numbers keys; each element that corresponds to nothing gets a number of its own. */
class Numbers {
  count = 0;
  readonly #numbers = new Map<Key, number>();

  of(key: Key): number {
    if (key === undefined) return this.count++;
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.count++));
    return number;
  }
}

/** Returns the lengths of the common head and tail. */
function common<T>(a: readonly T[], b: readonly T[], equal: (x: T, y: T) => boolean): [number, number] {
  const least = Math.min(a.length, b.length);
  let head = 0;
  while (head < least && equal(a[head]!, b[head]!)) head++;
  // If one sequence is all of the other's head, trimming the tail too would pair an element twice.
  let tail = 0;
  while (tail < least - head && equal(a[a.length - 1 - tail]!, b[b.length - 1 - tail]!)) tail++;
  return [head, tail];
}

function exact<T>(a: readonly T[], b: readonly T[], score: (x: T, y: T) => number): Pair[] {
  const width = b.length + 1;
  const best = new Float64Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const s = score(a[i]!, b[j]!);
      const skip = Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!);
      best[i * width + j] = s > 0 ? Math.max(skip, s + best[(i + 1) * width + j + 1]!) : skip;
    }
  }
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const here = best[i * width + j]!;
    const s = i < a.length && j < b.length ? score(a[i]!, b[j]!) : 0;
    if (s > 0 && here === s + best[(i + 1) * width + j + 1]!) pairs.push({ a: i++, b: j++ });
    else if (i < a.length && here === best[(i + 1) * width + j]!) pairs.push({ a: i++, b: -1 });
    else pairs.push({ a: -1, b: j++ });
  }
  return pairs;
}
