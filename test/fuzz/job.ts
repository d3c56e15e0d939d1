/** The messages to and from a thread. */
import type { FuzzFormat } from "./input.js";

export interface Job {
  readonly seed: number;
  /** One format, or all. */
  readonly format: FuzzFormat | undefined;
  /** The number after the last input. For one format its own inputs are counted. */
  readonly to: number;
  /** Memory of a `Tally`. */
  readonly tally: SharedArrayBuffer;
  /** The number of the next input; the threads share it. */
  readonly next: SharedArrayBuffer;
}

/** One input that breaks a promise. */
export interface Found {
  readonly index: number;
  readonly format: FuzzFormat;
  /** The promise, and for an error without words the place that threw it: the same for all faults of one kind. */
  readonly kind: string;
  readonly detail: string;
}

export type Said =
  | { readonly type: "found"; readonly found: Found }
  /** By rule: findings in healthy recordings from which something was removed. */
  | { readonly type: "rules"; readonly rules: readonly string[]; readonly index: number }
  | { readonly type: "done" };
