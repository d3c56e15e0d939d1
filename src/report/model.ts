/**
 * What a report is made of, whatever its format: recordings as they are read, one entry each, and nothing of a format.
 */
import type { Finding, RuleName } from "../check/finding.js";
import type { Judgement, Tally } from "../check/checker.js";
import type { Required } from "../check/required.js";
import type { Diff } from "../compare/types.js";
import type { Remark } from "../read/report.js";
import type { ObjectCounts, TraceSummary } from "../replay/replay.js";
import type { ShownStep } from "../show/findings.js";
import type { Timeline } from "./timeline.js";

/** What makes the command fail, from the mildest demand to the strictest of its kind: see `fails`. */
export const FAIL_ON = ["error", "hazard", "difference"] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** What is known before the first recording is read. */
export interface About {
  /** Of kreel. */
  readonly version: string;
  /** How many entries there will be. */
  readonly entries: number;
  readonly failOn: FailOn;
  /** Rules that must have been judged. */
  readonly required?: Required;
}

/** An event of the recording as ftrace prints it. */
export interface Quote {
  readonly event: number;
  /** Of a recording in several files, the one that has the line. */
  readonly file?: string;
  readonly line?: number;
  /** `gmemrun-104 [000] 17.890777: try_module_get: (…) module=0x…`; not trusted, see `printable`. */
  readonly text: string;
}

/** Compared with the recording before: as SARIF calls it. */
export type BaselineState = "new" | "unchanged" | "absent";

/** One thing that is wrong, however often the recording shows it. */
export interface Problem {
  /** The same for the same mistake in any run: made of no address, time, number or task. */
  readonly fingerprint: string;
  /** The first that shows it. */
  readonly finding: Finding;
  readonly times: number;
  readonly steps: readonly ShownStep[];
  /** The lines that the finding rests on, in order; none where the recording could be read only once. */
  readonly quotes: readonly Quote[];
  readonly state?: BaselineState;
}

export interface RecordingEntry {
  readonly kind: "recording";
  readonly trace: TraceSummary;
  /** Where kreel's own export says it came from, and what recorded it. */
  readonly environment: readonly Remark[];
  readonly objects: Readonly<Record<string, ObjectCounts>>;
  readonly rules: ReadonlyMap<RuleName, Tally>;
  readonly judgements: readonly Judgement[];
  /** Findings first, then hazards; each in the order of the recording. */
  readonly problems: readonly Problem[];
  /** Where it was asked for, and the recording could be read again. */
  readonly timeline?: Timeline;
}

/** Two recordings of one workload. */
export interface ComparisonEntry {
  readonly kind: "comparison";
  readonly before: RecordingEntry;
  readonly after: RecordingEntry;
  readonly diff: Diff;
  /** Of `after`, what is new and what is unchanged; of `before`, what is absent now. */
  readonly problems: readonly Problem[];
}

/** A recording that could not be read, or not to its end; or in which there was nothing to judge. */
export interface UnreadEntry {
  readonly kind: "unread";
  readonly path: string;
  readonly line?: number;
  readonly what: string;
  /** It was read: no event, or too little that is one. */
  readonly nothing?: true;
}

/** What a report is about: a recording, two that are compared, or one that could not be read. */
export type Entry = RecordingEntry | ComparisonEntry | UnreadEntry;

/** A format: entries come while recordings are read, and text goes out as they come. */
export type Format = (entries: AsyncIterable<Entry>, about: About) => AsyncIterable<string>;

export const isError = (problem: Problem): boolean => problem.finding.severity === "error";

/** Whether an entry makes the command fail. What the recording before had is not held against the one after. */
export function fails(entry: Entry, failOn: FailOn): boolean {
  if (entry.kind === "unread") return false;
  if (failOn === "difference")
    return (
      entry.kind === "comparison" &&
      (entry.diff.differences.length > 0 || entry.problems.some((p) => p.state !== "unchanged"))
    );
  const { problems } = entry.kind === "comparison" ? entry.after : entry;
  return problems.some((p) => failOn === "hazard" || isError(p));
}
