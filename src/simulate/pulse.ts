/**
 * A count that is odd while a function of a kernel runs, and another at each step: by it, whoever watches from another
 * thread (`src/own-kernel/watch.ts`) tells a long run from a function that never gives its step.
 */
export const pulse: {
  /** One word; in shared memory where somebody watches. */
  beats: Int32Array;
  /**
   * Ends a sentence with what is being carried out: ``, while `gmem g v 2M` (line 4) was carried out``. Asked where a
   * run was broken off.
   */
  during: (() => string) | undefined;
} = { beats: new Int32Array(1), during: undefined };
