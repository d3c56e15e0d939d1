/**
 * A function that two probes show (`gmem:` and `probe:`, two groups of one recorder, two recorders at once) has two
 * events for each call: twins, alike in every argument, with nothing of their task in between. Each call is one call.
 */
import type { Batch } from "../log/batch.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Stack } from "./calls.js";

/** Pairs that make a point doubled where one could be two calls: of an operation that can follow itself, alike. */
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
  /** By point: 1 where an event of it came without a twin, so that no other is one. */
  readonly settled: Uint8Array;
  readonly #doubled: Uint8Array;
  /**
   * By point: no two calls of it can look like twins, for it prints a count that each changes, or cannot call itself.
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
   * Takes in an event, which need not be one of a settled point on a stack whose last event waits for no twin. Returns
   * -1 where it is a call of its own, 0 where it is the second of a call that was reduced already, and where it shows
   * that what was made of twins so far was wrong, the event since which, plus one.
   */
  see(stack: Stack, point: Point, batch: Batch, index: number): number {
    const { id } = point;
    const { last } = stack;
    // What is done to NULL changes nothing, and is often done twice.
    const toNothing = point.args.length > 0 && point.args[0]!.type === "ptr" && batch.low[batch.argStart[index]!] === 0;
    if (toNothing && this.#doubled[id] === 0) return -1;
    if (last.point === id && alike(last.batch!, last.index, batch, index, point) && !recurses(stack, point)) {
      if (this.#doubled[id]) {
        last.point = 0;
        this.#pairs[id]!++;
        return 0;
      }
      // A third that is alike makes a run of calls of what looked like a pair.
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

  /** A point is doubled only now: its pairs before were taken for two calls each, since this event. */
  firstOf(point: Point): number {
    return this.#pairs[point.id] === PAIRS && !this.#conclusive[point.id] ? this.#first[point.id]! : 0;
  }

  /** Points whose only events are one pair, that may have been one call: the event of the first. */
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

/** The second return of a call that is open twice is no twin. */
function recurses(stack: Stack, point: Point): boolean {
  return point.phase === "return" && stack.find(point.operation.name) !== undefined;
}

/**
 * An entry of a call that has a return cannot be inside itself; a count that a put or a get changes differs at the
 * next.
 */
function conclusive({ operation, args }: Point): boolean {
  return operation.result !== undefined || args.some(({ unit }) => unit === "references");
}

/** Batches have their strings each. */
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
