/**
 * A count that is odd while a function of a kernel runs, and changes at each step: by it, another thread
 * (`src/own-kernel/watch.ts`) tells a long run from a function that never yields its step.
 */
export const pulse: {
  /** One word; in shared memory if another thread watches. */
  beats: Int32Array;
  /**
   * Ends a sentence with the operation in progress: ``, while `gmem g v 2M` (line 4) was carried out``. Called when a
   * run is broken off.
   */
  during: (() => string) | undefined;
} = { beats: new Int32Array(1), during: undefined };
