/**
 * Aligns two sequences that differ in much, in time that grows with their length: elements that occur once on both
 * sides are anchors (as in patience diff), and the fewest edits are searched for only between anchors. The result is in
 * order, but not always longest.
 */
import { firstWhere } from "../../base/search.js";
import { shortestEdits } from "./myers.js";

/** Levels to which ranges between anchors are searched for anchors of their own. */
const DEPTH = 8;

/**
 * Returns the partner in `b` of each element of `a`, or -1. Elements are numbers below `kinds`; between anchors, the
 * search for the fewest edits takes `most` steps.
 */
export function anchoredPartners(a: Int32Array, b: Int32Array, kinds: number, most: number): Int32Array {
  // Elements that the other side lacks can only be in the way.
  const x = keepCommon(a, b, kinds);
  const y = keepCommon(b, a, kinds);
  const found = new Anchoring(pick(a, x), pick(b, y), kinds, most).partners;
  const partners = new Int32Array(a.length).fill(-1);
  found.forEach((j, i) => {
    if (j >= 0) partners[x[i]!] = y[j]!;
  });
  return partners;
}

class Anchoring {
  readonly partners: Int32Array;
  /** By kind, within the current range: its number of elements, and its first unused one in `b` (-1: none). */
  readonly #timesA: Int32Array;
  readonly #timesB: Int32Array;
  readonly #first: Int32Array;
  /** By element of `b`: the next of its kind. */
  readonly #next: Int32Array;

  constructor(
    private readonly a: Int32Array,
    private readonly b: Int32Array,
    kinds: number,
    private readonly most: number,
  ) {
    this.partners = new Int32Array(a.length).fill(-1);
    this.#timesA = new Int32Array(kinds);
    this.#timesB = new Int32Array(kinds);
    this.#first = new Int32Array(kinds).fill(-1);
    this.#next = new Int32Array(b.length);
    this.#between(0, a.length, 0, b.length, DEPTH);
  }

  #between(fromA: number, toA: number, fromB: number, toB: number, depth: number): void {
    const { a, b, partners } = this;
    while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) partners[fromA++] = fromB++;
    while (fromA < toA && fromB < toB && a[toA - 1] === b[toB - 1]) partners[--toA] = --toB;
    if (fromA === toA || fromB === toB) return;
    const tell = (x: number, y: number): void => {
      if (x >= 0 && y >= 0) partners[fromA + x] = fromB + y;
    };
    if (shortestEdits(toA - fromA, toB - fromB, (x, y) => a[fromA + x] === b[fromB + y], this.most, tell)) return;
    const anchors = this.#anchors(fromA, toA, fromB, toB);
    let [x, y] = [fromA, fromB];
    for (const i of anchors) {
      const j = partners[i]!;
      if (depth > 0) this.#between(x, i, y, j, depth - 1);
      [x, y] = [i + 1, j + 1];
    }
    if (depth > 0 && anchors.length > 0) this.#between(x, toA, y, toB, depth - 1);
  }

  /**
   * Pairs anchors and returns their elements of `a` in order: those that occur once on both sides; if these keep too
   * much apart, also the first of each kind with the first, the second with the second, …
   */
  #anchors(fromA: number, toA: number, fromB: number, toB: number): number[] {
    const [a, b, timesA, timesB, first, next] = [this.a, this.b, this.#timesA, this.#timesB, this.#first, this.#next];
    for (let i = fromA; i < toA; i++) timesA[a[i]!]!++;
    for (let j = toB - 1; j >= fromB; j--) {
      timesB[b[j]!]!++;
      next[j] = first[b[j]!]!;
      first[b[j]!] = j;
    }
    let [x, y]: [number[], number[]] = [[], []];
    const collect = (wanted: (kind: number) => boolean): void => {
      for (let i = fromA; i < toA; i++) {
        const j = first[a[i]!]!;
        if (j < 0 || !wanted(a[i]!)) continue;
        x.push(i);
        y.push(j);
        first[a[i]!] = next[j]!;
      }
    };
    collect((kind) => timesA[kind] === 1 && timesB[kind] === 1);
    let rising = longestRising(y);
    // One anchor that moved far keeps all others apart.
    const lengths = [toA - fromA, toB - fromB] as const;
    const inReach = withAnchors(
      rising.map((k) => x[k]! - fromA),
      rising.map((k) => y[k]! - fromB),
      ...lengths,
    );
    if (x.length === 0 || 2 * inReach < Math.min(...lengths)) {
      collect(() => true);
      const order = Array.from(x.keys()).sort((k, l) => x[k]! - x[l]!);
      [x, y] = [order.map((k) => x[k]!), order.map((k) => y[k]!)];
      rising = longestRising(y);
    }
    for (let i = fromA; i < toA; i++) timesA[a[i]!] = 0;
    for (let j = fromB; j < toB; j++) {
      timesB[b[j]!] = 0;
      first[b[j]!] = -1;
    }
    return rising.map((k) => {
      this.partners[x[k]!] = y[k]!;
      return x[k]!;
    });
  }
}

/** Returns how many of the elements can correspond at most, once those at `x` and `y` do. */
function withAnchors(x: readonly number[], y: readonly number[], lengthA: number, lengthB: number): number {
  let most = x.length;
  for (let k = 0; k <= x.length; k++) {
    const [beforeA, beforeB] = k === 0 ? [-1, -1] : [x[k - 1]!, y[k - 1]!];
    const [nextA, nextB] = k === x.length ? [lengthA, lengthB] : [x[k]!, y[k]!];
    most += Math.min(nextA - beforeA - 1, nextB - beforeB - 1);
  }
  return most;
}

/** Returns the indexes of the longest rising sequence of the numbers, all different, by patience sorting. */
function longestRising(numbers: readonly number[]): number[] {
  /** The least end of a rising sequence of each length. */
  const ends: number[] = [];
  const previous = new Int32Array(numbers.length);
  numbers.forEach((number, k) => {
    const at = firstWhere(0, ends.length, (length) => numbers[ends[length]!]! >= number);
    previous[k] = at === 0 ? -1 : ends[at - 1]!;
    ends[at] = k;
  });
  const longest: number[] = [];
  for (let k = ends.at(-1) ?? -1; k >= 0; k = previous[k]!) longest.push(k);
  return longest.reverse();
}

/** Returns the indexes of elements in `own` that occur in `other`, too. */
function keepCommon(own: Int32Array, other: Int32Array, kinds: number): Int32Array {
  const there = new Uint8Array(kinds);
  for (const kind of other) there[kind] = 1;
  const kept = new Int32Array(own.length);
  let length = 0;
  own.forEach((kind, k) => {
    if (there[kind] === 1) kept[length++] = k;
  });
  return kept.subarray(0, length);
}

function pick(from: Int32Array, at: Int32Array): Int32Array {
  return at.map((k) => from[k]!);
}
