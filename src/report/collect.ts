/**
 * Reads recordings into the entries of a report. A sound recording is read once; one with findings is read again for
 * their steps and lines.
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

/** Options of reading the recordings, and of what to collect. */
export interface CollectOptions extends OpenOptions {
  readonly onProgress?: (events: number, bytes: number) => void;
  /** Also collects the lives of the objects. */
  readonly timeline?: boolean;
  /** Receives each recording that was read. */
  readonly onRead?: (path: string, recording: Recorded) => void;
}

/** Returns a recording, or its trouble. */
export async function entryOf(path: string, options: CollectOptions = {}): Promise<Entry> {
  try {
    return await recordingEntry(path, options);
  } catch (error) {
    return unread(error);
  }
}

/** Compares two recordings; if one of them has nothing to compare, yields that and the other alone. */
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
 * Returns a report's entry for one recording: a file, or an open log (the run of a simulated kernel).
 *
 * @throws {TroubleError} If it is no recording, or cannot be read: with file and line.
 */
export async function recordingEntry(log: string | Recorded, options: CollectOptions = {}): Promise<RecordingEntry> {
  const known = typeof log === "string" && isReadAgain(log) ? await replay(log, options) : undefined;
  return withDetails(log, known, options);
}

/**
 * Returns a report's entry for two recordings of one workload.
 *
 * @throws {TroubleError} If one is no recording: with the other alone there is nothing to compare.
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

/** `known`: the result of an earlier reading, if there was one and the recording can be read again. */
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
