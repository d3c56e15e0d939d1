/**
 * A function with two probes (`gmem:` and `probe:`, two groups of one recorder, two recorders at once) has two events
 * for each call: twins, alike in every argument, with no other event of their task in between. They are one call.
 */
import type { Batch } from "../log/batch.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Stack } from "./calls.js";

/** Pairs after which a point counts as doubled, where a pair could be two calls that follow each other, alike. */
const PAIRS = 3;

export interface SavedTwins {
  readonly points: readonly {
    readonly point: number;
    readonly first: number;
    readonly pairs: number;
    readonly settled: boolean;
    readonly doubled: boolean;
  }[];
}

export class Twins {
  readonly #first: Float64Array;
  readonly #pairs: Uint32Array;
  /** By point: 1 if an event of it came without a twin, so that none of its events is one. */
  readonly settled: Uint8Array;
  readonly #doubled: Uint8Array;
  /**
   * By point: true if no two calls of it can look like twins, as it prints a count that each changes, or cannot call
   * itself.
   */
  readonly #conclusive: readonly boolean[];

  constructor(points: PointTable) {
    const { length } = points.points;
    this.#first = new Float64Array(length);
    this.#pairs = new Uint32Array(length);
    this.settled = new Uint8Array(length);
    this.#doubled = new Uint8Array(length);
    this.#conclusive = points.points.map((point) => point !== undefined && conclusive(point));
  }

  /**
   * Takes in an event, unless its point is settled and no twin of the last event on its stack may follow. Returns -1 if
   * it is a call of its own; 0 if it is the twin of an event that was reduced already; and if it shows that events were
   * wrongly taken for twins, the first of those.
   */
  see(stack: Stack, point: Point, batch: Batch, index: number): number {
    const { id } = point;
    const { last } = stack;
    // A call on NULL changes nothing, and often comes twice.
    const toNothing = point.args.length > 0 && point.args[0]!.type === "ptr" && batch.low[batch.argStart[index]!] === 0;
    if (toNothing && this.#doubled[id] === 0) return -1;
    if (last.point === id && alike(last.batch!, last.index, batch, index, point) && !recurses(stack, point)) {
      if (this.#doubled[id]) {
        last.point = 0;
        this.#pairs[id]!++;
        return 0;
      }
      // A third event that is alike shows that what looked like a pair is a run of calls.
      this.#pairs[id]! += last.paired ? -1 : 1;
      last.paired = !last.paired;
      if (!last.paired) return -1;
      const { args } = point;
      const sure = this.#conclusive[id]! && args.every((_, k) => (batch.fault[index]! & (1 << k)) === 0);
      if (!sure && this.#pairs[id]! < PAIRS) return -1;
      last.point = 0;
      last.paired = false;
      this.#doubled[id] = 1;
      return 0;
    }
    let since = -1;
    if (last.point !== 0 && !last.paired) {
      this.settled[last.point] = 1;
      if (this.#doubled[last.point]) since = this.#first[last.point]!;
      this.#doubled[last.point] = 0;
    }
    last.point = 0;
    last.paired = false;
    if (this.settled[id] === 0) {
      last.point = id;
      last.batch = batch;
      last.index = index;
      if (this.#first[id] === 0) this.#first[id] = batch.firstSeq + index;
    }
    return since;
  }

  /** The event since which pairs of a point that is doubled only now were taken for two calls each; 0 if none were. */
  firstOf(point: Point): number {
    return this.#pairs[point.id] === PAIRS && !this.#conclusive[point.id] ? this.#first[point.id]! : 0;
  }

  /** Yields the first event of each point whose only events are pairs that may each have been one call. */
  *ambiguous(): Generator<number> {
    for (let id = 1; id < this.#pairs.length; id++) {
      if (this.#pairs[id]! > 0 && this.settled[id] === 0 && !this.#doubled[id]) yield this.#first[id]!;
    }
  }

  saved(): SavedTwins {
    const ids = [...this.#first.keys()].filter((id) => this.#first[id] !== 0);
    return {
      points: ids.map((id) => ({
        point: id,
        first: this.#first[id]!,
        pairs: this.#pairs[id]!,
        settled: this.settled[id] === 1,
        doubled: this.#doubled[id] === 1,
      })),
    };
  }

  restore({ points }: SavedTwins): void {
    for (const { point, first, pairs, settled, doubled } of points) {
      this.#first[point] = first;
      this.#pairs[point] = pairs;
      this.settled[point] = settled ? 1 : 0;
      this.#doubled[point] = doubled ? 1 : 0;
    }
  }
}

/** True for a return of a call that is open twice: the second return is no twin. */
function recurses(stack: Stack, point: Point): boolean {
  return point.phase === "return" && stack.find(point.operation.name) !== undefined;
}

/**
 * True if two events in a row that are alike must be twins: a call that has a return cannot be entered again before it,
 * and a count that a put or a get changes is another at the next.
 */
function conclusive({ operation, args }: Point): boolean {
  return operation.result !== undefined || args.some(({ unit }) => unit === "references");
}

/** True if two events have equal arguments. Strings are compared as texts: each batch has a table of its own. */
function alike(a: Batch, i: number, b: Batch, j: number, { args }: Point): boolean {
  if (a.fault[i] !== b.fault[j]) return false;
  const x = a.argStart[i]!;
  const y = b.argStart[j]!;
  for (let k = 0; k < args.length; k++) {
    if ((a.fault[i]! & (1 << k)) !== 0) continue;
    const [left, right] = [a.low[x + k]!, b.low[y + k]!];
    if (
      args[k]!.type === "string"
        ? a.strings[left] !== b.strings[right]
        : left !== right || a.high[x + k] !== b.high[y + k]
    )
      return false;
  }
  return true;
}
