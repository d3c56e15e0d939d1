/** The input of a growing recording: bytes, pauses, and the places where a file began anew. */

/** The file began anew under its name: it was truncated, or another took its place. */
export type Restart = "truncated" | "replaced";

/** `flush`: no bytes arrived for a moment, or many did; the events read so far are due now. */
export type Piece = Buffer | Restart | "flush";

/** A source of bytes. */
export interface Feed {
  /** Returns the next bytes when there are some; `undefined` at the end. */
  next(): Promise<Buffer | Restart | undefined>;
  /** Ends the feed after the bytes written until now. Returns the milliseconds after which it may give up. */
  stop(): number;
  close(): Promise<void>;
}

/** Milliseconds that events may wait to be seen. */
const FLUSH_MS = 50;

const LATE = Symbol("late");

/**
 * Yields the pieces of a feed up to its end, or until it is stopped. Bytes are followed by a `flush` within a moment,
 * and by another if none arrived after the first; then there is no timer until more arrive.
 */
export async function* piecesOf(feed: Feed, stop: AbortSignal | undefined): AsyncGenerator<Piece> {
  let flushes = 0;
  let due = Infinity;
  let deadline = Infinity;
  let next = feed.next();
  for (;;) {
    if (stop?.aborted && deadline === Infinity) {
      deadline = performance.now() + feed.stop();
    }
    const got = await within(next, Math.min(due, deadline) - performance.now(), stop);
    if (got === undefined || performance.now() > deadline) return;
    if (got !== LATE) {
      if (flushes < 2) due = performance.now() + FLUSH_MS;
      flushes = 2;
      next = feed.next();
      // Handled in its turn: until then it may fail while no code awaits it.
      next.catch(() => {});
      yield got;
    }
    if (performance.now() >= due) {
      due = --flushes > 0 ? performance.now() + FLUSH_MS : Infinity;
      yield "flush";
    }
  }
}

/** Resolves to the promise's result, or to `LATE` after so many milliseconds or when `stop` aborts. */
function within<T>(promise: Promise<T>, ms: number, stop: AbortSignal | undefined): Promise<T | typeof LATE> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      done();
      resolve(LATE);
    };
    const timer = ms === Infinity ? undefined : setTimeout(late, Math.max(0, ms));
    const done = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", late);
    };
    stop?.addEventListener("abort", late);
    promise.then(
      (value) => (done(), resolve(value)),
      (error: unknown) => (done(), reject(error as Error)),
    );
  });
}
