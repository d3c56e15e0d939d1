/** Results of rules: something that must never happen (a finding), or a window in which it could (a hazard). */
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

/** A reference that its owner did not give back and never will. */
export interface Unreturned {
  /** The event that took it. `by`: its operation. */
  readonly event: number;
  readonly by: string;
  /** The missing put: `module_put before the call returns`. */
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
  /** The file that has the line, if the recording is in several. */
  readonly file?: string;
  /** Line of the recording; absent if the format has none. */
  readonly line?: number;
  /** In seconds, with the recording's own digits. */
  readonly time: string;
  readonly task: string;
  readonly message: string;
  /** Events that prove it, in order; the last is `event`, or one that followed from it. */
  readonly evidence: readonly number[];
  /** The steps that led to it, with their tasks: two columns if two tasks raced. */
  readonly steps: readonly Step[];
  /** The one reference by which the object leaked. */
  readonly unreturned?: Unreturned;
  /** Objects on which it says that a reference is kept: an end or a count that shows the contrary withdraws it. */
  readonly kept?: readonly ObjectId[];
  /** Objects on which it says that a reference lacks: a count that shows one taken withdraws it. */
  readonly lacking?: readonly ObjectId[];
  /** Descriptors that it says are kept reserved: their use withdraws it. */
  readonly reserved?: readonly { readonly process: number; readonly fd: number }[];
}

/** The conclusion of a rule from one fact. */
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
