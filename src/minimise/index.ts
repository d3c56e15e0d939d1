/**
 * Finds the smallest part of a recording, closed under the needs of its events, that still shows a finding.
 *
 * The recording is replayed for its findings; then again up to the wanted one, for the needs of its events; and read a
 * third time for the events of a slice. From there on everything happens in memory, on that slice: ddmin, then a slice
 * of the rest, until nothing more can be left out.
 */
import type { Finding, RuleName } from "../check/finding.js";
import type { Origin } from "../log/log.js";
import { checkRecorded } from "../read/nothing-read.js";
import { type OpenOptions, openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { TroubleError } from "../base/trouble.js";
import { Dependencies } from "./dependencies.js";
import { type Excerpt, ExcerptBuilder } from "./excerpt.js";
import { type Found, Search } from "./search.js";
import type { Unit, Units } from "./units.js";
import { type Told, Watch } from "./watch.js";

/** A finding by its event, or the n-th of its rule, from 1. */
export type FindingChoice = { readonly event: number } | { readonly rule: RuleName; readonly nth: number };

/** The wanted finding, and limits of the search. */
export interface MinimiseOptions extends OpenOptions {
  /** Absent: the first error. */
  readonly finding?: FindingChoice;
  /** Parts that may be tried. */
  readonly budget?: number;
  /** Called while the recording is read. */
  readonly onProgress?: (events: number, bytes: number) => void;
}

/** The smallest part of a recording that still shows a finding. */
export interface Minimised extends Found {
  readonly origin: Origin;
  /** Lines before the recording's first event. */
  readonly preamble: number;
  /** The finding as the recording has it. */
  readonly finding: Finding;
  /** Events of the recording. */
  readonly events: number;
}

/** The recording lacks the wanted finding; it has these. */
export interface Unfound {
  readonly origin: Origin;
  readonly events: number;
  readonly findings: readonly Finding[];
  readonly hazards: readonly Finding[];
}

export const BUDGET = 10_000;
/** Most events before the finding: each takes some fifty bytes. */
const MOST_EVENTS = 10_000_000;

/**
 * Finds the smallest part of a recording that still shows a finding. The recording is read more than once, so `-` will
 * not do.
 *
 * @returns The part; or, if there is no such finding, those that there are.
 * @throws {TroubleError} If it is no recording, or cannot be read (with file and line); if the finding shows after more
 *   events than can be looked back over, or its events do not show it by themselves.
 */
export async function minimise(path: string, options: MinimiseOptions = {}): Promise<Minimised | Unfound> {
  return minimiseRecording(() => openRecording(path, options), options);
}

/**
 * Does the same as `minimise` for any recording; `open` must yield the same events each time.
 *
 * @throws {TroubleError} As `minimise` does.
 */
export async function minimiseRecording(
  open: () => Promise<Recorded>,
  options: Omit<MinimiseOptions, keyof OpenOptions> = {},
): Promise<Minimised | Unfound> {
  const all = await findings(open, options);
  const wanted = choose(all, options.finding);
  if (!wanted)
    return {
      origin: all.origin,
      events: all.events,
      findings: all.errors.map((t) => t.finding),
      hazards: all.hazards.map((t) => t.finding),
    };
  const last = Math.min(wanted.at, all.events);
  if (last > MOST_EVENTS)
    throw new TroubleError(
      `the finding shows after ${last} events, and minimise looks back over ${MOST_EVENTS} at most; name another with --finding`,
      all.origin.path,
    );
  const search = new Search(wanted, all.errors, options.budget ?? BUDGET);
  const units = await dependencies(open, last, options);
  const excerpt = await search.slice(units, (chosen) => take(open, eventsOf(units, chosen), last, options));
  if (!excerpt)
    throw new TroubleError(`the events up to ${last} do not show the finding by themselves`, all.origin.path);
  const { origin, preamble, events } = all;
  return { origin, preamble, events, finding: wanted.finding, ...(await search.minimise(excerpt)) };
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
  const whole = await read(open, Infinity, options, (recording, batch) => {
    if (events === 0 && batch.length > 0) line = batch.line[0]!;
    watch ??= new Watch(recording.tables);
    watch.reduce(batch);
    events += batch.length;
  });
  checkRecorded(whole);
  watch?.finish();
  return {
    errors: watch?.errors ?? [],
    hazards: watch?.hazards ?? [],
    events,
    preamble: line - 1,
    origin: whole.origin,
  };
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

async function take(
  open: () => Promise<Recorded>,
  wanted: ReadonlySet<number>,
  last: number,
  options: MinimiseOptions,
): Promise<Excerpt> {
  let builder: ExcerptBuilder | undefined;
  await read(open, last, options, (recording, batch, to) => {
    builder ??= new ExcerptBuilder(recording.tables, wanted.size);
    builder.take(batch, (event) => wanted.has(event), to);
  });
  return builder!.excerpt;
}

/** Reads events up to `last`. */
async function read(
  open: () => Promise<Recorded>,
  last: number,
  options: MinimiseOptions,
  each: (recording: Recorded, batch: Parameters<Watch["reduce"]>[0], to: number) => void,
): Promise<Recorded> {
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
