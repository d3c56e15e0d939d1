/**
 * Pairs the outermost operations of two recordings: those of corresponding actors in their order, and releases by file.
 * Everything is in columns: there is one pair for each operation that user space made.
 */
import { Heap } from "../base/heap.js";
import { matchSequences } from "./align/actors.js";
import { alignIndexes } from "./align/align.js";
import { sameCall } from "./calls.js";
import type { History } from "./history.js";
import { appended, type Column, type Pages, Range } from "./paged.js";
import type { OutermostOperations } from "./outermost-operations.js";
import type { Unifier } from "./unify.js";

export interface StepPair {
  /** Numbers of outermost operations; -1: no counterpart. */
  readonly before: number;
  readonly after: number;
  /** Position among the pairs. */
  readonly order: number;
  /** True if the same step belongs to another operation of user space or to another thread. */
  readonly moved: boolean;
}

/** Corresponding steps of two actors, as operation number plus one (0: none); the last pair first. */
interface Aligned {
  readonly a: Range;
  readonly b: Range;
}

/** The pairs of all actors, one after the other. */
class Pairs {
  readonly #a: Column;
  readonly #b: Column;

  constructor(pages: Pages) {
    [this.#a, this.#b] = [pages.column("u32"), pages.column("u32")];
  }

  push(x: number, y: number): void {
    this.#a.push(x);
    this.#b.push(y);
  }

  /** Returns the pairs that `append` adds. */
  appended(append: () => void): Aligned {
    const from = this.#a.length;
    const b = appended(this.#b, append);
    return { a: new Range(this.#a, from, b.length), b };
  }
}

/** Most releases tried for one unknown file, so that not every one is tried with every other. */
const TRIED = 256;

/**
 * Yields pairs in the order of the recordings, while they are compared: by the time of the releases, the unifier knows
 * which file is which.
 */
export function* alignedSteps(before: History, after: History, unifier: Unifier, pages: Pages): Generator<StepPair> {
  const steps = new Steps(before, after, pages);
  yield* steps.inOrder();
  yield* steps.releases(unifier);
}

class Steps {
  readonly #aligned: Aligned[] = [];
  /** Input of the alignment, and its results. */
  readonly #rest: Column;
  readonly #found: Pairs;
  readonly #joined: Pairs;
  /** Releases in the order of the recordings. */
  readonly #releases: { readonly before: Column; readonly after: Column };
  /** By operation of `before`: that of `after` plus one. */
  readonly #partner: Column;
  /** By operation of `after`: the position of its pair. */
  readonly #order: Column;

  constructor(
    private readonly before: History,
    private readonly after: History,
    private readonly pages: Pages,
  ) {
    this.#releases = { before: pages.column("u32"), after: pages.column("u32") };
    this.#rest = pages.column("u32");
    this.#found = new Pairs(pages);
    this.#joined = new Pairs(pages);
    this.#partner = pages.column("u32");
    this.#order = pages.column("f64");
    const matched = matchSequences(sequencesOf(before), sequencesOf(after), (key) => key);
    // Keys are numbers in each history's own words.
    const sameKey = before.outermostOperations.words.in(after.outermostOperations.words);
    for (const { a, b } of matched) this.#align(a?.steps, b?.steps, sameKey);
    for (const side of ["before", "after"] as const) this.#sortReleases(side);
  }

  /** Yields corresponding steps of corresponding actors; releases are left out. */
  *inOrder(): Generator<StepPair> {
    const heads = new Heap();
    const at = this.#aligned.map(({ a }) => a.length);
    const orders = this.#aligned.map(() => 0);
    const advance = (n: number): void => {
      if (--at[n]! < 0) return;
      const step = this.#aligned[n]!.a.get(at[n]!) - 1;
      orders[n] = step >= 0 ? this.before.outermostOperations.seq(step) : orders[n]! + 1e-6;
      heads.push(orders[n]!, n);
    };
    this.#aligned.forEach((_, n) => advance(n));
    while (heads.size > 0) {
      const n = heads.pop();
      const { a, b } = this.#aligned[n]!;
      const [x, y] = [a.get(at[n]!) - 1, b.get(at[n]!) - 1];
      const order = orders[n]!;
      if (x >= 0) this.#partner.set(x, y + 1);
      if (y >= 0) this.#order.set(y, order);
      yield { before: x, after: y, order, moved: false };
      advance(n);
    }
  }

  /** Yields releases of corresponding files; those of unknown files in the order in which they happened. */
  *releases(unifier: Unifier): Generator<StepPair> {
    const { before, after } = this.#releases;
    const [p, q] = [this.before.outermostOperations, this.after.outermostOperations];
    /** By file of `after`: its last release plus one. */
    const byFile = this.pages.column("u32");
    /** By operation of `after`: 1 if it has a partner. */
    const taken = this.pages.column("u8");
    for (const step of after) byFile.set(q.file(step) ?? 0, step + 1);
    for (const step of before) {
      const file = p.file(step);
      const other = file === undefined ? undefined : unifier.counterpart(file);
      const partner = other === undefined ? 0 : byFile.get(other);
      if (partner > 0 && taken.get(partner - 1) === 0) this.#pair(step, partner - 1, taken);
    }
    const unknown = new Unpaired(this.after, after, taken);
    for (const step of before) {
      const file = p.file(step);
      if (file !== undefined && unifier.counterpart(file) !== undefined) continue;
      const node = this.before.trees.get(p.tree(step));
      const other = unknown.first(p.words.text(p.key(step)), (candidate) =>
        sameCall(node, this.after.trees.get(q.tree(candidate)), unifier),
      );
      if (other >= 0) this.#pair(step, other, taken);
    }
    for (const step of before) {
      const partner = this.#partner.get(step) - 1;
      yield {
        before: step,
        after: partner,
        order: p.seq(step),
        moved: partner >= 0 && this.#isMoved(step, partner),
      };
    }
    for (const step of after)
      if (taken.get(step) === 0)
        yield {
          before: -1,
          after: step,
          order: (q.previous(step) < 0 ? 0 : this.#order.get(q.previous(step))) + 1e-7,
          moved: false,
        };
  }

  #pair(x: number, y: number, taken: Column): void {
    this.#partner.set(x, y + 1);
    taken.set(y, 1);
  }

  /** True if the release no longer follows the same step and, if both are framed, is in another place. */
  #isMoved(x: number, y: number): boolean {
    const [p, q] = [this.before.outermostOperations, this.after.outermostOperations];
    const previous = p.previous(x);
    const stayed = (previous < 0 ? -1 : this.#partner.get(previous) - 1) === q.previous(y);
    return !stayed && (p.isFramed(x) && q.isFramed(y) ? p.where(x) !== q.where(y) : true);
  }

  #align(mine: Range | undefined, theirs: Range | undefined, sameKey: Int32Array): void {
    const [p, q] = [this.before.outermostOperations, this.after.outermostOperations];
    const a = this.#withoutReleases(mine, p, this.#releases.before);
    const b = this.#withoutReleases(theirs, q, this.#releases.after);
    const found = this.#found.appended(() =>
      alignIndexes(
        a.length,
        b.length,
        // A number in the words of `after`, like the other keys.
        (x) => sameKey[p.key(a.get(x))],
        (y) => q.key(b.get(y)),
        (x, y) => this.#found.push(x < 0 ? 0 : a.get(x) + 1, y < 0 ? 0 : b.get(y) + 1),
      ),
    );
    this.#aligned.push(this.#joined.appended(() => this.#join(found)));
  }

  #withoutReleases(steps: Range | undefined, outermostOperations: OutermostOperations, releases: Column): Range {
    return appended(this.#rest, () => {
      for (const step of steps ?? []) (outermostOperations.isRelease(step) ? releases : this.#rest).push(step);
    });
  }

  /**
   * Aligns gaps between corresponding steps by operation alone, so that a step whose file differs is still the same
   * step.
   */
  #join({ a, b }: Aligned): void {
    let from = 0;
    for (let k = 0; k < a.length; k++) {
      if (a.get(k) === 0 || b.get(k) === 0) continue;
      this.#joinGap({ a: a.part(from, k), b: b.part(from, k) });
      this.#joined.push(a.get(k), b.get(k));
      from = k + 1;
    }
    this.#joinGap({ a: a.part(from, a.length), b: b.part(from, b.length) });
  }

  #joinGap({ a, b }: Aligned): void {
    const gone = this.#present(a);
    const came = this.#present(b);
    if (gone.length === 0 || came.length === 0) {
      for (let k = 0; k < a.length; k++) this.#joined.push(a.get(k), b.get(k));
      return;
    }
    // A marker with other words is another step.
    const operationOf = (outermostOperations: OutermostOperations, step: number): string | undefined =>
      outermostOperations.isMarker(step) ? undefined : outermostOperations.operation(step);
    alignIndexes(
      gone.length,
      came.length,
      (x) => operationOf(this.before.outermostOperations, gone.get(x) - 1),
      (y) => operationOf(this.after.outermostOperations, came.get(y) - 1),
      (x, y) => this.#joined.push(x < 0 ? 0 : gone.get(x), y < 0 ? 0 : came.get(y)),
    );
  }

  /** The steps on one side of a gap, the first first. */
  #present(side: Range): Range {
    return appended(this.#rest, () => {
      for (let k = side.length - 1; k >= 0; k--) if (side.get(k) !== 0) this.#rest.push(side.get(k));
    });
  }

  /** Sorts releases; those of one actor are in order already. */
  #sortReleases(side: "before" | "after"): void {
    const { outermostOperations } = this[side];
    const column = this.#releases[side];
    let sorted = true;
    for (let k = 1; sorted && k < column.length; k++)
      sorted = outermostOperations.seq(column.get(k - 1)) < outermostOperations.seq(column.get(k));
    if (sorted) return;
    const all = Uint32Array.from(column);
    all.sort((x, y) => outermostOperations.seq(x) - outermostOperations.seq(y));
    all.forEach((step, k) => column.set(k, step));
  }
}

/** Releases of `after` without a partner, by key, in order. */
class Unpaired {
  #byKey: Map<string, number[]> | undefined;

  constructor(
    private readonly after: History,
    private readonly releases: Column,
    private readonly taken: Column,
  ) {}

  /** Takes the first of a key that is `wanted`; -1 if none of the first `TRIED` is. */
  first(key: string, wanted: (step: number) => boolean): number {
    const alike = (this.#byKey ??= this.#collect()).get(key);
    if (!alike) return -1;
    const at = alike.findIndex((step, k) => k < TRIED && wanted(step));
    return at < 0 ? -1 : alike.splice(at, 1)[0]!;
  }

  #collect(): Map<string, number[]> {
    const { outermostOperations } = this.after;
    const byKey = new Map<string, number[]>();
    for (const step of this.releases) {
      if (this.taken.get(step) !== 0) continue;
      const key = outermostOperations.words.text(outermostOperations.key(step));
      const alike = byKey.get(key);
      if (alike) alike.push(step);
      else byKey.set(key, [step]);
    }
    return byKey;
  }
}

function sequencesOf({
  actors,
  outermostOperations,
}: History): { readonly name: string; readonly items: Iterable<string>; readonly steps: Range }[] {
  return actors
    .filter(({ steps }) => steps.length > 0)
    .map(({ comm, steps }) => ({ name: comm, items: keysOf(steps, outermostOperations), steps }));
}

function* keysOf(steps: Range, outermostOperations: OutermostOperations): Generator<string> {
  for (const step of steps) yield outermostOperations.words.text(outermostOperations.key(step));
}
