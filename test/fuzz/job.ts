/** What a thread is given, and what it says. */
import type { FuzzFormat } from "./input.js";

export interface Job {
  readonly seed: number;
  /** Of one format alone, or of all. */
  readonly format: FuzzFormat | undefined;
  /** The number behind the last input. Of one format its own are counted. */
  readonly to: number;
  /** Memory of a `Tally`. */
  readonly tally: SharedArrayBuffer;
  /** The number of the input that is next, which threads take one after the other. */
  readonly next: SharedArrayBuffer;
}

/** One input that breaks a promise. */
export interface Found {
  readonly index: number;
  readonly format: FuzzFormat;
  /** The promise, and for an error that is none in words where it was thrown: the same for all of one kind. */
  readonly kind: string;
  readonly detail: string;
}

export type Said =
  | { readonly type: "found"; readonly found: Found }
  /** By rule: findings in healthy recordings from which something was taken away. */
  | { readonly type: "rules"; readonly rules: readonly string[]; readonly index: number }
  | { readonly type: "done" };
