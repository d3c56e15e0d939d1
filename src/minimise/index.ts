/**
 * Minimise: the smallest part of a recording, closed under what its events need of each other, that still shows a finding.
 *
 * The recording is replayed for its findings; once more up to the one that is wanted, for what its events need of each other;
 * and read a third time for the events of a slice. From there on everything happens in memory, on that slice: ddmin, then a
 * slice of what is left, until nothing more can be left out.
 */
import type { Finding, RuleName } from "../check/finding.js";
import type { Origin } from "../log/log.js";
import { type OpenOptions, openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { TroubleError } from "../read/trouble.js";
import { ddmin } from "./ddmin.js";
import { Dependencies } from "./dependencies.js";
import { type Excerpt, ExcerptBuilder, part } from "./excerpt.js";
import { slices } from "./slice.js";
import type { Unit, Units } from "./units.js";
import { eventsNamed, identityOf, subjectOf, type Told, Watch } from "./watch.js";

/** A finding by the event at which it stands, or the n-th of its rule, from 1. */
export type FindingChoice = { readonly event: number } | { readonly rule: RuleName; readonly nth: number };

export interface MinimiseOptions extends OpenOptions {
  /** Absent: the first error. */
  readonly finding?: FindingChoice;
  /** Parts that may be tried. */
  readonly budget?: number;
  /** Called while the recording is read. */
  readonly onProgress?: (events: number, bytes: number) => void;
}

export interface Minimised {
  readonly origin: Origin;
  /** Lines before the recording's first event. */
  readonly preamble: number;
  /** As the recording has it. */
  readonly finding: Finding;
  /** The same in what is left, whose events are numbered anew; it has no line yet. */
  readonly shown: Finding;
  /** What is left. */
  readonly excerpt: Excerpt;
  /** Calls and single events that are left. */
  readonly units: number;
  /**
   * Events that are left, by their new numbers, which neither the finding nor what it needs touches: they show that a probe was
   * set whose silence means something, or that a call without a return was over.
   */
  readonly witnesses: readonly number[];
  /** Events of the recording, and of the slice that the search began with. */
  readonly events: number;
  readonly slice: number;
  /** Parts that were replayed. */
  readonly tried: number;
  /** None of the units can be left out, with those that need it. False when the budget ran out before that was known. */
  readonly minimal: boolean;
}

/** The recording does not have it; these it has. */
export interface Unfound {
  readonly origin: Origin;
  readonly events: number;
  readonly findings: readonly Finding[];
  readonly hazards: readonly Finding[];
}

export const BUDGET = 10_000;
/** Events before the finding is told: each takes some fifty bytes. */
const MOST_EVENTS = 10_000_000;

/** A recording that can be read more than once. */
export async function minimise(path: string, options: MinimiseOptions = {}): Promise<Minimised | Unfound> {
  return minimiseRecording(() => openRecording(path, options), options);
}

/** The same for whatever `open` opens: the same events each time. */
export async function minimiseRecording(open: () => Promise<Recorded>, options: Omit<MinimiseOptions, keyof OpenOptions> = {}): Promise<Minimised | Unfound> {
  const all = await findings(open, options);
  const wanted = choose(all, options.finding);
  if (!wanted) return { origin: all.origin, events: all.events, findings: all.errors.map((t) => t.finding), hazards: all.hazards.map((t) => t.finding) };
  const last = Math.min(wanted.at, all.events);
  if (last > MOST_EVENTS) throw new TroubleError(`the finding shows after ${last} events, and minimise looks back over ${MOST_EVENTS} at most; name another with --finding`, all.origin.path);
  const search = new Search(wanted, all.errors, options.budget ?? BUDGET);
  const units = await dependencies(open, last, options);
  const excerpt = await search.slice(units, (chosen) => take(open, eventsOf(units, chosen), last, options));
  if (!excerpt) throw new TroubleError(`the events up to ${last} do not show the finding by themselves`, all.origin.path);
  return search.minimise(excerpt, all);
}

interface All {
  readonly errors: readonly Told[];
  readonly hazards: readonly Told[];
  readonly events: number;
  readonly preamble: number;
  readonly origin: Origin;
}

async function findings(open: () => Promise<Recorded>, options: MinimiseOptions): Promise<All> {
  let watch: Watch | undefined;
  let events = 0;
  let line = 1;
  const { origin } = await read(open, Infinity, options, (recording, batch) => {
    if (events === 0 && batch.length > 0) line = batch.line[0]!;
    watch ??= new Watch(recording.tables);
    watch.reduce(batch);
    events += batch.length;
  });
  watch?.finish();
  return { errors: watch?.errors ?? [], hazards: watch?.hazards ?? [], events, preamble: line - 1, origin };
}

function choose({ errors, hazards }: All, choice: FindingChoice | undefined): Told | undefined {
  if (choice === undefined) return errors[0];
  const told = [...errors, ...hazards];
  if ("event" in choice) return told.find(({ finding }) => finding.event === choice.event);
  return told.filter(({ finding }) => finding.rule === choice.rule)[choice.nth - 1];
}

async function dependencies(open: () => Promise<Recorded>, last: number, options: MinimiseOptions): Promise<Units> {
  const dependencies = new Dependencies();
  let watch: Watch | undefined;
  await read(open, last, options, (recording, batch, to) => {
    watch ??= new Watch(recording.tables, dependencies.store, dependencies);
    watch.reduce(batch, to);
  });
  watch?.finish();
  return dependencies.units;
}

async function take(open: () => Promise<Recorded>, wanted: ReadonlySet<number>, last: number, options: MinimiseOptions): Promise<Excerpt> {
  let builder: ExcerptBuilder | undefined;
  await read(open, last, options, (recording, batch, to) => {
    builder ??= new ExcerptBuilder(recording.tables, wanted.size);
    builder.take(batch, (event) => wanted.has(event), to);
  });
  return builder!.excerpt;
}

/** Reads events up to `last`. */
async function read(open: () => Promise<Recorded>, last: number, options: MinimiseOptions, each: (recording: Recorded, batch: Parameters<Watch["reduce"]>[0], to: number) => void): Promise<Recorded> {
  const recording = await open();
  try {
    for await (const batch of recording.batches()) {
      each(recording, batch, Math.min(batch.length, last - batch.firstSeq + 1));
      options.onProgress?.(batch.firstSeq - 1 + batch.length, recording.report.bytes);
      if (batch.firstSeq + batch.length > last) break;
    }
    return recording;
  } finally {
    await recording.close();
  }
}

function eventsOf(units: Units, chosen: readonly Unit[]): Set<number> {
  return new Set(chosen.flatMap((unit) => units.events(unit)));
}

/** One finding, looked for in parts of its recording. */
class Search {
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
  async slice(units: Units, excerptOf: (chosen: readonly Unit[]) => Promise<Excerpt> | Excerpt, number: (event: number) => number = (event) => event): Promise<Excerpt | undefined> {
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

  async minimise(slice: Excerpt, { origin, preamble, events }: All): Promise<Minimised> {
    let excerpt = slice;
    for (;;) {
      const before = excerpt.batch.length;
      const { units, witnesses, left, minimal } = await this.#round(excerpt);
      excerpt = left;
      // What was left out may have been all that something else was needed for.
      if (minimal && left.batch.length < before) continue;
      this.#shows(excerpt);
      const { line: _, ...shown } = this.#shown!;
      return { origin, preamble, finding: this.wanted.finding, shown, excerpt, units, witnesses, events, slice: slice.batch.length, tried: this.#tried, minimal };
    }
  }

  async #round(from: Excerpt): Promise<{ readonly units: number; readonly witnesses: readonly number[]; readonly left: Excerpt; readonly minimal: boolean }> {
    const dependencies = new Dependencies();
    const watch = new Watch(from.tables, dependencies.store, dependencies);
    watch.reduce(from.batch);
    watch.finish();
    const { units } = dependencies;
    const numbers = new Map(from.numbers.map((number, k) => [number, k + 1]));
    const number = (event: number): number => numbers.get(event) ?? 0;
    const excerptOf = (chosen: readonly Unit[]): Excerpt => part(from, chosen.flatMap((unit) => units.events(unit).map((event) => event - 1)).sort((a, b) => a - b));
    let ordered: readonly Unit[] = [];
    await this.slice(units, (chosen) => excerptOf((ordered = chosen)), number);
    const required = new Set(this.#named.map((event) => units.of(number(event))));
    const found = ddmin(ordered, units, required, {
      exhausted: () => this.#tried >= this.budget,
      holds: (chosen) => this.#shows(excerptOf(chosen)),
    });
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
