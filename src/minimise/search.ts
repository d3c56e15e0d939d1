/**
 * The search for one finding in parts of its recording: the criterion for a part, the initial slice, and rounds of
 * reduction until a round removes nothing.
 */
import type { Finding } from "../check/finding.js";
import { ddmin, type Minimum } from "./ddmin.js";
import { Dependencies } from "./dependencies.js";
import { type Excerpt, part } from "./excerpt.js";
import { lives, slices } from "./slice.js";
import type { Unit, Units } from "./units.js";
import { eventsNamed, identityOf, subjectOf, type Told, Watch } from "./watch.js";

/** The result of a search. */
export interface Found {
  /** The finding in the excerpt, whose events are renumbered; it has no line yet. */
  readonly shown: Finding;
  /** The remaining events. */
  readonly excerpt: Excerpt;
  /** Number of remaining calls and single events. */
  readonly units: number;
  /**
   * Remaining events, by their new numbers, that neither the finding nor its needs touch: they show that a probe was
   * set whose silence matters, or that a call without a return was over.
   */
  readonly witnesses: readonly number[];
  /** Events of the initial slice. */
  readonly slice: number;
  /** Parts that were replayed. */
  readonly tried: number;
  /** True if no unit can be left out, with those that need it; false if the budget ran out before that was known. */
  readonly minimal: boolean;
}

/** Searches for one finding in parts of its recording. */
export class Search {
  readonly #identity: string;
  /** Errors of the recording: a part may have no others. */
  readonly #known: ReadonlySet<string>;
  /** Events that the finding names, by their numbers in the recording. */
  readonly #named: readonly number[];
  #tried = 0;
  #shown: Finding | undefined;

  constructor(
    private readonly wanted: Told,
    errors: readonly Told[],
    private readonly budget: number,
  ) {
    const same = (event: number): number => event;
    this.#identity = identityOf(wanted, same);
    this.#known = new Set(errors.map((told) => subjectOf(told, same)));
    this.#named = [wanted.anchor, ...eventsNamed(wanted.finding)].filter((event) => event > 0);
  }

  /** Returns the first slice that shows the finding; `excerptOf` extracts units. */
  async slice(
    units: Units,
    excerptOf: (chosen: readonly Unit[]) => Promise<Excerpt> | Excerpt,
    number: (event: number) => number = (event) => event,
  ): Promise<Excerpt | undefined> {
    const { finding, anchor } = this.wanted;
    const seeds = this.#seeds(units, number);
    let size = -1;
    for (const chosen of slices(units, seeds, number(anchor || finding.event) || Infinity)) {
      if (chosen.length === size) continue;
      size = chosen.length;
      const excerpt = await excerptOf(chosen);
      if (this.#shows(excerpt)) return excerpt;
    }
    return undefined;
  }

  /** The events that the finding rests on by its own words. */
  #seeds(units: Units, number: (event: number) => number): Unit[] {
    const { evidence, steps } = this.wanted.finding;
    return [...this.#named, ...evidence, ...steps.map((step) => step.seq)].map((event) => units.of(number(event)));
  }

  /** Reduces a slice that shows the finding. */
  async minimise(slice: Excerpt): Promise<Found> {
    let excerpt = slice;
    for (;;) {
      const before = excerpt.batch.length;
      const { units, witnesses, left, minimal } = await this.#round(excerpt);
      excerpt = left;
      // Removed units may have been the only ones that needed others.
      if (minimal && left.batch.length < before) continue;
      this.#shows(excerpt);
      const { line: _, ...shown } = this.#shown!;
      return { shown, excerpt, units, witnesses, slice: slice.batch.length, tried: this.#tried, minimal };
    }
  }

  async #round(from: Excerpt): Promise<{
    readonly units: number;
    readonly witnesses: readonly number[];
    readonly left: Excerpt;
    readonly minimal: boolean;
  }> {
    const dependencies = new Dependencies();
    const watch = new Watch(from.tables, dependencies.store, dependencies);
    watch.reduce(from.batch);
    watch.finish();
    const { units } = dependencies;
    const numbers = new Map(from.numbers.map((number, k) => [number, k + 1]));
    const number = (event: number): number => numbers.get(event) ?? 0;
    const excerptOf = (chosen: readonly Unit[]): Excerpt =>
      part(
        from,
        chosen.flatMap((unit) => units.events(unit).map((event) => event - 1)).sort((a, b) => a - b),
      );
    let ordered: readonly Unit[] = [];
    const shown = await this.slice(units, (chosen) => excerptOf((ordered = chosen)), number);
    if (!shown) ordered = Array.from({ length: units.count }, (_, k) => k + 1);
    const required = new Set(this.#named.map((event) => units.of(number(event))));
    const holds = (chosen: readonly Unit[]): boolean => this.#shows(excerptOf(chosen));
    const least = (chosen: readonly Unit[]): Minimum =>
      ddmin(chosen, units, required, { exhausted: () => this.#tried >= this.budget, holds });
    let found = least(ordered);
    // If single events that show a set probe were removed first, a whole life may have stayed in their place: try the
    // reverse.
    const finding = units.closure(required);
    const beside = (all: readonly Unit[]): Unit[] => all.filter((unit) => !finding.has(unit));
    const stayed = lives(units, beside(found.units)).lives;
    const single = stayed.length > 0 ? lives(units, beside(ordered)).single : [];
    for (const life of stayed) {
      const kept = new Set([...found.units.filter((unit) => !life.has(unit)), ...single]);
      const instead = ordered.filter((unit) => kept.has(unit));
      if (this.#tried >= this.budget || !found.units.some((unit) => life.has(unit)) || !holds(instead)) continue;
      const other = least(instead);
      if (other.units.length < found.units.length) found = other;
    }
    const left = excerptOf(found.units);
    const core = units.closure(this.#seeds(units, number));
    const witnesses = left.numbers.flatMap((event, k) => (core.has(units.of(number(event))) ? [] : [k + 1]));
    return { units: found.units.length, witnesses, left, minimal: found.minimal };
  }

  /** True if a part shows the finding and no error that the recording lacks. */
  #shows({ batch, tables, numbers }: Excerpt): boolean {
    this.#tried++;
    const watch = new Watch(tables);
    watch.reduce(batch);
    watch.finish();
    const original = (event: number): number => numbers[event - 1]!;
    if (watch.errors.some((told) => !this.#known.has(subjectOf(told, original)))) return false;
    const among = this.wanted.finding.severity === "error" ? watch.errors : watch.hazards;
    this.#shown = among.find((told) => identityOf(told, original) === this.#identity)?.finding;
    return this.#shown !== undefined;
  }
}
