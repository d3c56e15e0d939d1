/** Finds when something was first true. */
import type { World } from "../reduce/world.js";
import { type Place, placeOf } from "./why.js";
import type { Seeker } from "./seeker.js";

/** Tests a state. `findings`: number of findings so far. */
export type Predicate = (world: World, findings: number) => boolean;

/** The first event after which something is true, and its place. */
export interface When {
  /** The event after which it is true; 0: from the beginning. */
  readonly event: number;
  readonly place: Place | undefined;
}

/**
 * Finds the first event after which the predicate is true, by testing every state in order; `undefined` if it never is.
 * Lost events are skipped.
 */
export function firstTrue(seeker: Seeker, predicate: Predicate): When | undefined {
  const replaying = seeker.at(0);
  const { world, checker } = replaying;
  if (predicate(world, 0)) return { event: 0, place: undefined };
  let found = 0;
  world.observer = {
    reduced: (e) => {
      if (found === 0 && predicate(world, checker.findings.length)) found = e.seq;
    },
  };
  for (const batch of seeker.reader.batches()) {
    replaying.reduce(batch);
    if (found > 0) return { event: found, place: placeOf(seeker, found) };
  }
  return undefined;
}

/**
 * Does the same by bisection for a predicate that, once true, stays true: a few dozen states whatever the log's length.
 * For any other predicate, finds one event at which it became true.
 */
export function becameTrue(seeker: Seeker, predicate: Predicate): When | undefined {
  const isTrueAfter = (event: number): boolean => {
    const { world, checker } = seeker.at(event);
    return predicate(world, checker.findings.length);
  };
  if (isTrueAfter(0)) return { event: 0, place: undefined };
  let [not, is] = [0, seeker.events];
  if (!isTrueAfter(is)) return undefined;
  while (is - not > 1) {
    const middle = not + Math.floor((is - not) / 2);
    if (isTrueAfter(middle)) is = middle;
    else not = middle;
  }
  return { event: is, place: placeOf(seeker, is) };
}
