/**
 * Reads recordings into the entries of a report. One that is sound is read once; one with findings again, for their
 * steps and lines.
 */
import { join } from "node:path";
import { compareRecordings } from "../compare/diff.js";
import { isReadAgain } from "../read/again.js";
import { checkRecorded, NothingReadError } from "../read/nothing-read.js";
import type { OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { TroubleError } from "../base/trouble.js";
import { type Replay, replay, replayRecording, type ReplayOptions } from "../replay/replay.js";
import { bareProblems, Details } from "./details.js";
import type { ComparisonEntry, Entry, Problem, RecordingEntry, UnreadEntry } from "./model.js";
import { compareProblems } from "./problems.js";

/** How to read the recordings, and what to take down of them. */
export interface CollectOptions extends OpenOptions {
  readonly onProgress?: (events: number, bytes: number) => void;
  /** Take down the lives of the objects too. */
  readonly timeline?: boolean;
  /** Told of each recording that was read. */
  readonly onRead?: (path: string, recording: Recorded) => void;
}

/** A recording, or what is wrong with it. */
export async function entryOf(path: string, options: CollectOptions = {}): Promise<Entry> {
  try {
    return await recordingEntry(path, options);
  } catch (error) {
    return unread(error);
  }
}

/** Two that are compared; where one of them has nothing to be compared, that, and the other by itself. */
export async function* comparedEntries(
  before: string,
  after: string,
  options: CollectOptions = {},
): AsyncGenerator<Entry> {
  try {
    yield await comparisonEntry(before, after, options);
  } catch (error) {
    if (!(error instanceof NothingReadError)) throw error;
    const entry = unread(error);
    yield entry;
    const others = [before, after].filter((path) => entry.path !== path && !entry.path.startsWith(join(path, "/")));
    for (const path of others) if (isReadAgain(path)) yield await entryOf(path, options);
  }
}

/**
 * What a report says of one recording: a file, or a log that is open already (the run of a simulated kernel).
 *
 * @throws {TroubleError} Of what is no recording, or cannot be read: with file and line.
 */
export async function recordingEntry(log: string | Recorded, options: CollectOptions = {}): Promise<RecordingEntry> {
  const known = typeof log === "string" && isReadAgain(log) ? await replay(log, options) : undefined;
  return withDetails(log, known, options);
}

/**
 * What a report says of two recordings of one workload.
 *
 * @throws {TroubleError} Of what is no recording: with one side alone there is nothing to compare.
 */
export async function comparisonEntry(
  before: string,
  after: string,
  options: CollectOptions = {},
): Promise<ComparisonEntry> {
  const { diff, before: x, after: y } = await compareRecordings(before, after, options);
  const side = (path: string, known: Replay): RecordingEntry | Promise<RecordingEntry> =>
    isReadAgain(path) ? withDetails(path, known, options) : entry(path, known, bareProblems(known), options);
  const entries = { before: await side(before, x), after: await side(after, y) };
  return {
    kind: "comparison",
    ...entries,
    diff,
    problems: compareProblems(entries.before.problems, entries.after.problems),
  };
}

/** `known`: what the recording came to when it was read before, if it was and can be again. */
async function withDetails(
  log: string | Recorded,
  known: Replay | undefined,
  options: CollectOptions,
): Promise<RecordingEntry> {
  if (known && known.findings.length + known.hazards.length === 0 && !options.timeline)
    return entry(log, known, [], options);
  const details = new Details(known, options.timeline ?? false);
  const replaying: ReplayOptions = { ...options, ...details.options };
  const result = await (typeof log === "string" ? replay(log, replaying) : replayRecording(log, replaying));
  const { timeline } = details;
  return { ...entry(log, result, details.problems(result), options), ...(timeline ? { timeline } : {}) };
}

function entry(
  log: string | Recorded,
  { trace, recording, objects, rules, judgements }: Replay,
  problems: readonly Problem[],
  options: CollectOptions,
): RecordingEntry {
  if (typeof log === "string") options.onRead?.(log, recording);
  checkRecorded(recording);
  return { kind: "recording", trace, environment: recording.report.environment, objects, rules, judgements, problems };
}

function unread(error: unknown): UnreadEntry {
  if (!(error instanceof TroubleError)) throw error;
  return {
    kind: "unread",
    path: error.file,
    ...(error.line === undefined ? {} : { line: error.line }),
    what: error.what,
    ...(error instanceof NothingReadError ? { nothing: true } : {}),
  };
}
