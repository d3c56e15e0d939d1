/**
 * The operations that begin and end objects. If a recording does not show them, more objects may have lived, and
 * remaining ones may have ended.
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

/** The kinds of which no end shows without these points and whose addresses are soon reused for another. */
export function unended(without: ReadonlySet<number>): ReadonlySet<Kind> {
  return new Set(
    KINDS.filter((kind) => kinds[kind].reused && endsOf(kind).some((name) => without.has(points.byEvent(name)!.id))),
  );
}
