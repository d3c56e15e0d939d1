/**
 * What a recording shows of each operation. An operation whose absence is to mean something must have been seen in this
 * recording, with the arguments that say what it is about, and nothing may say that it can happen unseen: a probe that
 * the kernel refused, hits that it missed, an event without its argument, an effect without its cause.
 */
import type { OperationName } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";

/** Why events of a point prove nothing by their absence. */
export const BLINDED_BY = ["argument", "refused", "missed", "inlined"] as const;
export type BlindedBy = (typeof BLINDED_BY)[number];

export interface SavedSight {
  readonly seen: readonly { readonly point: number; readonly whole: boolean; readonly present: number }[];
  readonly blind: readonly { readonly point: number; readonly by: BlindedBy }[];
  readonly inside: readonly { readonly caller: number; readonly callee: number }[];
}

export class Sight {
  /** By point: 0 where no event of it came, 1 where one came that lacked an argument, 2 where one had them all. */
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

  /** An event of a point came; `fault`: the arguments that it lacks. Returns whether it is the point's first. */
  saw(point: Point, fault: number): boolean {
    const first = this.seen[point.id] === 0;
    this.#present[point.id]! |= ~fault & ((1 << point.args.length) - 1);
    this.seen[point.id] = Math.max(this.seen[point.id]!, fault === 0 ? 2 : 1);
    return first;
  }

  /** An event of this name had this argument, and nothing says that others may have come unseen. */
  presents(event: string, argument: string): boolean {
    if (!this.shows(event)) return false;
    const point = this.points.byEvent(event)!;
    const k = point.args.findIndex(({ name }) => name === argument);
    return (this.#present[point.id]! & (1 << k)) !== 0;
  }

  /** An event of this name has come, and nothing says that others may have come unseen. */
  shows(event: string): boolean {
    const point = this.points.byEvent(event);
    return point !== undefined && this.seen[point.id] !== 0 && (this.#blind.size === 0 || !this.#blind.has(point.id));
  }

  /**
   * Entries of the operation are seen, or would have been: its probe is set with that of another operation which was
   * seen. Absence of what is not seen proves nothing.
   */
  sees(operation: OperationName): boolean {
    const point = this.points.byEvent(operation);
    if (point === undefined || this.#blind.has(point.id)) return false;
    if (this.seen[point.id] !== 0) return this.#blind.size === 0 || !this.blindTo(`${operation}_ret`);
    return (point.operation.probedWith ?? []).some((other) => this.shows(other));
  }

  /** Something says that events of this name can go unseen. */
  blindTo(event: string): boolean {
    const point = this.points.byEvent(event);
    return point !== undefined && this.#blind.has(point.id);
  }

  /** From here on, absence of this point's events proves nothing. Returns whether that is new. */
  blind(point: Point, by: BlindedBy): boolean {
    if (this.#blind.has(point.id)) return false;
    this.#blind.set(point.id, by);
    return true;
  }

  /** Points that are blinded, in their order. */
  *blinded(): Generator<{ readonly point: Point; readonly by: BlindedBy }> {
    for (const [id, by] of [...this.#blind].sort(([a], [b]) => a - b)) yield { point: this.points.points[id]!, by };
  }

  /** A callee was seen inside of a caller: there, too, it is a call of its own, and not inlined. */
  sawInside(caller: string, callee: string): void {
    this.#inside.add(this.#pair(caller, callee));
  }

  /** Whether a callee was ever seen inside of a caller. */
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
