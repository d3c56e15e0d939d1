/** The entries of a report in any format, one for each recording as it is read. */
import type { Finding, RuleName } from "../check/finding.js";
import type { Judgement, Tally } from "../check/checker.js";
import type { Required } from "../check/required.js";
import type { Diff } from "../compare/types.js";
import type { Remark } from "../read/report.js";
import type { ObjectCounts, TraceSummary } from "../replay/replay.js";
import type { ShownStep } from "../show/findings.js";
import type { Timeline } from "./timeline.js";

/** The problems that make the command fail, from the mildest demand to the strictest: see `fails`. */
export const FAIL_ON = ["error", "hazard", "difference"] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** Everything known before the first recording is read. */
export interface About {
  /** Version of kreel. */
  readonly version: string;
  /** Number of entries to come. */
  readonly entries: number;
  readonly failOn: FailOn;
  /** Rules that must have been judged. */
  readonly required?: Required;
}

/** An event of the recording as ftrace prints it. */
export interface Quote {
  readonly event: number;
  /** In a recording of several files, the one with the line. */
  readonly file?: string;
  readonly line?: number;
  /** `gmemrun-104 [000] 17.890777: try_module_get: (…) module=0x…`; untrusted, see `printable`. */
  readonly text: string;
}

/** The state relative to the recording before, in SARIF's terms. */
export type BaselineState = "new" | "unchanged" | "absent";

/** One mistake, however often the recording shows it. */
export interface Problem {
  /** Equal for the same mistake in any run: derived from no address, time, number or task. */
  readonly fingerprint: string;
  /** The first finding of it. */
  readonly finding: Finding;
  readonly times: number;
  readonly steps: readonly ShownStep[];
  /** The lines that the finding rests on, in order; empty if the recording could be read only once. */
  readonly quotes: readonly Quote[];
  readonly state?: BaselineState;
}

export interface RecordingEntry {
  readonly kind: "recording";
  readonly trace: TraceSummary;
  /** The origin, if kreel exported the recording, and the recorder. */
  readonly environment: readonly Remark[];
  readonly objects: Readonly<Record<string, ObjectCounts>>;
  readonly rules: ReadonlyMap<RuleName, Tally>;
  readonly judgements: readonly Judgement[];
  /** Findings first, then hazards; each in the order of the recording. */
  readonly problems: readonly Problem[];
  /** Present if asked for and the recording could be read again. */
  readonly timeline?: Timeline;
}

/** Two recordings of one workload. */
export interface ComparisonEntry {
  readonly kind: "comparison";
  readonly before: RecordingEntry;
  readonly after: RecordingEntry;
  readonly diff: Diff;
  /** New and unchanged problems of `after`, and absent ones of `before`. */
  readonly problems: readonly Problem[];
}

/** A recording that could not be read completely, or held nothing to judge. */
export interface UnreadEntry {
  readonly kind: "unread";
  readonly path: string;
  readonly line?: number;
  readonly what: string;
  /** The recording was read and holds no event, or too little that is one. */
  readonly nothing?: true;
}

/** An entry of a report: a recording, two that are compared, or one that could not be read. */
export type Entry = RecordingEntry | ComparisonEntry | UnreadEntry;

/** A format: entries come while recordings are read, and text goes out as they come. */
export type Format = (entries: AsyncIterable<Entry>, about: About) => AsyncIterable<string>;

export const isError = (problem: Problem): boolean => problem.finding.severity === "error";

/** True if an entry makes the command fail. Problems of the recording before do not count. */
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
