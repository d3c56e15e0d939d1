/** The snapshots that a log has. */
import { DamagedError } from "../log/file/bytes.js";
import type { BlockEntry } from "../log/file/index-block.js";
import type { LogFile } from "../log/file/log-file.js";
import { decodeSnapshots, type StoredSnapshot } from "../log/file/snapshots.js";
import { REDUCER_VERSION } from "../reduce/version.js";

/** Blocks of snapshots that these reducers made, by the event of their first. */
export function snapshotsOf(log: LogFile): readonly BlockEntry[] {
  return log.blocks
    .filter((block) => block.kind === "snapshot" && block.schema === REDUCER_VERSION)
    .sort((a, b) => a.firstSeq - b.firstSeq);
}

/** The latest snapshot that is not later than an event. One that is damaged is as if it were not there. */
export function snapshotBefore(log: LogFile, blocks: readonly BlockEntry[], seq: number): StoredSnapshot | undefined {
  for (let k = blocks.findLastIndex(({ firstSeq }) => firstSeq - 1 <= seq); k >= 0; k--) {
    const found = read(log, blocks[k]!).findLast((snapshot) => snapshot.seq <= seq);
    if (found) return found;
  }
  return undefined;
}

/** Every snapshot, in order. */
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
