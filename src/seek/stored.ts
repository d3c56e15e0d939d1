/** Reads the snapshots stored in a log. */
import { DamagedError } from "../log/file/bytes.js";
import type { BlockEntry } from "../log/file/index-block.js";
import type { LogFile } from "../log/file/log-file.js";
import { decodeSnapshots, type StoredSnapshot } from "../log/file/snapshots.js";
import { REDUCER_VERSION } from "../reduce/version.js";

/** Returns the blocks of snapshots made by these reducers, sorted by their first event. */
export function snapshotsOf(log: LogFile): readonly BlockEntry[] {
  return log.blocks
    .filter((block) => block.kind === "snapshot" && block.schema === REDUCER_VERSION)
    .sort((a, b) => a.firstSeq - b.firstSeq);
}

/** Returns the latest snapshot at or before an event. Damaged ones are ignored. */
export function snapshotBefore(log: LogFile, blocks: readonly BlockEntry[], seq: number): StoredSnapshot | undefined {
  for (let k = blocks.findLastIndex(({ firstSeq }) => firstSeq - 1 <= seq); k >= 0; k--) {
    const found = read(log, blocks[k]!).findLast((snapshot) => snapshot.seq <= seq);
    if (found) return found;
  }
  return undefined;
}

/** Yields every snapshot, in order. */
export function* storedSnapshots(log: LogFile): Generator<StoredSnapshot> {
  for (const block of snapshotsOf(log)) yield* read(log, block);
}

function read(log: LogFile, block: BlockEntry): readonly StoredSnapshot[] {
  try {
    return decodeSnapshots(log.read(block).payload);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    log.damaged(block, error.message);
    return [];
  }
}
