/**
 * A log file, opened for reading: its blocks and their places, its damage, and its end. Many processes may read while
 * one writes; a block that the writer has not finished is not in it yet.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { PointTable } from "../../../events/points.js";
import type { Origin } from "../log.js";
import { ByteReader, DamagedError } from "./bytes.js";
import { readHead } from "./decode.js";
import {
  BLOCK_HEADER,
  type BlockHeader,
  crc32,
  decodeBlockHeader,
  decodeFileHeader,
  FILE_HEADER,
  findBlock,
  hashOf,
  LOG_VERSION,
  MAX_PAYLOAD,
} from "./format.js";
import { type BlockEntry, decodeIndex, entryOf, indexAt, TRAILER } from "./index-block.js";
import { WriteLock } from "./lock.js";
import { LogError } from "./log-error.js";
import { unpackedText } from "./packed.js";
import { parseSchema, type Schema, schemaJson, schemaOf } from "./schema.js";

/** A part of the file whose bytes are not those that were written. */
export interface Damage {
  /** Bytes from the start of the file. */
  readonly at: number;
  /** Description of the damage, with its place. */
  readonly what: string;
}

/** Bytes at any offset: a file, or bytes from a pipe that were kept. */
export interface LogBytes {
  readonly size: number;
  /** Returns bytes `[offset, offset + length)`; fewer at the end. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/** Bytes that are searched at once for the next block. */
const SEARCHED = 1 << 20;
const MAX_SCHEMAS = 0xffff;

/**
 * A log on disk: its header and its blocks, checked as it is opened. Events are read by a `LogReader`. Format:
 * docs/log-format.md.
 */
export class LogFile {
  readonly blocks: BlockEntry[] = [];
  /** Damage found so far: between blocks when the file is opened, within blocks when they are read. */
  readonly damage: Damage[] = [];
  /** Bytes after the last whole block: not finished by a writer, or not yet. */
  tail: Damage | undefined;
  /** Offset of the next block. */
  end = FILE_HEADER;
  /** Number of the last event of all blocks; damaged and missing events count. */
  events = 0;
  /** Bytes of the file that were on disk, according to the blocks. */
  #synced = 0;
  readonly #schemas: Schema[] = [];

  private constructor(
    /** Names the log in errors. */
    readonly path: string,
    private readonly bytes: LogBytes,
    readonly id: string,
  ) {}

  /**
   * Opens the file at `path`.
   * @throws {LogError} if it is no log, or one of a later format
   */
  static open(path: string): LogFile {
    return LogFile.over(plainFile(path), path);
  }

  /** True if there is a file whose first bytes are those of a log. */
  static isAt(path: string): boolean {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    const bytes = plainFile(path);
    try {
      return decodeFileHeader(bytes.read(0, FILE_HEADER)) !== undefined;
    } finally {
      bytes.close();
    }
  }

  /** Opens a log from its bytes; it closes them. */
  static over(bytes: LogBytes, path: string): LogFile {
    try {
      const header = decodeFileHeader(bytes.read(0, FILE_HEADER));
      if (!header)
        throw new LogError(bytes.size < FILE_HEADER ? "ends before a log begins" : "is no log of kreel", path);
      if (header.version > LOG_VERSION)
        throw new LogError(
          `a log of format ${header.version}, and this kreel reads ${LOG_VERSION}; use the kreel that wrote it, or a later one`,
          path,
        );
      const log = new LogFile(path, bytes, header.id);
      if (!header.sound) log.damage.push({ at: 0, what: `damaged in the first ${FILE_HEADER} bytes` });
      if (!log.#readIndex()) log.#walk();
      log.#readSchemas();
      return log;
    } catch (error) {
      bytes.close();
      throw error;
    }
  }

  /** Bytes of the file. */
  get size(): number {
    return this.bytes.size;
  }

  close(): void {
    this.bytes.close();
  }

  /** The tail, unless a writer may still finish it. */
  get unfinished(): Damage | undefined {
    return this.tail && WriteLock.holderOf(this.path) === undefined ? this.tail : undefined;
  }

  /**
   * Returns where the file was damaged by the interruption of its writer, if it was: writes that the disk had not
   * confirmed may be there in part, or with holes.
   * @throws {LogError} for damage to bytes that the disk had confirmed
   */
  interrupted(): Damage | undefined {
    for (const entry of this.blocks)
      if (entry.at >= this.#synced && !this.#isWhole(entry)) this.damaged(entry, "it was not finished");
    const [first] = [...this.damage, ...(this.tail ? [this.tail] : [])].sort((a, b) => a.at - b.at);
    if (first && first.at < this.#synced)
      throw new LogError(
        `${first.what}; import it into a new log, which keeps what is sound, and go on with that`,
        this.path,
      );
    return first;
  }

  get schemas(): number {
    return this.#schemas.length;
  }

  schema(number: number): Schema {
    const schema = this.#schemas[number];
    if (!schema) throw new DamagedError(`a block of schema ${number}, which the log does not have`);
    return schema;
  }

  /** True if a schema is that of these points. */
  isOfSchema(number: number, points: PointTable): boolean {
    const schema = this.#schemas[number];
    return schema !== undefined && schemaJson(schema) === schemaJson(schemaOf(points));
  }

  /** Returns the origin of its events, as far as it can be read. */
  origin(): Origin | undefined {
    const { path, format } = (this.#json("origin") ?? {}) as Partial<Origin>;
    return typeof path === "string" && typeof format === "string" ? { path, format } : undefined;
  }

  /** Returns the report on reading the events; absent while they are still being written, or if that was cut short. */
  report(): Readonly<Record<string, unknown>> | undefined {
    return this.#json("report");
  }

  /**
   * Reads a block and checks its CRCs. Notes damage.
   * @throws {DamagedError} if they do not match
   */
  read(entry: BlockEntry): { readonly header: BlockHeader; readonly payload: Buffer } {
    const bytes = this.bytes.read(entry.at, BLOCK_HEADER + entry.length);
    const header = decodeBlockHeader(bytes);
    const payload = bytes.subarray(BLOCK_HEADER);
    const { kind, events, firstSeq } = entry;
    if (
      header &&
      header.kind === kind &&
      header.length === entry.length &&
      header.events === events &&
      header.firstSeq === firstSeq &&
      payload.length === entry.length &&
      header.payloadCrc === crc32(payload)
    )
      return { header, payload };
    throw this.damaged(
      entry,
      header ? `its contents are not those that its header vouches for` : "its header is not one",
    );
  }

  /** Notes that a block is damaged. */
  damaged({ at, kind, events, firstSeq, length }: BlockEntry, why: string): DamagedError {
    const which =
      kind === "events" && events > 0
        ? `events ${firstSeq} to ${firstSeq + events - 1} are damaged`
        : `the ${kind} is damaged`;
    const what = `${which} (${BLOCK_HEADER + length} bytes at byte ${at}): ${why}`;
    if (!this.damage.some((known) => known.at === at)) this.damage.push({ at, what });
    return new DamagedError(what);
  }

  /** Returns the SHA-256 of a block, which the next block has in its header; without a block, of the file's header. */
  hashAt(entry: BlockEntry | undefined): Buffer {
    return hashOf(entry ? this.bytes.read(entry.at, BLOCK_HEADER + entry.length) : this.bytes.read(0, FILE_HEADER));
  }

  /** Checks that every block has its original bytes, and follows the block after which it was written. */
  verify(): readonly Damage[] {
    let previous: Buffer | undefined = hashOf(this.bytes.read(0, FILE_HEADER));
    let end = FILE_HEADER;
    for (const entry of this.blocks) {
      try {
        const { header, payload } = this.read(entry);
        if (entry.at !== end) previous = undefined;
        if (previous && !header.previous.equals(previous))
          this.damaged(entry, "it was not written after the block before it");
        previous = hashOf(this.bytes.read(entry.at, BLOCK_HEADER), payload);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        previous = undefined;
      }
      end = entry.at + BLOCK_HEADER + entry.length;
    }
    return this.damage;
  }

  /** Returns the points of the schema that a block has events of; reads the block if the index does not have them. */
  pointsOf(entry: BlockEntry): readonly number[] {
    if (entry.points === undefined) {
      const { payload } = this.read(entry);
      try {
        entry.points = readHead(new ByteReader(payload), entry.events).points;
      } catch (error) {
        throw error instanceof DamagedError ? this.damaged(entry, error.message) : error;
      }
    }
    return entry.points;
  }

  /** Reads the index that the file's end points to; false if there is none. */
  #readIndex(): boolean {
    const at =
      this.size < FILE_HEADER + BLOCK_HEADER + TRAILER
        ? undefined
        : indexAt(this.bytes.read(this.size - TRAILER, TRAILER));
    if (at === undefined || at < FILE_HEADER || at > this.size - BLOCK_HEADER - TRAILER) return false;
    const header = decodeBlockHeader(this.bytes.read(at, BLOCK_HEADER));
    if (header?.kind !== "index" || at + BLOCK_HEADER + header.length !== this.size) return false;
    const own = entryOf(header, at);
    try {
      const entries = decodeIndex(this.read(own).payload);
      let end = FILE_HEADER;
      for (const entry of entries) {
        if (entry.at < end || entry.length > MAX_PAYLOAD) throw new DamagedError("the index has blocks that overlap");
        end = entry.at + BLOCK_HEADER + entry.length;
      }
      if (end > at) throw new DamagedError("the index has blocks after it");
      this.blocks.push(...entries, own);
      this.#countEvents();
      this.end = this.size;
      this.#synced = header.synced;
      return true;
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      this.damaged(own, `${error.message}; it was made anew from the blocks`);
      return false;
    }
  }

  /** Finds the blocks, one after the other. */
  #walk(): void {
    let at = FILE_HEADER;
    while (at < this.size) {
      const header = decodeBlockHeader(this.bytes.read(at, BLOCK_HEADER));
      const whole = header !== undefined && at + BLOCK_HEADER + header.length <= this.size;
      if (header && whole) {
        this.blocks.push(entryOf(header, at));
        this.#synced = Math.max(this.#synced, header.synced);
        at += BLOCK_HEADER + header.length;
        continue;
      }
      const next = this.#nextBlock(at + 1);
      if (next === undefined) break;
      this.damage.push({ at, what: `${next - at} bytes at byte ${at} are no block` });
      at = next;
    }
    // The last writer's last block may be there in part only.
    const last = this.blocks.at(-1);
    if (last && at >= this.size && !this.#isWhole(last)) {
      this.blocks.pop();
      at = last.at;
    }
    this.end = at;
    this.#countEvents();
    if (at < this.size)
      this.tail = {
        at,
        what: `the last ${this.size - at} bytes, from byte ${at} on, are no whole block: what was written last was not finished; up to event ${this.events} all is there`,
      };
  }

  #countEvents(): void {
    this.events = this.blocks.reduce((last, { firstSeq, events }) => Math.max(last, firstSeq + events - 1), 0);
  }

  #isWhole(entry: BlockEntry): boolean {
    const payload = this.bytes.read(entry.at + BLOCK_HEADER, entry.length);
    return decodeBlockHeader(this.bytes.read(entry.at, BLOCK_HEADER))?.payloadCrc === crc32(payload);
  }

  /** Returns where the next block with a correct CRC begins. */
  #nextBlock(from: number): number | undefined {
    for (let start = from; start < this.size; start += SEARCHED) {
      const bytes = this.bytes.read(start, SEARCHED + BLOCK_HEADER);
      for (let at = findBlock(bytes, 0); at >= 0 && at < SEARCHED; at = findBlock(bytes, at + 1)) {
        const header = decodeBlockHeader(bytes, at);
        if (header && start + at + BLOCK_HEADER + header.length <= this.size) return start + at;
      }
    }
    return undefined;
  }

  /** Reads the schemas. One that cannot be read leaves a gap, so that the numbers of the others hold. */
  #readSchemas(): void {
    for (const entry of this.blocks) {
      if (entry.kind !== "schema") continue;
      try {
        if (entry.schema > MAX_SCHEMAS) throw new DamagedError("a schema of no number");
        this.#schemas[entry.schema] = parseSchema(unpackedText(this.read(entry).payload));
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        this.damaged(entry, error.message);
      }
    }
  }

  #json(kind: "origin" | "report"): Readonly<Record<string, unknown>> | undefined {
    const entry = this.blocks.findLast((block) => block.kind === kind);
    if (!entry) return undefined;
    try {
      const value: unknown = JSON.parse(unpackedText(this.read(entry).payload));
      return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof SyntaxError)) throw error;
      return undefined;
    }
  }
}

function plainFile(path: string): LogBytes {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch (error) {
    throw new LogError(
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "no such file"
        : `cannot be read: ${(error as Error).message}`,
      path,
      { cause: error },
    );
  }
  return { ...bytesOf(fd), close: () => closeSync(fd) };
}

/**
 * Returns the bytes of an open file, which it does not close. Its size is fixed by this call: bytes that are appended
 * later are not in it.
 */
export function bytesOf(fd: number): LogBytes {
  const { size } = fstatSync(fd);
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      let done = 0;
      for (let read = 1; read > 0 && done < bytes.length; done += read)
        read = readSync(fd, bytes, done, bytes.length - done, offset + done);
      return bytes.subarray(0, done);
    },
    close: () => {},
  };
}
