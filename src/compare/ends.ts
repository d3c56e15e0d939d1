/**
 * What begins and ends an object: where it is not shown, there may have been more of a kind, and what is left at the
 * end may be gone.
 */
import { points } from "../../events/index.js";
import { type Kind, KINDS, kinds } from "../../events/kinds/index.js";

export function beginningsOf(kind: Kind): readonly string[] {
  return kinds[kind].begins ?? [];
}

/** The operations that must be shown for an end of this kind to show. */
export function endsOf(kind: Kind): readonly string[] {
  return kinds[kind].ends ?? [];
}

/** The kinds of which no end shows without these points, and another is soon taken for one that is gone. */
export function unended(without: ReadonlySet<number>): ReadonlySet<Kind> {
  return new Set(
    KINDS.filter((kind) => kinds[kind].reused && endsOf(kind).some((name) => without.has(points.byEvent(name)!.id))),
  );
}
