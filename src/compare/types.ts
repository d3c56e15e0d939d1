/** What comparing two recordings of one workload comes to. */
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

/** Where in a recording something is. */
export interface Site {
  readonly event: number;
  /** Absent where the format has no lines, or the recording several files. */
  readonly line?: number;
}

/** One difference between two recordings of a workload, with its place in each. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** The outermost operation that it is part of: the words of a marker around it (`op: …`), else `kvm_init by TASK`. */
  readonly where: string;
  /** The operation that differs; of a replacement, the new one. */
  readonly operation?: string;
  /** What differs about a state: `mount of kvm_guest_memory`. */
  readonly object?: string;
  /** Null where one side has nothing that corresponds. */
  readonly before: Site | null;
  readonly after: Site | null;
  readonly message: string;
}

export type Side = "before" | "after";

/** Why something cannot be compared. */
export type Reason =
  /** The head of the recording says that the kernel refused its probe. */
  | "refused"
  /** The kernel is known to have it inlined. */
  | "inlined"
  /** Other probes of that recording were not set either, or this one cannot have been. */
  | "unprobed"
  /** What it does is there, without it. */
  | "hidden"
  /** Its returns alone, or its entries alone, are never shown. */
  | "returns"
  | "entries"
  /** The program marked what it does in one of the recordings only: what user space saw is in the marks. */
  | "markers"
  /** An argument that no event shows. */
  | "argument"
  /** The head of the recording says that some of its events were missed. */
  | "missed"
  /** How many objects lived or are left, where some may have begun or ended unseen. */
  | "lives"
  /** A finding that the other recording could not have shown. */
  | "finding";

/** What one recording shows and the other could not have shown: no difference, and not the same either. */
export interface Incomparable {
  readonly reason: Reason;
  /** The side that does not show it. */
  readonly missing: Side;
  readonly operation?: string;
  readonly argument?: string;
  /** Of a finding, its rule. */
  readonly rule?: string;
  /** How often the other side has it. */
  readonly times: number;
  /** Where first. */
  readonly first: Site | null;
  readonly message: string;
}

/** A line of a hunk: a call of the aligned trees, indented by how deep it is. */
export interface HunkLine {
  /** `=` on both sides, `-` only before, `+` only after, `~` on both and changed. */
  readonly mark: "=" | "-" | "+" | "~";
  readonly depth: number;
  /** Of one that is on both sides, as it is after. */
  readonly text: string;
  /** As it was before, where that reads differently and is the same. */
  readonly textBefore?: string;
  readonly before: Site | null;
  readonly after: Site | null;
}

/** One outermost operation in which something differs, with the calls around the difference. */
export interface Hunk {
  readonly where: string;
  /** How many outermost operations differ in exactly this way, this one among them. */
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

/** How many operations, results and states are the same, and how many are not: counts. */
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

/** Two recordings compared: what differs, in the order of the recordings, with the calls around it. */
export interface Diff {
  readonly before: TraceSummary;
  readonly after: TraceSummary;
  readonly differences: readonly Difference[];
  readonly summary: DiffSummary;
  /** What was left out of the comparison. */
  readonly incomparable: readonly Incomparable[];
  readonly hunks: readonly Hunk[];
  /** What lies between the hunks, in the order of the recordings: the first thousands of it. */
  readonly same: readonly SameStep[];
}
