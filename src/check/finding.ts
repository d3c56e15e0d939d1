/** What a rule says: a thing that must never happen (a finding), or a window in which it could (a hazard). */
import type { ObjectId, Step } from "../reduce/objects.js";

/** The rules, by the names that findings and `--require` use. The last is a hazard, the others are errors. */
export const RULES = [
  "leaked-inode",
  "leaked-file",
  "leaked-descriptor",
  "leaked-mount",
  "leaked-vm",
  "leaked-module-reference",
  "missing-module-reference",
  "refcount-underflow",
  "use-after-free",
  "double-free",
  "module-exit-in-use",
  "dangling-binding",
  "unbalanced-error-path",
  "cache-destroyed-in-use",
  "module-unpinned-early",
] as const;
/** The name of a rule. */
export type RuleName = (typeof RULES)[number];

/** A reference that nobody gave back, and never will. */
export interface Unreturned {
  /** The event that took it, and by which operation. */
  readonly event: number;
  readonly by: string;
  /** The put that is not there: `module_put before the call returns`. */
  readonly put: string;
}

/**
 * A thing that is wrong (`error`), or a window in which it could go wrong (`warning`, a hazard): what, where it became
 * certain, and the events that show it.
 */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: "error" | "warning";
  /** The object that is wrong, as `labelOf` calls it. */
  readonly object: string;
  /** The event at which it became certain. */
  readonly event: number;
  /** Of a recording in several files, the one that has the line. */
  readonly file?: string;
  /** Line of the recording; absent where the format has none. */
  readonly line?: number;
  /** The recording's own digits. */
  readonly time: string;
  readonly task: string;
  readonly message: string;
  /** Events that show it, in order; the last is `event`, or what followed from it. */
  readonly evidence: readonly number[];
  /** The steps behind the evidence, with their tasks: two columns where two tasks raced. */
  readonly steps: readonly Step[];
  /** Of what leaked by one reference, that reference. */
  readonly unreturned?: Unreturned;
  /** Objects that are said to be kept: an end or a count that shows the contrary withdraws the finding. */
  readonly kept?: readonly ObjectId[];
  /** Objects on which a reference is said to lack: a count that shows one taken withdraws the finding. */
  readonly lacking?: readonly ObjectId[];
  /** Descriptors that are said to be kept reserved: their use withdraws the finding. */
  readonly reserved?: readonly { readonly process: number; readonly fd: number }[];
}

/** What a rule concluded from one fact. */
export type Verdict =
  | { readonly verdict: "wrong"; readonly findings: readonly Claim[] }
  | { readonly verdict: "fine" }
  | { readonly verdict: "cannot tell" };

/** A finding before it is given its place in the recording. */
export interface Claim {
  readonly object: string;
  readonly message: string;
  readonly evidence: readonly number[];
  readonly steps?: readonly Step[];
  readonly unreturned?: Unreturned;
  readonly kept?: readonly ObjectId[];
  readonly lacking?: readonly ObjectId[];
  readonly reserved?: readonly { readonly process: number; readonly fd: number }[];
}

export const FINE: Verdict = { verdict: "fine" };
export const CANNOT_TELL: Verdict = { verdict: "cannot tell" };
export function wrong(...findings: Claim[]): Verdict {
  return { verdict: "wrong", findings };
}
