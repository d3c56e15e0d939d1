/** Places the differences along both recordings, drawn as two parallel lines. */
import type { Difference } from "../../compare/types.js";
import type { Anchors } from "./diff-moments.js";

export interface OverviewMark {
  /** Position in each recording, from 0 to 1, even if it has no such call. */
  readonly before: number;
  readonly after: number;
  readonly mark: "+" | "-" | "~" | "!";
  /** Index of the first difference at this place. */
  readonly difference: number;
}

/** `steps`: number of places that a line can distinguish. Differences of the recordings as a whole have no place. */
export function overviewOf(
  differences: readonly Difference[],
  anchors: Anchors,
  ends: readonly [before: number, after: number],
  steps: number,
): OverviewMark[] {
  const marks = new Map<string, OverviewMark>();
  differences.forEach((difference, k) => {
    const place = placeOf(difference, anchors, ends);
    if (!place) return;
    const [before, after] = place.map((share) => Math.round(share * steps) / steps) as [number, number];
    const mark = markOf(difference);
    const key = `${mark} ${before} ${after}`;
    if (!marks.has(key)) marks.set(key, { before, after, mark, difference: k });
  });
  return [...marks.values()];
}

export function placeOf(
  { before, after }: Pick<Difference, "before" | "after">,
  anchors: Anchors,
  [lastBefore, lastAfter]: readonly [before: number, after: number],
): readonly [before: number, after: number] | undefined {
  if (!before && !after) return undefined;
  return [
    share(before?.event ?? anchors.toBefore(after!.event), lastBefore),
    share(after?.event ?? anchors.toAfter(before!.event), lastAfter),
  ];
}

function share(event: number, last: number): number {
  return last === 0 ? 0 : Math.min(1, event / last);
}

function markOf({ kind }: Difference): OverviewMark["mark"] {
  if (kind === "operation-added") return "+";
  if (kind === "operation-removed") return "-";
  return kind.startsWith("finding-") ? "!" : "~";
}

/** The mark nearest to a position in one of the recordings. */
export function nearest(
  marks: readonly OverviewMark[],
  side: "before" | "after",
  at: number,
): OverviewMark | undefined {
  let found: OverviewMark | undefined;
  for (const mark of marks) if (!found || Math.abs(mark[side] - at) < Math.abs(found[side] - at)) found = mark;
  return found;
}
