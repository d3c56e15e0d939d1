/**
 * Delta debugging (Zeller and Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002) over units that
 * need one another: a chunk is removed together with all that needs it, so that every tried set is closed. Only
 * complements are tried: a chunk alone with its needs is what the slice was made from.
 */
import type { Unit, Units } from "./units.js";

export interface Minimum {
  /** In the order in which they were given. */
  readonly units: readonly Unit[];
  /** True if removing any one, with those that need it, loses the finding; false if the tries ran out. */
  readonly minimal: boolean;
}

/** Tries subsets until the budget is spent. */
export interface Trial {
  exhausted(): boolean;
  holds(units: readonly Unit[]): boolean;
}

/**
 * Minimises `units`, which must be closed and hold. The first units are the first to be removed; those in `required`
 * never are.
 */
export function ddmin(units: readonly Unit[], graph: Units, required: ReadonlySet<Unit>, trial: Trial): Minimum {
  const needing = neededBy(units, graph);
  let current = units;
  let among = new Set(units);
  let size = Math.ceil(units.length / 2);
  /** Sets tried in vain. */
  const failed = new Set<string>();
  for (;;) {
    let reduced = false;
    for (let from = 0; from < current.length; ) {
      const gone = withAll(current.slice(from, from + size), needing, among);
      const rest = current.filter((unit) => !gone.has(unit));
      const key = rest.length <= REMEMBERED ? rest.join() : undefined;
      const hopeless =
        rest.length === 0 || [...required].some((unit) => gone.has(unit)) || (key !== undefined && failed.has(key));
      if (!hopeless && trial.exhausted()) return { units: current, minimal: false };
      if (!hopeless && trial.holds(rest)) {
        // Units before the chunk that needed it were removed, too: the next chunk begins that much sooner.
        from = current.slice(0, from).filter((unit) => !gone.has(unit)).length;
        current = rest;
        among = new Set(rest);
        reduced = true;
      } else {
        if (key !== undefined && !hopeless) failed.add(key);
        from += size;
      }
    }
    if (size > 1) size = Math.min(Math.ceil(size / 2), Math.max(1, Math.ceil(current.length / 2)));
    else if (!reduced) return { units: current, minimal: true };
  }
}

/** Larger sets are tried again rather than remembered. */
const REMEMBERED = 2000;

/** By unit, those among `units` that need it. */
function neededBy(units: readonly Unit[], graph: Units): ReadonlyMap<Unit, readonly Unit[]> {
  const needing = new Map<Unit, Unit[]>(units.map((unit) => [unit, []]));
  for (const unit of units) for (const needed of graph.needs(unit)) needing.get(needed)?.push(unit);
  return needing;
}

function withAll(
  units: readonly Unit[],
  needing: ReadonlyMap<Unit, readonly Unit[]>,
  among: ReadonlySet<Unit>,
): ReadonlySet<Unit> {
  const all = new Set(units);
  for (const unit of all) for (const other of needing.get(unit)!) if (among.has(other)) all.add(other);
  return all;
}
