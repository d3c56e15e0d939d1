/** Aligns two sequences: which elements correspond, in order, so that as much as possible does. */

export interface Pair {
  /** Index in each sequence; -1 where the element has no counterpart. */
  readonly a: number;
  readonly b: number;
}

/** Beyond this many cells what is alike at both ends is aligned first, and then by Myers' greedy algorithm what is still as large. */
const EXACT_CELLS = 1_000_000;

/**
 * The alignment with the highest total score, unless the sequences are very long; `score` of two elements that cannot
 * correspond is 0. Elements without a counterpart come before the next pair, those of `a` first.
 */
export function alignBest<T>(a: readonly T[], b: readonly T[], score: (x: T, y: T) => number): Pair[] {
  if (a.length * b.length <= EXACT_CELLS) return exact(a, b, score);
  const [head, tail] = common(a, b, (x, y) => score(x, y) > 0);
  const n = a.length - head - tail;
  const m = b.length - head - tail;
  const middle = n * m <= EXACT_CELLS ? exact(a.slice(head, head + n), b.slice(head, head + m), score) : alignEqual(a.slice(head, head + n), b.slice(head, head + m), (x, y) => score(x, y) > 0);
  return [
    ...Array.from({ length: head }, (_, i) => ({ a: i, b: i })),
    ...middle.map((p) => ({ a: p.a < 0 ? -1 : p.a + head, b: p.b < 0 ? -1 : p.b + head })),
    ...Array.from({ length: tail }, (_, i) => ({ a: a.length - tail + i, b: b.length - tail + i })),
  ];
}

/** A longest common subsequence, by Myers' algorithm: fast where the sequences are alike. */
export function alignEqual<T>(a: readonly T[], b: readonly T[], equal: (x: T, y: T) => boolean): Pair[] {
  const pairs: Pair[] = [];
  alignIndexes(a.length, b.length, (x, y) => equal(a[x]!, b[y]!), (x, y) => pairs.push({ a: x, b: y }));
  return pairs.reverse();
}

/** So many rounds of the search are kept whole, and of those before only the first of as many: the others are made again. */
const ROUNDS = 256;

/** The same of sequences that are not in memory: of their lengths, and whether two elements are equal. Pairs are told the last first. */
export function alignIndexes(n: number, m: number, equal: (x: number, y: number) => boolean, tell: (a: number, b: number) => void): void {
  const max = n + m;
  /** How far each diagonal reaches with `d` edits; whether that is to the end. Diagonal 0 stands at `middle`. */
  const search = (v: Int32Array, middle: number, d: number): boolean => {
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && v[middle + k - 1]! < v[middle + k + 1]!) ? v[middle + k + 1]! : v[middle + k - 1]! + 1;
      let y = x - k;
      while (x < n && y < m && equal(x, y)) {
        x++;
        y++;
      }
      v[middle + k] = x;
      if (x >= n && y >= m) return true;
    }
    return false;
  };
  // As wide as there were edits, not as the sequences are long.
  let middle = ROUNDS;
  let v = new Int32Array(2 * middle + 2);
  const firsts: Int32Array[] = [];
  let rounds: Int32Array[] = [];
  for (let d = 0; d <= max; d++) {
    if (d >= middle) {
      const wider = new Int32Array(4 * middle + 2);
      wider.set(v, middle);
      v = wider;
      middle *= 2;
    }
    const before = v.slice(middle - d, middle + d + 2);
    if (d % ROUNDS === 0) {
      rounds = [];
      firsts.push(before);
    }
    rounds.push(before);
    if (!search(v, middle, d)) continue;
    let at = firsts.length - 1;
    backtrack(
      d,
      n,
      m,
      (wanted) => {
        if (Math.floor(wanted / ROUNDS) < at) {
          const from = --at * ROUNDS;
          const centre = from + ROUNDS;
          const w = new Int32Array(2 * centre + 2);
          w.set(firsts[at]!, centre - from);
          rounds = [];
          for (let e = from; e < from + ROUNDS; e++) {
            rounds.push(w.slice(centre - e, centre + e + 2));
            search(w, centre, e);
          }
        }
        return rounds[wanted % ROUNDS]!;
      },
      tell,
    );
    return;
  }
}

/** `before`: how far each diagonal reached before the round; it is asked for one round after the other, the last first. */
function backtrack(d: number, n: number, m: number, before: (d: number) => Int32Array, tell: (a: number, b: number) => void): void {
  let x = n;
  let y = m;
  for (; d >= 0; d--) {
    const v = before(d);
    const at = (k: number): number => v[k + d]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = d === 0 ? 0 : at(previousK);
    const previousY = d === 0 ? 0 : previousX - previousK;
    while (x > previousX && y > previousY) tell(--x, --y);
    if (d > 0) {
      if (down) tell(-1, previousY);
      else tell(previousX, -1);
      x = previousX;
      y = previousY;
    }
  }
}

/** How many elements correspond at both ends. */
function common<T>(a: readonly T[], b: readonly T[], equal: (x: T, y: T) => boolean): [number, number] {
  const least = Math.min(a.length, b.length);
  let head = 0;
  while (head < least && equal(a[head]!, b[head]!)) head++;
  // Where one sequence is all of the other's head, trimming the tail too would pair an element twice.
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
