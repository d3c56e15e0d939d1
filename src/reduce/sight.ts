/**
 * Keeps which operations a recording shows. The absence of an operation is evidence only if the recording has shown
 * such operations, with the arguments that say what they are about, and nothing says that others can go unseen: a probe
 * that the kernel refused, hits that it missed, an event without its argument, an effect without its cause.
 */
import type { OperationName } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";

/** Reasons why the absence of a point's events proves nothing. */
export const BLINDED_BY = ["argument", "refused", "missed", "inlined"] as const;
export type BlindedBy = (typeof BLINDED_BY)[number];

export interface SavedSight {
  readonly seen: readonly { readonly point: number; readonly whole: boolean; readonly present: number }[];
  readonly blind: readonly { readonly point: number; readonly by: BlindedBy }[];
  readonly inside: readonly { readonly caller: number; readonly callee: number }[];
}

export class Sight {
  /** By point: 0 if no event of it has come, 1 if all that came lacked an argument, 2 if one had them all. */
  readonly seen: Uint8Array;
  /** By point: the arguments that some event of it had, as bits. */
  readonly #present: Uint16Array;
  readonly #blind = new Map<number, BlindedBy>();
  /** Callers inside of which a callee was seen, as `caller * points + callee`. */
  readonly #inside = new Set<number>();
  readonly #size: number;

  constructor(readonly points: PointTable) {
    this.#size = points.points.length;
    this.seen = new Uint8Array(this.#size);
    this.#present = new Uint16Array(this.#size);
  }

  /** Takes in an event of a point; `fault` has a bit for each argument that it lacks. Returns true for the first. */
  saw(point: Point, fault: number): boolean {
    const first = this.seen[point.id] === 0;
    this.#present[point.id]! |= ~fault & ((1 << point.args.length) - 1);
    this.seen[point.id] = Math.max(this.seen[point.id]!, fault === 0 ? 2 : 1);
    return first;
  }

  /** True if an event of this name had this argument, and nothing says that others may have gone unseen. */
  presents(event: string, argument: string): boolean {
    if (!this.shows(event)) return false;
    const point = this.points.byEvent(event)!;
    const k = point.args.findIndex(({ name }) => name === argument);
    return (this.#present[point.id]! & (1 << k)) !== 0;
  }

  /** True if an event of this name has come, and nothing says that others may have gone unseen. */
  shows(event: string): boolean {
    const point = this.points.byEvent(event);
    return point !== undefined && this.seen[point.id] !== 0 && (this.#blind.size === 0 || !this.#blind.has(point.id));
  }

  /**
   * True if entries of the operation are seen, or would have been: its probe is set together with that of another
   * operation, which was seen. The absence of an operation that is not seen proves nothing.
   */
  sees(operation: OperationName): boolean {
    const point = this.points.byEvent(operation);
    if (point === undefined || this.#blind.has(point.id)) return false;
    if (this.seen[point.id] !== 0) return this.#blind.size === 0 || !this.blindTo(`${operation}_ret`);
    return (point.operation.probedWith ?? []).some((other) => this.shows(other));
  }

  /** True if something says that events of this name can go unseen. */
  blindTo(event: string): boolean {
    const point = this.points.byEvent(event);
    return point !== undefined && this.#blind.has(point.id);
  }

  /** Records that from here on the absence of this point's events proves nothing. Returns true if that is new. */
  blind(point: Point, by: BlindedBy): boolean {
    if (this.#blind.has(point.id)) return false;
    this.#blind.set(point.id, by);
    return true;
  }

  /** Yields the blinded points in the order of their numbers, each with its first reason. */
  *blinded(): Generator<{ readonly point: Point; readonly by: BlindedBy }> {
    for (const [id, by] of [...this.#blind].sort(([a], [b]) => a - b)) yield { point: this.points.points[id]!, by };
  }

  /** Records that a callee was seen inside of a caller: it is a call of its own there, and not inlined. */
  sawInside(caller: string, callee: string): void {
    this.#inside.add(this.#pair(caller, callee));
  }

  /** True if a callee was ever seen inside of a caller. */
  showsInside(caller: string, callee: string): boolean {
    return this.#inside.has(this.#pair(caller, callee));
  }

  #pair(caller: string, callee: string): number {
    return this.points.byEvent(caller)!.id * this.#size + this.points.byEvent(callee)!.id;
  }

  saved(): SavedSight {
    return {
      seen: [...this.seen.keys()].flatMap((point) =>
        this.seen[point] === 0 ? [] : [{ point, whole: this.seen[point] === 2, present: this.#present[point]! }],
      ),
      blind: [...this.#blind].sort(([a], [b]) => a - b).map(([point, by]) => ({ point, by })),
      inside: [...this.#inside]
        .sort((a, b) => a - b)
        .map((pair) => ({ caller: Math.floor(pair / this.#size), callee: pair % this.#size })),
    };
  }

  restore({ seen, blind, inside }: SavedSight): void {
    for (const { point, whole, present } of seen) {
      this.seen[point] = whole ? 2 : 1;
      this.#present[point] = present;
    }
    for (const { point, by } of blind) this.#blind.set(point, by);
    for (const { caller, callee } of inside) this.#inside.add(caller * this.#size + callee);
  }
}
