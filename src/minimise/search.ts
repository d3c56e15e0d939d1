/**
 * The search for one finding in parts of its recording: what a part must show, the slice that it begins with, and
 * rounds of leaving out until a round leaves out nothing.
 */
import type { Finding } from "../check/finding.js";
import { ddmin, type Minimum } from "./ddmin.js";
import { Dependencies } from "./dependencies.js";
import { type Excerpt, part } from "./excerpt.js";
import { lives, slices } from "./slice.js";
import type { Unit, Units } from "./units.js";
import { eventsNamed, identityOf, subjectOf, type Told, Watch } from "./watch.js";

/** What a search comes to. */
export interface Found {
  /** The finding in what is left, where events are numbered anew; it has no line yet. */
  readonly shown: Finding;
  /** What is left. */
  readonly excerpt: Excerpt;
  /** Calls and single events that are left. */
  readonly units: number;
  /**
   * Events that are left, by their new numbers, which neither the finding nor what it needs touches: they show that a
   * probe was set whose silence means something, or that a call without a return was over.
   */
  readonly witnesses: readonly number[];
  /** Events of the slice that the search began with. */
  readonly slice: number;
  /** Parts that were replayed. */
  readonly tried: number;
  /**
   * None of the units can be left out, with those that need it. False when the budget ran out before that was known.
   */
  readonly minimal: boolean;
}

/** One finding, looked for in parts of its recording. */
export class Search {
  readonly #identity: string;
  /** Errors that the recording has: a part may have no others. */
  readonly #known: ReadonlySet<string>;
  /** By their numbers in the recording. */
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

  /** The first slice that shows the finding, by what `excerptOf` makes of units. */
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

  /** What the finding rests on by its own words. */
  #seeds(units: Units, number: (event: number) => number): Unit[] {
    const { evidence, steps } = this.wanted.finding;
    return [...this.#named, ...evidence, ...steps.map((step) => step.seq)].map((event) => units.of(number(event)));
  }

  /** Leaves out of a slice that shows the finding whatever can be. */
  async minimise(slice: Excerpt): Promise<Found> {
    let excerpt = slice;
    for (;;) {
      const before = excerpt.batch.length;
      const { units, witnesses, left, minimal } = await this.#round(excerpt);
      excerpt = left;
      // What was left out may have been all that something else was needed for.
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
    // Where single events that show a probe to be set went first, a whole life may have stayed in their stead: the
    // other way round.
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

  /** Whether a part shows the finding, and no error that the recording does not have. */
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
