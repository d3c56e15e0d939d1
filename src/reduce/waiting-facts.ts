/**
 * Facts that rest on events which the recording has not shown so far: such a fact is judged once an event of each kind
 * has come, and never if one does not.
 */
import type { Fact } from "./facts.js";

/** Facts that are kept at most; those beyond are dropped, so that they are never judged. */
const MOST = 10_000;

export interface WaitingFact {
  readonly fact: Fact;
  /** Names of the events on which the fact rests, those included that have come. */
  readonly events: readonly string[];
}

/** In the order of the points, by their numbers. */
export type SavedWaitingFacts = readonly { readonly point: number; readonly facts: readonly WaitingFact[] }[];

/** Copies a fact, with a view of its event that stays when the cursor moves on. */
export function detached<T extends Fact>(fact: T): T {
  return { ...fact, event: fact.event.kept() };
}

export class WaitingFacts {
  /** By the number of the point whose event comes first among those that are missing. */
  readonly #byPoint = new Map<number, WaitingFact[]>();
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(point: number, fact: Fact, events: readonly string[]): void {
    if (this.#size === MOST) return;
    this.#size++;
    const own = { fact: detached(fact), events };
    const others = this.#byPoint.get(point);
    if (others) others.push(own);
    else this.#byPoint.set(point, [own]);
  }

  /** Removes and returns the facts that wait for a point. */
  take(point: number): readonly WaitingFact[] {
    const taken = this.#byPoint.get(point);
    if (!taken) return [];
    this.#byPoint.delete(point);
    this.#size -= taken.length;
    return taken;
  }

  drop(isDropped: (fact: Fact) => boolean): void {
    for (const [point, waiting] of this.#byPoint) {
      const others = waiting.filter(({ fact }) => !isDropped(fact));
      this.#size -= waiting.length - others.length;
      if (others.length > 0) this.#byPoint.set(point, others);
      else this.#byPoint.delete(point);
    }
  }

  saved(): SavedWaitingFacts {
    return Array.from(this.#byPoint, ([point, facts]) => ({ point, facts })).sort((a, b) => a.point - b.point);
  }

  restore(saved: SavedWaitingFacts): void {
    for (const { point, facts } of saved) {
      this.#byPoint.set(point, [...facts]);
      this.#size += facts.length;
    }
  }
}
