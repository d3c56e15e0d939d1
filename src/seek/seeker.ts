/**
 * Seeks any moment of a log: restores the snapshot before the event and replays the events in between. If the log has
 * no snapshots near enough, those made on the way are cached in memory.
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
import { SnapshotCache } from "./snapshot-cache.js";
import { snapshotBefore, snapshotsOf } from "./stored.js";

/** Distance of cached snapshots: events that are replayed in some hundredths of a second. */
const NEAR = 100_000;
/** Bytes of the snapshot cache. */
const MEMORY = 64 << 20;

export interface SeekOptions extends Pick<ReplayingOptions, "everything"> {
  /** Least number of events between two cached snapshots. */
  readonly near?: number;
}

/**
 * Any moment of a log: the state after an event, from the nearest snapshot before it. Events are numbered from 1;
 * times are nanoseconds, or ticks of a counter clock.
 *
 * @throws {LogError} From `open`, if the file is no log.
 */
export class Seeker {
  readonly reader: LogReader;
  readonly #blocks: readonly BlockEntry[];
  readonly #snapshotCache = new SnapshotCache(MEMORY);

  private constructor(
    readonly log: LogFile,
    private readonly options: SeekOptions,
  ) {
    this.reader = new LogReader(log, createTables(log.path));
    // A stored snapshot counts what its own replay counted, which was not everything.
    this.#blocks = options.everything ? [] : snapshotsOf(log);
  }

  /**
   * Opens a log for seeking; `close` closes it.
   *
   * @throws {LogError} If the file is no log.
   */
  static open(path: string, options: SeekOptions = {}): Seeker {
    return Seeker.over(LogFile.open(path), options);
  }

  /** Seeks in an open log, and closes it. */
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

  /** Returns the last event at or before a moment: at most the last of the log, 0 for the time before the first. */
  eventOf(moment: Moment): number {
    return Math.min(this.events, "event" in moment ? moment.event : this.reader.after(moment.time) - 1);
  }

  /** Returns the state after an event, 0 to the last, as a replay that the caller may continue with `forward`. */
  at(event: number): Replaying {
    const replaying = this.#before(event);
    this.forward(replaying, event);
    return replaying;
  }

  /** Continues a replay to an event that it has not passed. */
  forward(replaying: Replaying, event: number): void {
    let since = replaying.next - 1;
    if (replaying.next > event) return;
    for (const batch of this.reader.batches(replaying.next)) {
      const to = Math.max(0, Math.min(batch.length, event - batch.firstSeq + 1));
      replaying.reduce(batch, to);
      if (batch.firstSeq + batch.length > event) return;
      if (replaying.next - 1 - since < (this.options.near ?? NEAR)) continue;
      since = replaying.next - 1;
      this.#snapshotCache.put(since, () => takeSnapshot(replaying));
    }
  }

  /** Returns the batch of an event and its index there; `undefined` if the event cannot be read. */
  find(event: number): { readonly batch: Batch; readonly index: number } | undefined {
    const [batch] = this.reader.batches(event);
    const index = batch ? event - batch.firstSeq : -1;
    return batch && index >= 0 && index < batch.length ? { batch, index } : undefined;
  }

  /** Returns the exact time; `undefined` if the event cannot be read. */
  timeOf(event: number): bigint | undefined {
    const found = this.find(event);
    return found && exactTime(found.batch.timeHigh[found.index]!, found.batch.timeLow[found.index]!);
  }

  #before(event: number): Replaying {
    const recording = { tables: this.reader.tables };
    const stored = snapshotBefore(this.log, this.#blocks, event);
    const cached = this.#snapshotCache.before(event);
    const nearest = cached && cached.seq >= (stored?.seq ?? 0) ? cached : stored;
    try {
      if (nearest) return restoreReplay(nearest.document, recording);
    } catch (error) {
      // A snapshot that these reducers cannot read is ignored.
      if (!(error instanceof SnapshotError)) throw error;
    }
    return new Replaying(recording, this.options);
  }
}
