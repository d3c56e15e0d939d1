/**
 * Checks that two machines replay one log alike: compares the states that one stored in it with those replayed here.
 */
import { createHash } from "node:crypto";
import type { LogFile } from "../log/file/log-file.js";
import { LogReader } from "../log/file/log-reader.js";
import { createTables } from "../log/tables.js";
import { Replaying } from "../replay/replaying.js";
import { firstDifference, takeSnapshot } from "../snapshot/index.js";
import { storedSnapshots } from "./stored.js";

/** A state that is stored in a log, and this replay's state at the same event: both as SHA-256. */
export interface CheckedState {
  readonly event: number;
  /** SHA-256 of the stored state, in hexadecimal. */
  readonly stored: string;
  /** SHA-256 of the state replayed here. */
  readonly replayed: string;
  /** The first difference in words; absent if they agree. */
  readonly difference?: string;
}

/**
 * Yields each stored state in order, as the replay reaches it. Ends with the first that differs, since all later ones
 * would, too.
 */
export function* checkStates(log: LogFile): Generator<CheckedState> {
  const tables = createTables(log.path);
  const replaying = new Replaying({ tables }, {});
  const batches = new LogReader(log, tables).batches();
  let batch = batches.next();
  for (const { seq, document } of storedSnapshots(log)) {
    for (; !batch.done && replaying.next <= seq; ) {
      const { firstSeq, length } = batch.value;
      replaying.reduce(batch.value, Math.max(0, Math.min(length, seq - firstSeq + 1)));
      if (firstSeq + length <= replaying.next) batch = batches.next();
    }
    const own = takeSnapshot(replaying, { trails: false });
    const difference = firstDifference(document, own);
    yield {
      event: seq,
      stored: hash(document),
      replayed: hash(own),
      ...(difference === undefined ? {} : { difference }),
    };
    if (difference !== undefined) return;
  }
}

function hash(document: Uint8Array): string {
  return createHash("sha256").update(document).digest("hex");
}
