/**
 * The start of the search: the needs of the finding's own events, and events showing that the probes which a rule asks
 * for were set (absence proves nothing without a probe). If that is not enough, more and more of the recording, up to
 * all of it.
 */
import type { Unit, Units } from "./units.js";

/** Most units compared to find the one with the fewest needs that shows a set probe. */
const CANDIDATES = 16;

/** Most units tried at once: more would take more memory than the replay itself. */
const MOST_UNITS = 2_000_000;

/** Yields growing closed sets, in each the units least related to the finding first. `before`: an event. */
export function* slices(units: Units, seeds: Iterable<Unit>, before: number): Generator<readonly Unit[]> {
  const core = units.closure(seeds);
  const ordered = (chosen: ReadonlySet<Unit>): Unit[] => {
    const rank = (unit: Unit): number => (core.has(unit) ? 2 : units.isFocus(unit) ? 1 : 0);
    return [...chosen].sort((a, b) => rank(a) - rank(b) || a - b);
  };
  const shown = units.closure([...withClosers(units, core), ...witnesses(units, before)]);
  yield ordered(shown);
  const first = units.closure([...shown, ...firsts(units)]);
  yield ordered(first);
  if (units.count > MOST_UNITS) return;
  yield ordered(units.closure([...first, ...range(units.count).filter((unit) => units.isFocus(unit))]));
  yield ordered(new Set(range(units.count)));
}

/** Adds the units that show that calls without a return were over. */
function withClosers(units: Units, core: ReadonlySet<Unit>): Set<Unit> {
  const all = new Set(core);
  for (const unit of all) for (const other of [...units.closers(unit), ...units.needs(unit)]) all.add(other);
  return all;
}

/** A kind of unit: the same operation, with its return or without. */
const kindOf = (units: Units, unit: Unit): number => units.point(unit) * 2 + (units.isReturned(unit) ? 1 : 0);

/**
 * Selects for every kind one unit with few needs that is about guest_memfd and one that is not, if possible from before
 * the event.
 */
function witnesses(units: Units, before: number): Unit[] {
  const candidates = new Map<number, { readonly focus: Unit[]; readonly other: Unit[] }>();
  for (const unit of range(units.count)) {
    const kind = kindOf(units, unit);
    const of = candidates.get(kind) ?? { focus: [], other: [] };
    candidates.set(kind, of);
    const list = units.isFocus(unit) ? of.focus : of.other;
    if (units.events(unit)[0]! > before && list.length > 0) continue;
    list.push(unit);
    if (list.length > CANDIDATES) list.shift();
  }
  return [...candidates.values()].flatMap(({ focus, other }) =>
    [focus, other].filter((list) => list.length > 0).map((list) => frugal(units, list)),
  );
}

/** Smaller sets are no lives: they show that a probe is set, and cost next to nothing. */
const LIFE = 5;

/** Groups units that need one another, directly or through others of `chosen`; the largest groups first. */
export function lives(
  units: Units,
  chosen: Iterable<Unit>,
): { readonly lives: readonly ReadonlySet<Unit>[]; readonly single: ReadonlySet<Unit> } {
  const linked = new Map<Unit, Unit[]>([...chosen].map((unit) => [unit, []]));
  for (const unit of linked.keys()) {
    for (const other of units.needs(unit)) {
      linked.get(other)?.push(unit);
      if (linked.has(other)) linked.get(unit)!.push(other);
    }
  }
  const found: Set<Unit>[] = [];
  const single = new Set<Unit>();
  const left = new Set(linked.keys());
  for (const unit of left) {
    const life = new Set([unit]);
    for (const one of life) for (const other of linked.get(one)!) life.add(other);
    for (const one of life) left.delete(one);
    if (life.size >= LIFE) found.push(life);
    else for (const one of life) single.add(one);
  }
  return { lives: found.sort((a, b) => b.size - a.size), single };
}

/** Returns the unit with the fewest needs, of several the latest. */
function frugal(units: Units, candidates: readonly Unit[]): Unit {
  let best = candidates.at(-1)!;
  let least = Infinity;
  for (const unit of candidates.toReversed()) {
    const needs = units.closure([unit], least).size;
    if (needs < least) [best, least] = [unit, needs];
  }
  return best;
}

/** The first of every kind. */
function firsts(units: Units): Unit[] {
  const first = new Map<number, Unit>();
  for (const unit of range(units.count)) if (!first.has(kindOf(units, unit))) first.set(kindOf(units, unit), unit);
  return [...first.values()];
}

function range(count: number): Unit[] {
  return Array.from({ length: count }, (_, k) => k + 1);
}
