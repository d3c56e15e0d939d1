/**
 * Appends to a log file. Nothing that was written is ever changed: an append adds a block at the end, or leaves the
 * file as it was and throws. Whether an append is on disk when it returns is for the caller to choose.
 */
import { fsyncSync, ftruncateSync, writeSync } from "node:fs";
import { nanoid } from "nanoid";
import type { PointTable } from "../../../events/points.js";
import { type Batch, latestTime } from "../batch.js";
import type { Origin } from "../log.js";
import type { Tables } from "../tables.js";
import { DiskSync } from "./disk-sync.js";
import { EventsEncoder } from "./encode.js";
import { EndRoom } from "./end-room.js";
import { type BlockKind, crc32, encodeBlockHeader, encodeFileHeader, FILE_HEADER, hashOf } from "./format.js";
import { type BlockEntry, encodeIndex, entryOf } from "./index-block.js";
import { LogError } from "./log-error.js";
import { bytesOf, LogFile } from "./log-file.js";
import { isNoRoom } from "./not-written.js";
import { logError, OpenLog, syncFolder } from "./open-log.js";
import { packed } from "./packed.js";
import { schemaJson, schemaOf } from "./schema.js";
import { encodeSnapshots, type StoredSnapshot } from "./snapshots.js";

/**
 * When an append returns: `append`, once it is on disk (appends that come together share one sync); `close`, once the
 * system has it, and `close` puts all on disk.
 */
export type SyncPolicy = "append" | "close";

export interface WriterOptions {
  readonly sync?: SyncPolicy;
  /** Of a new log: bytes that are kept free for its end, so that a log that can grow no more still says why it ends. */
  readonly endRoom?: number;
}

/** What has become of a log that could not go on. */
export interface EarlyEnd {
  /** Where it is: another name than at first where it was moved, or lost its name and was copied. */
  readonly path: string;
  /** Whether all that was written is there. */
  readonly isKept: boolean;
  /** Whether it has a report at its end, on disk. */
  readonly isReported: boolean;
}

/**
 * The one writer of a log: appends batches, each as a block that has the hash of the block before. Made by `create` or
 * `open`.
 *
 * @throws {LogError} From `create`, `open` and every append: where the log exists, is locked, or cannot be written.
 */
export class LogWriter {
  readonly #encoder: EventsEncoder;
  #length: number;
  /** Somebody made it shorter. */
  #isCut = false;
  #disk: DiskSync;
  #previous: Buffer;
  #next: number;
  #schema: number;
  /** Why nothing can be written any more. */
  #broken: LogError | undefined;
  #closed = false;
  /** What is written is the end of a log that cannot go on, under whatever name. */
  #ending = false;

  private constructor(
    private file: OpenLog,
    readonly id: string,
    points: PointTable,
    tables: Tables,
    private readonly sync: SyncPolicy,
    private readonly room: EndRoom,
    private readonly entries: BlockEntry[],
    state: { readonly length: number; readonly previous: Buffer; readonly next: number; readonly schema: number },
  ) {
    this.#encoder = new EventsEncoder(points, tables);
    this.#length = state.length;
    this.#disk = new DiskSync(file.fd, () => this.#length, 0);
    this.#previous = state.previous;
    this.#next = state.next;
    this.#schema = state.schema;
  }

  /** A new log. Throws a `LogError` where there is a file already, or none can be made; then nothing is left of it. */
  static create(
    path: string,
    origin: Origin,
    points: PointTable,
    tables: Tables,
    options: WriterOptions = {},
  ): LogWriter {
    const file = OpenLog.create(path);
    const room = new EndRoom(path, options.endRoom ?? 0);
    try {
      const id = nanoid();
      const header = encodeFileHeader(id);
      const state = { length: 0, previous: hashOf(header), next: 1, schema: -1 };
      const writer = new LogWriter(file, id, points, tables, options.sync ?? "append", room, [], state);
      writer.#write(header);
      writer.#appendSchema(points);
      writer.#appendJson("origin", JSON.stringify(origin));
      if (writer.sync === "append") writer.#disk.now();
      syncFolder(path);
      return writer;
    } catch (error) {
      room.release();
      file.remove();
      throw error;
    }
  }

  /**
   * Goes on with a log, after whatever an interrupted writer left at its end is cut off; `healed` says what that was.
   */
  static open(
    path: string,
    points: PointTable,
    tables: Tables,
    options: WriterOptions = {},
  ): { readonly writer: LogWriter; readonly healed: string | undefined } {
    const file = OpenLog.open(path);
    try {
      const log = LogFile.over(bytesOf(file.fd), path);
      const healed = log.interrupted();
      if (healed && healed.at < FILE_HEADER) {
        throw new LogError(`${healed.what}; nothing of it was written whole: remove it`, path);
      }
      const disturbed = file.intrusion(log.size) ?? file.displacement();
      if (disturbed !== undefined) throw new LogError(disturbed, path);
      if (healed) ftruncateSync(file.fd, healed.at);
      // What was written without a sync is on disk from here on.
      fsyncSync(file.fd);
      const blocks = healed ? log.blocks.filter(({ at }) => at < healed.at) : log.blocks;
      const last = blocks.at(-1);
      const schemas = blocks.filter(({ kind }) => kind === "schema").length;
      const next = last ? last.firstSeq + last.events : 1;
      const length = healed?.at ?? log.end;
      const state = { length, previous: log.hashAt(last), next, schema: schemas - 1 };
      const { sync = "append" } = options;
      const writer = new LogWriter(file, log.id, points, tables, sync, new EndRoom(path, 0), [...blocks], state);
      writer.#disk.onDisk = length;
      if (schemas === 0 || !log.isOfSchema(schemas - 1, points)) writer.#appendSchema(points);
      return { writer, healed: healed && `${healed.what}; it was cut off there` };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get path(): string {
    return this.file.path;
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
   * Appends a batch, whose numbers go on where the log's end. It is there, whole, when this returns, as surely as
   * `sync` says; or the log is as it was, and this throws a `LogError`.
   */
  async append(batch: Batch): Promise<void> {
    this.appendNow(batch);
    if (this.sync === "append") await this.#synced();
  }

  /** The same without waiting for the disk, whatever `sync` says. */
  appendNow(batch: Batch): void {
    if (batch.firstSeq !== this.#next)
      throw new RangeError(`the log's next event is ${this.#next}, the batch begins with ${batch.firstSeq}`);
    const { payload, points } = this.#encoder.encode(batch);
    this.#appendBlock("events", payload, { events: batch.length, ...latestTime(batch) }, points);
    this.#next += batch.length;
  }

  /** What reading the events came to, at the end; the latest report is the one that counts. */
  appendReport(report: object): void {
    this.room.release();
    this.#appendJson("report", JSON.stringify(report));
  }

  /** Snapshots of states that follow one another, made by this version of the reducers. */
  appendSnapshots(version: number, snapshots: readonly [StoredSnapshot, ...StoredSnapshot[]]): void {
    this.#appendBlock("snapshot", encodeSnapshots(snapshots), { firstSeq: snapshots[0].seq + 1, schema: version });
  }

  /** Puts an index at the end, if there is room for one, and everything on disk. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (!this.#broken) await this.#end();
    } finally {
      this.abandon();
    }
  }

  /** Ends the log with a report, and closes it. Where that fails it is not closed: it can still end early. */
  async finish(report: object): Promise<void> {
    this.appendReport(report);
    await this.#end();
    this.abandon();
  }

  /**
   * Ends a log that cannot go on, in the room that was kept for that: with the first of these reports that there is
   * room for. A file that has lost its name is copied to a new one. Never throws.
   */
  async endEarly(reports: readonly object[]): Promise<EarlyEnd> {
    let end: EarlyEnd = { path: this.path, isKept: false, isReported: false };
    this.#ending = true;
    try {
      await this.#disk.idle();
      this.room.release();
      if (this.file.isNameless) this.#moveTo(this.file.rescue(this.#length));
      end = { ...end, path: this.file.place, isKept: !this.#isCut && this.file.has(this.#length) };
      const isReported = reports.some((report) => this.#isAppended(report));
      await this.close();
      return { ...end, isReported };
    } catch {
      return end;
    } finally {
      this.abandon();
    }
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.room.release();
    this.file.close();
  }

  /** Removes the log, unless its name is another file's by now. */
  discard(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.room.release();
    this.file.remove();
  }

  async #end(): Promise<void> {
    this.room.release();
    // So that the index can say that all before it is on disk.
    await this.#synced();
    this.#appendIndex();
    await this.#synced();
  }

  #isAppended(report: object): boolean {
    try {
      this.appendReport(report);
      return true;
    } catch {
      return false;
    }
  }

  /** It says nothing that the blocks do not: without it they are walked. */
  #appendIndex(): void {
    try {
      this.#appendBlock("index", encodeIndex(this.entries, this.#length));
    } catch (error) {
      if (!(error instanceof LogError && isNoRoom(error.cause))) throw error;
    }
  }

  #appendSchema(points: PointTable): void {
    this.#schema++;
    this.#appendJson("schema", schemaJson(schemaOf(points)));
  }

  #appendJson(kind: BlockKind, json: string): void {
    this.#appendBlock(kind, packed(Buffer.from(json)));
  }

  #appendBlock(
    kind: BlockKind,
    payload: Buffer,
    fields: Partial<Pick<BlockEntry, "events" | "firstSeq" | "timeHigh" | "timeLow" | "schema">> = {},
    points?: readonly number[],
  ): void {
    if (this.#closed) throw new LogError("the writer is closed", this.path);
    if (this.#broken) throw this.#broken;
    const block = {
      kind,
      length: payload.length,
      events: 0,
      firstSeq: this.#next,
      timeHigh: 0,
      timeLow: 0,
      schema: Math.max(0, this.#schema),
      previous: this.#previous,
      synced: this.#disk.onDisk,
      payloadCrc: crc32(payload),
      ...fields,
    };
    const header = encodeBlockHeader(block);
    const at = this.#length;
    this.#write(Buffer.concat([header, payload]));
    this.#previous = hashOf(header, payload);
    this.entries.push(entryOf(block, at, points));
  }

  /** All of it, or nothing. */
  #write(bytes: Buffer): void {
    this.#checkUndisturbed();
    const { fd } = this.file;
    const before = this.#length;
    try {
      this.room.check(fd, before, before + bytes.length);
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, before + done);
    } catch (error) {
      this.#takeBack(before);
      throw logError(error, this.path);
    }
    this.#length = before + bytes.length;
  }

  /** Throws where somebody else had a hand in it. What another wrote is neither written over nor cut off. */
  #checkUndisturbed(): void {
    let displacement: string | undefined;
    try {
      const intrusion = this.file.intrusion(this.#length);
      if (intrusion !== undefined) this.#broken = new LogError(intrusion, this.path);
      this.#isCut ||= !this.file.has(this.#length);
      displacement = this.#ending ? undefined : this.file.displacement();
    } catch (error) {
      throw logError(error, this.path);
    }
    if (this.#broken) throw this.#broken;
    if (displacement !== undefined) throw new LogError(displacement, this.path);
  }

  /** A copy that is on disk. */
  #moveTo(file: OpenLog): void {
    this.file = file;
    this.#disk = new DiskSync(file.fd, () => this.#length, this.#length);
  }

  #takeBack(length: number): void {
    try {
      ftruncateSync(this.file.fd, length);
    } catch (error) {
      this.#broken = logError(error, this.path);
    }
  }

  /** Resolves when everything that is written now is on disk. */
  async #synced(): Promise<void> {
    try {
      await this.#disk.all();
    } catch (error) {
      // What the disk has now, nobody knows: https://wiki.postgresql.org/wiki/Fsync_Errors
      throw (this.#broken ??= logError(error, this.path));
    }
  }
}
