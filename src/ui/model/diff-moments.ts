/** The moments of a difference: one in each recording, even if only the other has the differing call. */
import { firstWhere } from "../../base/search.js";
import type { Difference, Site } from "../../compare/types.js";
import type { DiffDocument, DiffRow } from "./diff-rows.js";

export interface Target {
  /** The event of the call; 0: before the recording begins. */
  readonly event: number;
  /** True if the moment is that of the call's return, where it has one. */
  readonly atReturn: boolean;
  /** True if the recording has the differing call; else the target is the last call before it that both have. */
  readonly isIt: boolean;
}

export interface Targets {
  readonly before: Target;
  readonly after: Target;
}

/** The calls that both recordings have, by event. */
export class Anchors {
  readonly #byBefore: readonly Anchor[];
  readonly #byAfter: readonly Anchor[];

  constructor({ differences, hunks }: DiffDocument) {
    const anchors: Anchor[] = [];
    const add = (before: Site | null, after: Site | null): void => {
      if (before && after) anchors.push([before.event, after.event]);
    };
    for (const { before, after } of differences) add(before, after);
    for (const { lines } of hunks) for (const { before, after } of lines) add(before, after);
    this.#byBefore = anchors.sort(([a], [b]) => a - b);
    this.#byAfter = [...anchors].sort(([, a], [, b]) => a - b);
  }

  /** Returns the counterpart in the other recording of the last common call up to `event`; 0 if there is none. */
  toAfter(event: number): number {
    return last(this.#byBefore, 0, event)?.[1] ?? 0;
  }

  toBefore(event: number): number {
    return last(this.#byAfter, 1, event)?.[0] ?? 0;
  }
}

type Anchor = readonly [before: number, after: number];

function last(anchors: readonly Anchor[], which: 0 | 1, event: number): Anchor | undefined {
  return anchors[firstWhere(0, anchors.length, (k) => anchors[k]![which] > event) - 1];
}

/**
 * `row`: the index in `rows`. `ends`: the last event of each recording. A difference of the recordings as a whole leads
 * to their ends.
 */
export function targetsOf(
  rows: readonly DiffRow[],
  row: number,
  difference: Difference,
  anchors: Anchors,
  ends: readonly [before: number, after: number],
): Targets {
  const { before, after } = difference;
  if (!before && !after) return { before: end(ends[0]), after: end(ends[1]) };
  return {
    before: before ? own(before) : (beside(rows, row, difference, "before") ?? near(anchors.toBefore(after!.event))),
    after: after ? own(after) : (beside(rows, row, difference, "after") ?? near(anchors.toAfter(before!.event))),
  };
}

function end(event: number): Target {
  return { event, atReturn: false, isIt: true };
}

function own({ event }: Site): Target {
  return { event, atReturn: true, isIt: true };
}

function near(event: number): Target {
  return { event, atReturn: false, isIt: false };
}

/**
 * Finds the nearest call above in the same hunk that this recording has: an enclosing call is still going on, any other
 * has returned.
 */
function beside(
  rows: readonly DiffRow[],
  row: number,
  { before, after }: Difference,
  side: keyof Targets,
): Target | undefined {
  const here = rows[row];
  // A row with several places shows one of them.
  if (here?.type !== "line" || (before ?? after)!.event !== (before ? here.before : here.after)?.event)
    return undefined;
  for (let k = row - 1; k >= 0; k--) {
    const above = rows[k]!;
    if (above.type !== "line") return undefined;
    const site = above[side];
    if (site) return { event: site.event, atReturn: above.depth >= here.depth, isIt: false };
  }
  return undefined;
}
