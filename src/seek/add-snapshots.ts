/** Replays a log once and leaves snapshots in it, as many as a tenth of its size has room for. */
import { points } from "../../events/index.js";
import { LogFile } from "../log/file/log-file.js";
import { LogReader } from "../log/file/log-reader.js";
import type { StoredSnapshot } from "../log/file/snapshots.js";
import { LogWriter } from "../log/file/writer.js";
import { createTables } from "../log/tables.js";
import { REDUCER_VERSION } from "../reduce/version.js";
import { Replaying } from "../replay/replaying.js";
import { takeSnapshot } from "../snapshot/index.js";
import { snapshotsOf } from "./stored.js";

/** Of the bytes of the events. */
const SHARE = 0.09;
/** What a document becomes when it is compressed with others: where it is not known yet. */
const RATIO = 0.25;
/** Snapshots that are compressed together: as many as one seek wants to decompress. */
const TOGETHER = 8;
const TOGETHER_BYTES = 256 * 1024;
const BLOCK_HEAD = 100;

export interface Added {
  readonly snapshots: number;
  /** What they take in the file. */
  readonly bytes: number;
  /** What an interrupted writer had left at the log's end, and was cut off. */
  readonly healed?: string;
}

/**
 * Leaves snapshots of the state in a log; nothing where it has them already.
 *
 * @throws {LogError} Of a log that cannot be written, or that somebody writes.
 */
export async function addSnapshots(path: string, onProgress: (events: number) => void = () => {}): Promise<Added> {
  const log = LogFile.open(path);
  try {
    if (snapshotsOf(log).length > 0) return { snapshots: 0, bytes: 0 };
    const { writer, healed } = LogWriter.open(path, points, createTables(), { sync: "close" });
    try {
      const before = writer.length;
      const snapshots = await replayed(log, writer, onProgress);
      await writer.close();
      return { snapshots, bytes: writer.length - before, ...(healed === undefined ? {} : { healed }) };
    } finally {
      writer.abandon();
    }
  } finally {
    log.close();
  }
}

async function replayed(log: LogFile, writer: LogWriter, onProgress: (events: number) => void): Promise<number> {
  const tables = createTables(log.path);
  const reader = new LogReader(log, tables);
  const replaying = new Replaying({ tables }, {});
  const budget = new Budget();
  let taken = 0;
  let waiting: StoredSnapshot[] = [];
  const store = (): void => {
    const [first, ...rest] = waiting;
    if (!first) return;
    const before = writer.length;
    writer.appendSnapshots(REDUCER_VERSION, [first, ...rest]);
    budget.stored(writer.length - before);
    taken += waiting.length;
    waiting = [];
  };
  for (const [k, batch] of [...reader.blocks].entries()) {
    replaying.reduce(reader.batch(batch));
    budget.read(batch.length);
    onProgress(replaying.next - 1);
    // The end is nobody's to seek to again: what follows on it is nothing.
    if (k === reader.blocks.length - 1 || !budget.allows) continue;
    const document = takeSnapshot(replaying, { trails: false });
    waiting.push({ seq: replaying.next - 1, document });
    budget.took(document.length);
    if (waiting.length >= TOGETHER || budget.waiting > TOGETHER_BYTES) store();
  }
  store();
  return taken;
}

/** What snapshots may take, and what they take. */
class Budget {
  /** Bytes of documents that are not stored yet. */
  waiting = 0;
  #read = 0;
  #stored = 0;
  #documents = 0;
  #latest = 0;

  read(bytes: number): void {
    this.#read += bytes;
  }

  took(bytes: number): void {
    this.waiting += bytes;
    this.#latest = bytes;
  }

  stored(bytes: number): void {
    this.#stored += bytes;
    this.#documents += this.waiting;
    this.waiting = 0;
  }

  /** Whether the next one, as large as the latest, still fits. */
  get allows(): boolean {
    const ratio = this.#documents > 0 ? this.#stored / this.#documents : RATIO;
    return this.#stored + (this.waiting + this.#latest) * ratio + BLOCK_HEAD <= SHARE * this.#read;
  }
}
