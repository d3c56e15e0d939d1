/** What arrives while a recording grows: bytes, pauses, and the places where a file began anew. */

/** The file that is read began anew under its name: it was made shorter, or another took its place. */
export type Restart = "truncated" | "replaced";

/** `flush`: nothing more has come for a moment, or much has; what was read is wanted now. */
export type Piece = Buffer | Restart | "flush";

/** Where bytes arrive. */
export interface Feed {
  /** The next bytes when there are some; `undefined` at the end. */
  next(): Promise<Buffer | Restart | undefined>;
  /**
   * What was written until now is still wanted; then the feed is to end. Returns after how many milliseconds it need
   * not go on.
   */
  stop(): number;
  close(): Promise<void>;
}

/** How long what was read may wait to be seen. */
const FLUSH_MS = 50;

const LATE = Symbol("late");

/**
 * The pieces of a feed up to its end, or until it is stopped. After bytes there is a `flush` within a moment, and
 * another when nothing came after the first; then silence, without a timer, until more comes.
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
      // Looked at when its turn comes: until then it may fail without anybody waiting for it.
      next.catch(() => {});
      yield got;
    }
    if (performance.now() >= due) {
      due = --flushes > 0 ? performance.now() + FLUSH_MS : Infinity;
      yield "flush";
    }
  }
}

/** What a promise comes to, or `LATE` after so many milliseconds or when `stop` is told. */
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
