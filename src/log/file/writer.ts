/**
 * Appends to a log file. Nothing that was written is ever changed: an append adds a block at the end, or leaves the file as it
 * was and throws. Whether an append is on disk when it returns is for the caller to choose.
 */
import { closeSync, constants, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { nanoid } from "nanoid";
import type { PointTable } from "../../../events/points.js";
import type { Batch } from "../batch.js";
import type { Origin } from "../log.js";
import type { Tables } from "../tables.js";
import { EventsEncoder } from "./encode.js";
import { type BlockKind, crc32, encodeBlockHeader, encodeFileHeader, FILE_HEADER, hashOf } from "./format.js";
import { type BlockEntry, encodeIndex, entryOf } from "./index-block.js";
import { LockedError, WriteLock } from "./lock.js";
import { LogError } from "./log-error.js";
import { LogFile } from "./log-file.js";
import { whyNotWritten } from "./not-written.js";
import { packed } from "./packed.js";
import { schemaJson, schemaOf } from "./schema.js";
import { encodeSnapshots, type StoredSnapshot } from "./snapshots.js";

/**
 * When an append returns: `append`, once it is on disk (appends that come together share one sync); `close`, once the system
 * has it, and `close` puts all on disk.
 */
export type SyncPolicy = "append" | "close";

export interface WriterOptions {
  readonly sync?: SyncPolicy;
}

export class LogWriter {
  readonly #encoder: EventsEncoder;
  #length: number;
  /** Up to which byte the file is known to be on disk. */
  #onDisk = 0;
  #previous: Buffer;
  #next: number;
  #schema: number;
  /** Why nothing can be written any more. */
  #broken: LogError | undefined;
  #closed = false;
  /** A sync that is on its way, and the one that whoever comes meanwhile waits for. */
  #syncing: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  private constructor(
    readonly path: string,
    readonly id: string,
    private readonly fd: number,
    private readonly lock: WriteLock,
    points: PointTable,
    tables: Tables,
    private readonly sync: SyncPolicy,
    private readonly entries: BlockEntry[],
    state: { readonly length: number; readonly previous: Buffer; readonly next: number; readonly schema: number },
  ) {
    this.#encoder = new EventsEncoder(points, tables);
    this.#length = state.length;
    this.#previous = state.previous;
    this.#next = state.next;
    this.#schema = state.schema;
  }

  /** A new log. Throws a `LogError` where there is a file already, or none can be made. */
  static create(path: string, origin: Origin, points: PointTable, tables: Tables, options: WriterOptions = {}): LogWriter {
    const lock = locked(path);
    let fd: number | undefined;
    try {
      fd = opened(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
      const id = nanoid();
      const header = encodeFileHeader(id);
      const writer = new LogWriter(path, id, fd, lock, points, tables, options.sync ?? "append", [], { length: 0, previous: hashOf(header), next: 1, schema: -1 });
      writer.#write(header);
      writer.#appendSchema(points);
      writer.#appendJson("origin", JSON.stringify(origin));
      if (writer.sync === "append") writer.#syncNow();
      syncFolder(path);
      return writer;
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      lock.release();
      throw error;
    }
  }

  /** Goes on with a log, after whatever an interrupted writer left at its end is cut off; `healed` says what that was. */
  static open(path: string, points: PointTable, tables: Tables, options: WriterOptions = {}): { readonly writer: LogWriter; readonly healed: string | undefined } {
    const lock = locked(path);
    let fd: number | undefined;
    try {
      fd = opened(path, constants.O_RDWR);
      const log = LogFile.open(path);
      try {
        const healed = log.interrupted();
        if (healed && healed.at < FILE_HEADER) throw new LogError(`${healed.what}; nothing of it was written whole: remove it`, path);
        if (healed) ftruncateSync(fd, healed.at);
        // What was written without a sync is on disk from here on.
        fsyncSync(fd);
        const blocks = healed ? log.blocks.filter(({ at }) => at < healed.at) : log.blocks;
        const last = blocks.at(-1);
        const schemas = blocks.filter(({ kind }) => kind === "schema").length;
        const state = { length: healed?.at ?? log.end, previous: log.hashAt(last), next: last ? last.firstSeq + last.events : 1, schema: schemas - 1 };
        const writer = new LogWriter(path, log.id, fd, lock, points, tables, options.sync ?? "append", [...blocks], state);
        writer.#onDisk = state.length;
        if (schemas === 0 || !log.isOfSchema(schemas - 1, points)) writer.#appendSchema(points);
        return { writer, healed: healed && `${healed.what}; it was cut off there` };
      } finally {
        log.close();
      }
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      lock.release();
      throw error;
    }
  }

  /** Events in the log. */
  get events(): number {
    return this.#next - 1;
  }

  /** Bytes of the file. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a batch, whose numbers go on where the log's end. It is there, whole, when this returns, as surely as `sync` says;
   * or the log is as it was, and this throws a `LogError`.
   */
  async append(batch: Batch): Promise<void> {
    this.appendNow(batch);
    if (this.sync === "append") await this.#synced();
  }

  /** The same without waiting for the disk, whatever `sync` says. */
  appendNow(batch: Batch): void {
    if (batch.firstSeq !== this.#next) throw new RangeError(`the log's next event is ${this.#next}, the batch begins with ${batch.firstSeq}`);
    const { payload, points } = this.#encoder.encode(batch);
    this.#appendBlock("events", payload, { events: batch.length, ...latestTime(batch) }, points);
    this.#next += batch.length;
  }

  /** What reading the events came to; the latest report is the one that counts. */
  appendReport(report: object): void {
    this.#appendJson("report", JSON.stringify(report));
  }

  /** Snapshots of states that follow one another, made by this version of the reducers. */
  appendSnapshots(version: number, snapshots: readonly [StoredSnapshot, ...StoredSnapshot[]]): void {
    this.#appendBlock("snapshot", encodeSnapshots(snapshots), { firstSeq: snapshots[0].seq + 1, schema: version });
  }

  /** Puts an index at the end, and everything on disk. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (!this.#broken) {
        // So that the index can say that all before it is on disk.
        await this.#synced();
        this.#appendBlock("index", encodeIndex(this.entries, this.#length));
        await this.#synced();
      }
    } finally {
      this.abandon();
    }
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.fd);
    this.lock.release();
  }

  #appendSchema(points: PointTable): void {
    this.#schema++;
    this.#appendJson("schema", schemaJson(schemaOf(points)));
  }

  #appendJson(kind: BlockKind, json: string): void {
    this.#appendBlock(kind, packed(Buffer.from(json)));
  }

  #appendBlock(kind: BlockKind, payload: Buffer, fields: Partial<Pick<BlockEntry, "events" | "firstSeq" | "timeHigh" | "timeLow" | "schema">> = {}, points?: readonly number[]): void {
    if (this.#closed) throw new LogError("the writer is closed", this.path);
    if (this.#broken) throw this.#broken;
    const block = { kind, length: payload.length, events: 0, firstSeq: this.#next, timeHigh: 0, timeLow: 0, schema: Math.max(0, this.#schema), previous: this.#previous, synced: this.#onDisk, payloadCrc: crc32(payload), ...fields };
    const header = encodeBlockHeader(block);
    const at = this.#length;
    this.#write(Buffer.concat([header, payload]));
    this.#previous = hashOf(header, payload);
    this.entries.push(entryOf(block, at, points));
  }

  /** All of it, or nothing. */
  #write(bytes: Buffer): void {
    const before = this.#length;
    try {
      if (fstatSync(this.fd).nlink === 0) throw new LogError("the file was removed while it was written", this.path);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done, bytes.length - done, before + done);
    } catch (error) {
      this.#takeBack(before);
      throw error instanceof LogError ? error : logError(error, this.path);
    }
    this.#length = before + bytes.length;
  }

  #takeBack(length: number): void {
    try {
      ftruncateSync(this.fd, length);
    } catch (error) {
      this.#broken = logError(error, this.path);
    }
  }

  #syncNow(): void {
    fsyncSync(this.fd);
    this.#onDisk = this.#length;
  }

  /** Resolves when everything that is written now is on disk. */
  #synced(): Promise<void> {
    if (!this.#syncing) return (this.#syncing = this.#startSync());
    // It may have begun before the last write.
    return (this.#queued ??= this.#syncing.catch(() => {}).then(() => {
      this.#queued = undefined;
      return (this.#syncing = this.#startSync());
    }));
  }

  #startSync(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const written = this.#length;
      fdatasync(this.fd, (error) => {
        this.#syncing = undefined;
        if (!error) {
          this.#onDisk = written;
          return resolve();
        }
        // What the disk has now, nobody knows: https://wiki.postgresql.org/wiki/Fsync_Errors
        this.#broken = logError(error, this.path);
        reject(this.#broken);
      });
    });
  }
}

function locked(path: string): WriteLock {
  try {
    return WriteLock.take(path);
  } catch (error) {
    if (error instanceof LockedError) throw new LogError(`${error.message}; a log has one writer at a time`, path);
    throw logError(error, path);
  }
}

function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o644);
  } catch (error) {
    throw logError(error, path);
  }
}

function logError(error: unknown, path: string): LogError {
  return new LogError(whyNotWritten(error) ?? `cannot be written: ${(error as Error).message}`, path, { cause: error });
}

/** Without it, a new file's name may be gone after a crash. */
function syncFolder(path: string): void {
  const fd = openSync(dirname(path), constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems have no such thing.
  } finally {
    closeSync(fd);
  }
}

function latestTime({ timeHigh, timeLow, length }: Batch): { readonly timeHigh: number; readonly timeLow: number } {
  let high = 0;
  let low = 0;
  for (let i = 0; i < length; i++) {
    if (timeHigh[i]! > high || (timeHigh[i] === high && timeLow[i]! > low)) [high, low] = [timeHigh[i]!, timeLow[i]!];
  }
  return { timeHigh: high, timeLow: low };
}
