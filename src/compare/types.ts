/** The result of comparing two recordings of one workload. */
import type { TraceSummary } from "../replay/replay.js";

/** The kinds of difference, as `diff --json` names them. */
export const DIFFERENCE_KINDS = [
  "operation-added",
  "operation-removed",
  "operation-replaced",
  "operation-reordered",
  "argument-changed",
  "result-changed",
  "state-changed",
  "finding-introduced",
  "finding-fixed",
] as const;
/** One of the kinds of difference, as `diff --json` names them. */
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** A position in a recording. */
export interface Site {
  readonly event: number;
  /** Absent if the format has no lines, or the recording has several files. */
  readonly line?: number;
}

/** One difference between two recordings of a workload, with its place in each. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** The outermost operation that it is part of: the words of a marker around it (`op: …`), else `kvm_init by TASK`. */
  readonly where: string;
  /** The operation that differs; for a replacement, the new one. */
  readonly operation?: string;
  /** The object whose state differs: `mount of kvm_guest_memory`. */
  readonly object?: string;
  /** Null if one side has no counterpart. */
  readonly before: Site | null;
  readonly after: Site | null;
  readonly message: string;
}

export type Side = "before" | "after";

/** The reason why something cannot be compared. */
export type Reason =
  /** The head of the recording says that the kernel refused its probe. */
  | "refused"
  /** The kernel is known to have it inlined. */
  | "inlined"
  /** Other probes of that recording were not set either, or this one cannot have been. */
  | "unprobed"
  /** Its effects are there, without it. */
  | "hidden"
  /** Its returns alone, or its entries alone, are never shown. */
  | "returns"
  | "entries"
  /** The program marked what it does in one of the recordings only: what user space saw is in the marks. */
  | "markers"
  /** No event shows the argument. */
  | "argument"
  /** The head of the recording says that some of its events were missed. */
  | "missed"
  /** The number of objects that lived or remain, where some may have begun or ended unseen. */
  | "lives"
  /** A finding that the other recording could not have shown. */
  | "finding";

/** Something that one recording shows and the other could not have shown: no difference, and not the same either. */
export interface Incomparable {
  readonly reason: Reason;
  /** The side that does not show it. */
  readonly missing: Side;
  readonly operation?: string;
  readonly argument?: string;
  /** The rule of a finding. */
  readonly rule?: string;
  /** Number of times the other side has it. */
  readonly times: number;
  /** The first of them. */
  readonly first: Site | null;
  readonly message: string;
}

/** A line of a hunk: a call of the aligned trees, indented by its depth. */
export interface HunkLine {
  /** `=` on both sides, `-` only before, `+` only after, `~` on both and changed. */
  readonly mark: "=" | "-" | "+" | "~";
  readonly depth: number;
  /** For a call on both sides, its text on the side after. */
  readonly text: string;
  /** Its text on the side before, if that reads differently and is the same call. */
  readonly textBefore?: string;
  readonly before: Site | null;
  readonly after: Site | null;
}

/** One outermost operation with a difference, and the calls around the difference. */
export interface Hunk {
  readonly where: string;
  /** Number of outermost operations that differ in exactly this way, including this one. */
  readonly times: number;
  readonly before: Site | null;
  readonly after: Site | null;
  readonly lines: readonly HunkLine[];
}

/** An outermost operation that is the same on both sides. */
export interface SameStep {
  readonly where: string;
  readonly text: string;
  readonly before: Site;
  readonly after: Site;
}

/** Counts of equal and of different operations, results and states. */
export interface DiffSummary {
  readonly operations: {
    readonly same: number;
    readonly added: number;
    readonly removed: number;
    readonly replaced: number;
    readonly reordered: number;
  };
  readonly results: { readonly same: number; readonly changed: number };
  readonly state: { readonly same: number; readonly changed: number };
}

/** The differences of two recordings in their order, with the calls around them. */
export interface Diff {
  readonly before: TraceSummary;
  readonly after: TraceSummary;
  readonly differences: readonly Difference[];
  readonly summary: DiffSummary;
  /** Everything left out of the comparison. */
  readonly incomparable: readonly Incomparable[];
  readonly hunks: readonly Hunk[];
  /** Steps between the hunks, in the order of the recordings; limited to the first thousands. */
  readonly same: readonly SameStep[];
}
