/** What trying a kernel on a recording comes to. */
import type { TraceSummary } from "../replay/replay.js";

/** The reason that more states would be needed. */
export const GIVEN_UP = "the search was given up before it was decided: --budget allows more states";

/** Where a task of the kernel stands that cannot go on, and what stands against it. */
export interface Blocked {
  /** The task of the recording: `gmemrun-104`. */
  readonly task: string;
  /** What the kernel would do next, in words: `module_put(module, refcnt=3)`. */
  readonly step: string;
  /** The scenario's operation that it is in. */
  readonly during: string;
  /** Why it cannot: the event that is there instead, the argument that differs, or the lock that it waits for. */
  readonly reason: string;
  /** The event of the recording that nothing explains, where there is one. */
  readonly event?: number;
  /** Of a recording in several files, the one that has the line. */
  readonly file?: string;
  readonly line?: number;
}

/**
 * The verdict on a recording and a simulated kernel, with the reasons where there is none, and where the search was
 * stuck.
 */
export interface Conformance {
  readonly verdict: "admitted" | "not admitted" | "inconclusive";
  /** Why that could not be decided, each a sentence without a full stop; none where it was. */
  readonly reasons: readonly string[];
  readonly kernel: string;
  readonly scenario: string;
  readonly trace: TraceSummary;
  /** Events that must be explained, and those that were at the furthest. */
  readonly events: { readonly total: number; readonly explained: number };
  /** States of the kernel that the search went through. */
  readonly states: number;
  /** When not admitted: each state that the kernel could be in at the furthest, by what blocks its tasks. */
  readonly blocked: readonly (readonly Blocked[])[];
}

/** What the search by itself comes to: whose kernel the recording is, is not its matter. */
export type Searched = Omit<Conformance, "trace" | "reasons">;
