/**
 * Caches snapshots in memory. When they exceed the limit, every second one is dropped, so that the rest stay evenly
 * spaced.
 */
import type { StoredSnapshot } from "../log/file/snapshots.js";

export class SnapshotCache {
  /** In the order of their events. */
  #snapshots: StoredSnapshot[] = [];
  #bytes = 0;
  /** Least number of events between two snapshots. */
  #spacing = 0;

  constructor(private readonly memory: number) {}

  /** Returns the latest snapshot at or before an event. */
  before(seq: number): StoredSnapshot | undefined {
    return this.#snapshots.findLast((snapshot) => snapshot.seq <= seq);
  }

  /** Caches the state after an event, unless another snapshot is near enough. */
  put(seq: number, take: () => Uint8Array): void {
    const at = this.#snapshots.findLastIndex((snapshot) => snapshot.seq <= seq) + 1;
    const [before, after] = [this.#snapshots[at - 1], this.#snapshots[at]];
    if ((before && seq - before.seq < Math.max(1, this.#spacing)) || (after && after.seq - seq < this.#spacing)) return;
    const document = take();
    this.#snapshots.splice(at, 0, { seq, document });
    this.#bytes += document.length;
    if (this.#bytes > this.memory) this.#thin();
  }

  #thin(): void {
    const all = this.#snapshots;
    this.#snapshots = all.filter((_, k) => k % 2 === 1);
    this.#bytes = this.#snapshots.reduce((sum, { document }) => sum + document.length, 0);
    this.#spacing = Math.max(
      this.#spacing * 2,
      ...this.#snapshots.slice(1, 2).map(({ seq }) => seq - this.#snapshots[0]!.seq),
    );
  }
}
