import test from "ava";
import fc from "fast-check";
import { alignBest, alignEqual, alignIndexes, type Pair } from "../../../src/compare/align/align.js";

const RUNS = { numRuns: 300 };
const letters = fc.array(fc.constantFrom(..."abcd"), { maxLength: 24 });

/** Every element of both sequences once, in order. */
function isAlignment(pairs: readonly Pair[], n: number, m: number): boolean {
  const as = pairs.map((p) => p.a).filter((a) => a >= 0);
  const bs = pairs.map((p) => p.b).filter((b) => b >= 0);
  const counts = (found: readonly number[], length: number): boolean =>
    found.length === length && found.every((x, i) => x === i);
  return counts(as, n) && counts(bs, m) && pairs.every((p) => p.a >= 0 || p.b >= 0);
}

/** The highest score of any alignment, by the plainest recurrence there is. */
function highest(a: readonly string[], b: readonly string[], score: (x: string, y: string) => number): number {
  const best = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      best[i]![j] = Math.max(best[i - 1]![j]!, best[i]![j - 1]!, best[i - 1]![j - 1]! + score(a[i - 1]!, b[j - 1]!));
    }
  }
  return best[a.length]![b.length]!;
}

const itself = <T>(x: T): T => x;
const one = (x: string, y: string): number => (x === y ? 1 : 0);
const matched = (pairs: readonly Pair[]): Pair[] => pairs.filter((p) => p.a >= 0 && p.b >= 0);

test("alignEqual is an alignment of equal elements, and none is longer", (t) => {
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      const pairs = alignEqual(a, b, itself);
      const both = matched(pairs);
      return (
        isAlignment(pairs, a.length, b.length) &&
        both.every((p) => a[p.a] === b[p.b]) &&
        both.length === highest(a, b, one)
      );
    }),
    RUNS,
  );
  t.pass();
});

test("alignBest is an alignment with the highest score, and pairs nothing that cannot correspond", (t) => {
  const scores = fc.array(fc.nat({ max: 5 }), { minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(letters, letters, scores, (a, b, table) => {
      const score = (x: string, y: string): number => table["abcd".indexOf(x) * 4 + "abcd".indexOf(y)]!;
      const pairs = alignBest(a, b, score, itself);
      const both = matched(pairs).map((p) => score(a[p.a]!, b[p.b]!));
      return (
        isAlignment(pairs, a.length, b.length) &&
        both.every((s) => s > 0) &&
        both.reduce((x, y) => x + y, 0) === highest(a, b, score)
      );
    }),
    RUNS,
  );
  t.pass();
});

test("a sequence corresponds to itself element by element", (t) => {
  fc.assert(
    fc.property(letters, (a) => {
      const identity = a.map((_, i) => ({ a: i, b: i }));
      t.deepEqual(alignEqual(a, a, itself), identity);
      t.deepEqual(alignBest(a, a, one, itself), identity);
    }),
    { numRuns: 50 },
  );
});

test("where one side is empty nothing corresponds", (t) => {
  for (const align of [
    (a: string[], b: string[]) => alignEqual(a, b, itself),
    (a: string[], b: string[]) => alignBest(a, b, one, itself),
  ]) {
    t.deepEqual(align([], []), []);
    t.deepEqual(align(["x"], []), [{ a: 0, b: -1 }]);
    t.deepEqual(align([], ["x", "y"]), [
      { a: -1, b: 0 },
      { a: -1, b: 1 },
    ]);
  }
});

test("what replaces another comes behind it, before the next pair", (t) => {
  t.deepEqual(alignBest(["a", "x", "b"], ["a", "y", "b"], one, itself), [
    { a: 0, b: 0 },
    { a: 1, b: -1 },
    { a: -1, b: 1 },
    { a: 2, b: 2 },
  ]);
});

test("long sequences that differ little are aligned, by their ends and greedily between", (t) => {
  const a = Array.from({ length: 3000 }, (_, i) => `${i}`);
  const b = a.filter((_, i) => i % 500 !== 7);
  b.splice(1000, 0, "new");
  const pairs = alignBest(a, b, one, itself);
  t.true(isAlignment(pairs, a.length, b.length));
  t.is(matched(pairs).length, b.length - 1);
});

test("sequences of which thousands of elements differ: a longest common subsequence still", (t) => {
  // One third of 0, 1, 2, … is missing on one side, another third on the other.
  const all = Array.from({ length: 3000 }, (_, k) => k);
  const a = all.filter((k) => k % 3 !== 0);
  const b = all.filter((k) => k % 3 !== 1);
  const pairs = alignEqual(a, b, itself);
  const both = pairs.filter((p) => p.a >= 0 && p.b >= 0);
  t.true(both.every((p) => a[p.a] === b[p.b]));
  t.is(both.length, 1000, "those that both have");
  t.deepEqual(
    pairs.filter((p) => p.a >= 0).map((p) => p.a),
    a.map((_, k) => k),
  );
  t.deepEqual(
    pairs.filter((p) => p.b >= 0).map((p) => p.b),
    b.map((_, k) => k),
  );
});

/** Limits so small that short sequences are handled like long ones. */
const LITTLE = { steps: 4, atOnce: 16 };

test("beyond the limit of the search: an alignment of equal elements still, at least a quarter of the most that there is, and the same each time", (t) => {
  fc.assert(
    fc.property(letters, letters, fc.constantFrom(LITTLE, { steps: 4, atOnce: 64 }), (a, b, limits) => {
      const pairs = alignEqual(a, b, itself, limits);
      const both = matched(pairs);
      t.deepEqual(alignEqual(a, b, itself, limits), pairs);
      return (
        isAlignment(pairs, a.length, b.length) &&
        both.every((p) => a[p.a] === b[p.b]) &&
        (limits === LITTLE || 4 * both.length >= highest(a, b, one))
      );
    }),
    // An element that is there once, and moved from one end to the other, keeps nothing apart.
    {
      ...RUNS,
      examples: ["badcc dbadcb", "bacbcd dbacbc", "dbaccba cbcabcbcbd"].map((pair) => {
        const [a, b] = pair.split(" ").map((word) => [...word]);
        return [a!, b!, { steps: 4, atOnce: 64 }];
      }),
    },
  );
  t.pass();
});

test("beyond the limit of the search: a sequence corresponds to itself, and to itself with others put in", (t) => {
  const limits = { steps: 4, atOnce: 64 };
  fc.assert(
    fc.property(
      fc.array(fc.nat(30), { maxLength: 40 }),
      fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 100, max: 110 })), { maxLength: 20 }),
      (a, put) => {
        const b = [...a];
        for (const [at, other] of put) b.splice(Math.min(at, b.length), 0, other);
        t.deepEqual(
          alignEqual(a, a, itself, limits),
          a.map((_, i) => ({ a: i, b: i })),
        );
        t.is(matched(alignEqual(a, b, itself, limits)).length, a.length);
      },
    ),
    RUNS,
  );
});

test("long sequences are aligned a part at a time: what is put in on one side does not set them apart", (t) => {
  const a = Array.from({ length: 1000 }, (_, k) => k);
  const b = a.flatMap((k) => (k % 100 === 50 ? [k, ...Array.from({ length: 20 }, (_, n) => -k * 20 - n - 1)] : [k]));
  const pairs = alignEqual(a, b, itself, { steps: 30, atOnce: 64 });
  t.true(isAlignment(pairs, a.length, b.length));
  t.is(matched(pairs).length, a.length);
});

test("what corresponds to nothing has no key", (t) => {
  t.is(matched(alignEqual(["x", "y"], ["y", "x"], () => undefined)).length, 0);
  t.is(matched(alignEqual(["x", "y"], ["y", "x"], () => undefined, LITTLE)).length, 0);
});

/** Counts the keys that aligning two sequences of this length asks for. */
function looks(length: number, make: (side: number, k: number) => string): number {
  let count = 0;
  const side =
    (n: number) =>
    (k: number): string => {
      count++;
      return make(n, k);
    };
  alignIndexes(length, length, side(0), side(1), () => {});
  return count;
}

test("of sequences that have little in common, work grows with their length and not with its square", (t) => {
  const unlike = (n: number, k: number): string => `${n} ${k}`;
  const everyThird = (n: number, k: number): string => (k % 3 === 0 ? `${k}` : `${n} ${k}`);
  const moved = (n: number, k: number): string => `${n === 0 ? k : (k * 7919) % 100_003}`;
  for (const make of [unlike, everyThird, moved]) {
    const [short, long] = [looks(10_000, make), looks(80_000, make)];
    t.true(long < 8.5 * short, `${short} looks, eight times as long: ${long}`);
  }
});
