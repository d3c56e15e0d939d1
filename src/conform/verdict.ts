/** The result of matching a recording against a kernel. */
import type { TraceSummary } from "../replay/replay.js";

/** The reason if more states would be needed. */
export const GIVEN_UP = "the search was given up before it was decided: --budget allows more states";

/** A task of the kernel that cannot continue, and the obstacle. */
export interface Blocked {
  /** The task of the recording: `gmemrun-104`. */
  readonly task: string;
  /** The kernel's next step, in words: `module_put(module, refcnt=3)`. */
  readonly step: string;
  /** The scenario's operation that it is in. */
  readonly during: string;
  /** The obstacle: the event that is there instead, the argument that differs, or the lock that it waits for. */
  readonly reason: string;
  /** The event of the recording that nothing explains, if there is one. */
  readonly event?: number;
  /** For a recording of several files, the one with the line. */
  readonly file?: string;
  readonly line?: number;
}

/**
 * The verdict on a recording and a simulated kernel, with the reasons if it is undecided, and the states in which the
 * search was stuck.
 */
export interface Conformance {
  readonly verdict: "admitted" | "not admitted" | "inconclusive";
  /** Why it is undecided, each a sentence without a full stop; empty if it is decided. */
  readonly reasons: readonly string[];
  readonly kernel: string;
  readonly scenario: string;
  readonly trace: TraceSummary;
  /** Events that must be explained, and how many were at the furthest. */
  readonly events: { readonly total: number; readonly explained: number };
  /** States of the kernel that the search visited. */
  readonly states: number;
  /** If not admitted: each furthest state, by the obstacles of its tasks. */
  readonly blocked: readonly (readonly Blocked[])[];
}

/** The result of the search alone, regardless of whose kernel the recording is. */
export type Searched = Omit<Conformance, "trace" | "reasons">;
