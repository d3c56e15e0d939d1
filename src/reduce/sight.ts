/**
 * What a recording shows of each operation. An operation whose absence is to mean something must have been seen in this
 * recording, with the arguments that say what it is about, and nothing may say that it can happen unseen: a probe that the
 * kernel refused, hits that it missed, an event without its argument, an effect without its cause.
 */
import type { OperationName } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";

/**
 * Quiet operations of kvm.ko that are called across source files, so that no compiler hides them: whoever probes one probes
 * the other, and only volume ever keeps a probe out of a recording.
 */
const PROBED_WITH: { readonly [operation: string]: readonly string[] } = {
  kvm_gmem_release: ["kvm_gmem_create"],
};

/** Why events of a point prove nothing by their absence. */
export const BLINDED_BY = ["argument", "refused", "missed", "inlined"] as const;
export type BlindedBy = (typeof BLINDED_BY)[number];

export interface SavedSight {
  /** Points. */
  readonly seen: readonly number[];
  readonly blind: readonly { readonly point: number; readonly by: BlindedBy }[];
  readonly inside: readonly { readonly caller: number; readonly callee: number }[];
}

export class Sight {
  /** By point: 1 where an event of it came, whatever it said. */
  readonly seen: Uint8Array;
  readonly #blind = new Map<number, BlindedBy>();
  /** Callers inside of which a callee was seen, as `caller * points + callee`. */
  readonly #inside = new Set<number>();
  readonly #size: number;

  constructor(readonly points: PointTable) {
    this.#size = points.points.length;
    this.seen = new Uint8Array(this.#size);
  }

  /** An event of this name has come, and nothing says that others may have come unseen. */
  shows(event: string): boolean {
    const point = this.points.byEvent(event);
    return point !== undefined && this.seen[point.id] === 1 && !this.#blind.has(point.id);
  }

  /**
   * Entries of the operation are seen, or would have been: its probe is set with that of another operation which was seen.
   * Absence of what is not seen proves nothing.
   */
  sees(operation: OperationName): boolean {
    if (this.shows(operation)) return !this.blindTo(`${operation}_ret`);
    const point = this.points.byEvent(operation);
    if (point === undefined || this.#blind.has(point.id)) return false;
    return (PROBED_WITH[operation] ?? []).some((other) => this.shows(other));
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

  saved(): SavedSight {
    return {
      seen: [...this.seen.keys()].filter((point) => this.seen[point] === 1),
      blind: [...this.#blind].sort(([a], [b]) => a - b).map(([point, by]) => ({ point, by })),
      inside: [...this.#inside].sort((a, b) => a - b).map((pair) => ({ caller: Math.floor(pair / this.#size), callee: pair % this.#size })),
    };
  }

  restore({ seen, blind, inside }: SavedSight): void {
    for (const point of seen) this.seen[point] = 1;
    for (const { point, by } of blind) this.#blind.set(point, by);
    for (const { caller, callee } of inside) this.#inside.add(caller * this.#size + callee);
  }
}
