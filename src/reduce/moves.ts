/**
 * What became of the references on an object since it was last looked at: by transitions, whatever happened in between.
 */
import type { KernelObject, ObjectId, Reference } from "./objects.js";
import type { Transition } from "./transitions.js";

/**
 * `before` is absent of a reference that was taken, `now` of one that was given back; with both it passed to another
 * owner.
 */
export interface Move {
  readonly before: Reference | undefined;
  readonly now: Reference | undefined;
}

const NONE: readonly Move[] = [];

export class Moves {
  readonly #of = new Map<ObjectId, { before: Reference | undefined; now: Reference | undefined }[]>();
  /** Objects that ended since an event was last over. */
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

  /** Since they were last asked for. What was taken and given back since then is none. */
  of(id: ObjectId): readonly Move[] {
    const moves = this.#of.get(id);
    if (!moves) return NONE;
    this.#of.delete(id);
    return moves.filter(({ before, now }) => before !== undefined || now !== undefined);
  }

  /** An event is over: nobody asks any more for what ended in it. */
  over(): void {
    if (this.#ended.length === 0) return;
    for (const id of this.#ended) this.#of.delete(id);
    this.#ended = [];
  }
}
