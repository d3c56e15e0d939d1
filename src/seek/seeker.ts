/**
 * Any moment of a log at once: the state after an event is that of the snapshot before it, and the replay of what comes
 * between. Where the log has no snapshots near enough, those that are made on the way are kept in memory.
 */
import type { Batch } from "../log/batch.js";
import { LogFile } from "../log/file/log-file.js";
import { LogReader } from "../log/file/log-reader.js";
import type { BlockEntry } from "../log/file/index-block.js";
import { createTables } from "../log/tables.js";
import { exactTime } from "../log/time.js";
import { Replaying, type ReplayingOptions } from "../replay/replaying.js";
import { restoreReplay, takeSnapshot } from "../snapshot/index.js";
import { SnapshotError } from "../snapshot/snapshot-error.js";
import type { Moment } from "../replay/replay.js";
import { Kept } from "./snapshot-cache.js";
import { snapshotBefore, snapshotsOf } from "./stored.js";

/** Events that a replay does in some hundredths of a second: no snapshots are made closer to each other than that. */
const NEAR = 100_000;
/** Bytes of snapshots that are kept in memory. */
const MEMORY = 64 << 20;

export interface SeekOptions extends Pick<ReplayingOptions, "everything"> {
  /** Events between two snapshots that are kept in memory, at least. */
  readonly near?: number;
}

/**
 * Any moment of a log: the state after an event, from the nearest snapshot before it. Events are numbered from 1;
 * times are nanoseconds, or ticks of a counter clock.
 *
 * @throws {LogError} From `open`: of what is no log.
 */
export class Seeker {
  readonly reader: LogReader;
  readonly #blocks: readonly BlockEntry[];
  readonly #kept = new Kept(MEMORY);

  private constructor(
    readonly log: LogFile,
    private readonly options: SeekOptions,
  ) {
    this.reader = new LogReader(log, createTables(log.path));
    // A snapshot counts what the replay that it was taken of counted.
    this.#blocks = options.everything ? [] : snapshotsOf(log);
  }

  /** Throws a `LogError` for what is no log. */
  static open(path: string, options: SeekOptions = {}): Seeker {
    return Seeker.over(LogFile.open(path), options);
  }

  /** Of a log that is open; closes it. */
  static over(log: LogFile, options: SeekOptions = {}): Seeker {
    return new Seeker(log, options);
  }

  close(): void {
    this.log.close();
  }

  /** Number of the last event. */
  get events(): number {
    return this.log.events;
  }

  /** The event that a moment is after: at most the last, 0 for the time before the first. */
  eventOf(moment: Moment): number {
    return Math.min(this.events, "event" in moment ? moment.event : this.reader.after(moment.time) - 1);
  }

  /** The state after an event, 0 to the last: a replay that the caller may take further with `forward`. */
  at(event: number): Replaying {
    const replaying = this.#before(event);
    this.forward(replaying, event);
    return replaying;
  }

  /** Takes a replay on to an event that is not behind it. */
  forward(replaying: Replaying, event: number): void {
    let since = replaying.next - 1;
    if (replaying.next > event) return;
    for (const batch of this.reader.batches(replaying.next)) {
      const to = Math.max(0, Math.min(batch.length, event - batch.firstSeq + 1));
      replaying.reduce(batch, to);
      if (batch.firstSeq + batch.length > event) return;
      if (replaying.next - 1 - since < (this.options.near ?? NEAR)) continue;
      since = replaying.next - 1;
      this.#kept.put(since, () => takeSnapshot(replaying));
    }
  }

  /** The batch that has an event, and its place there; `undefined` where that event cannot be read. */
  find(event: number): { readonly batch: Batch; readonly index: number } | undefined {
    const [batch] = this.reader.batches(event);
    const index = batch ? event - batch.firstSeq : -1;
    return batch && index >= 0 && index < batch.length ? { batch, index } : undefined;
  }

  /** Exact; `undefined` where that event cannot be read. */
  timeOf(event: number): bigint | undefined {
    const found = this.find(event);
    return found && exactTime(found.batch.timeHigh[found.index]!, found.batch.timeLow[found.index]!);
  }

  #before(event: number): Replaying {
    const recording = { tables: this.reader.tables };
    const stored = snapshotBefore(this.log, this.#blocks, event);
    const kept = this.#kept.before(event);
    const nearest = kept && kept.seq >= (stored?.seq ?? 0) ? kept : stored;
    try {
      if (nearest) return restoreReplay(nearest.document, recording);
    } catch (error) {
      // One that does not say what these reducers understand is as if it were not there.
      if (!(error instanceof SnapshotError)) throw error;
    }
    return new Replaying(recording, this.options);
  }
}
