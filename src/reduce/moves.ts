/**
 * Collects how the references on an object moved, from transitions, since the caller last asked.
 */
import type { KernelObject, ObjectId, Reference } from "./objects.js";
import type { Transition } from "./transitions.js";

/**
 * `before` is absent for a reference that was taken, `now` for one that was given back; with both it passed to another
 * owner.
 */
export interface Move {
  readonly before: Reference | undefined;
  readonly now: Reference | undefined;
}

const NONE: readonly Move[] = [];

export class Moves {
  readonly #of = new Map<ObjectId, { before: Reference | undefined; now: Reference | undefined }[]>();
  /** Objects that ended since `over` was last called. */
  #ended: ObjectId[] = [];

  changed({ id }: KernelObject, transition: Transition): void {
    switch (transition.type) {
      case "taken":
        return this.#move(id, undefined, transition.reference);
      case "given":
        if (transition.reference) this.#move(id, transition.reference, undefined);
        return;
      case "passed":
      case "left":
        return this.#move(id, transition.before, transition.reference);
      case "died":
        this.#ended.push(id);
        return;
      default:
      // No reference moved.
    }
  }

  #move(id: ObjectId, before: Reference | undefined, now: Reference | undefined): void {
    let moves = this.#of.get(id);
    if (!moves) this.#of.set(id, (moves = []));
    const earlier = before && moves.find((move) => move.now === before);
    if (!earlier) moves.push({ before, now });
    else earlier.now = now;
  }

  /** The moves since the last call; a reference that was both taken and given back since then is not among them. */
  of(id: ObjectId): readonly Move[] {
    const moves = this.#of.get(id);
    if (!moves) return NONE;
    this.#of.delete(id);
    return moves.filter(({ before, now }) => before !== undefined || now !== undefined);
  }

  /** Ends an event: the moves of objects that ended in it are not asked for any more. */
  over(): void {
    if (this.#ended.length === 0) return;
    for (const id of this.#ended) this.#of.delete(id);
    this.#ended = [];
  }
}
