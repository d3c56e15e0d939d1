/** Replays a log once and stores snapshots in it, as many as fit into a tenth of its size. */
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

/** Share of the bytes of the events that snapshots may take. */
const SHARE = 0.09;
/** Assumed compression ratio of a document, until the first ones are compressed. */
const RATIO = 0.25;
/** Most snapshots compressed together: as many as one seek should have to decompress. */
const TOGETHER = 8;
const TOGETHER_BYTES = 256 * 1024;
const BLOCK_HEAD = 100;

export interface Added {
  readonly snapshots: number;
  /** Bytes that they take in the file. */
  readonly bytes: number;
  /** The torn end that an interrupted writer had left and that was cut off, in words. */
  readonly healed?: string;
}

/**
 * Stores snapshots of the state in a log, unless it has some already.
 *
 * @throws {LogError} If the log cannot be written, or another process is writing it.
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
    // The end needs no snapshot: nothing follows it.
    if (k === reader.blocks.length - 1 || !budget.allows) continue;
    const document = takeSnapshot(replaying, { trails: false });
    waiting.push({ seq: replaying.next - 1, document });
    budget.took(document.length);
    if (waiting.length >= TOGETHER || budget.waiting > TOGETHER_BYTES) store();
  }
  store();
  return taken;
}

/** The bytes that snapshots may take, and those that they take. */
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

  /** True if another snapshot, as large as the latest, still fits. */
  get allows(): boolean {
    const ratio = this.#documents > 0 ? this.#stored / this.#documents : RATIO;
    return this.#stored + (this.waiting + this.#latest) * ratio + BLOCK_HEAD <= SHARE * this.#read;
  }
}
