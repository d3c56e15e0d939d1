/**
 * A log file, opened to be read: which blocks it has and where, what is damaged, and how it ends. Many may read while
 * one writes; what a writer has not finished is not there yet.
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

/** A part of the file that is not what was written. */
export interface Damage {
  /** Bytes from the start of the file. */
  readonly at: number;
  /** What is wrong, and where. */
  readonly what: string;
}

/** Bytes at any offset: a file, or what came through a pipe and was kept. */
export interface LogBytes {
  readonly size: number;
  /** Bytes `[offset, offset + length)`; fewer where they end. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/** Bytes that are looked through at once for the next block. */
const SEARCHED = 1 << 20;
const MAX_SCHEMAS = 0xffff;

/**
 * A log on disk: its header and its blocks, checked as it is opened. Events are read by a `LogReader`. Format:
 * docs/log-format.md.
 */
export class LogFile {
  readonly blocks: BlockEntry[] = [];
  /** What was found damaged so far: on opening what lies between blocks, and on reading what lies within. */
  readonly damage: Damage[] = [];
  /** What stands behind the last whole block: what a writer did not finish, or not yet. */
  tail: Damage | undefined;
  /** Where the next block goes. */
  end = FILE_HEADER;
  /** Events, those included that are damaged or gone: the number of the last that any block tells of. */
  events = 0;
  /** Up to which byte the blocks say that the file was on disk. */
  #synced = 0;
  readonly #schemas: Schema[] = [];

  private constructor(
    /** Names the log in errors. */
    readonly path: string,
    private readonly bytes: LogBytes,
    readonly id: string,
  ) {}

  /** The file at `path`. Throws a `LogError` for what is no log, or one of a later format. */
  static open(path: string): LogFile {
    return LogFile.over(plainFile(path), path);
  }

  /** Whether there is a file, and its first bytes are those of a log. */
  static isAt(path: string): boolean {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    const bytes = plainFile(path);
    try {
      return decodeFileHeader(bytes.read(0, FILE_HEADER)) !== undefined;
    } finally {
      bytes.close();
    }
  }

  /** The log that these bytes are; it closes them. */
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

  /** The tail, where no writer is at it any more. */
  get unfinished(): Damage | undefined {
    return this.tail && WriteLock.holderOf(this.path) === undefined ? this.tail : undefined;
  }

  /**
   * From where on the file is not what was written because its writer was interrupted, if it was: what the disk had not
   * confirmed may be there in part, or with holes. Throws a `LogError` for damage to what the disk had.
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

  /** Whether a schema is that of these points. */
  isOfSchema(number: number, points: PointTable): boolean {
    const schema = this.#schemas[number];
    return schema !== undefined && schemaJson(schema) === schemaJson(schemaOf(points));
  }

  /** Where its events came from, as far as that can be read. */
  origin(): Origin | undefined {
    const { path, format } = (this.#json("origin") ?? {}) as Partial<Origin>;
    return typeof path === "string" && typeof format === "string" ? { path, format } : undefined;
  }

  /** What reading the events came to; absent while they are still being written, or when that was cut short. */
  report(): Readonly<Record<string, unknown>> | undefined {
    return this.#json("report");
  }

  /** The block, as its CRCs vouch for it. Throws a `DamagedError`, and notes what is damaged. */
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

  /** SHA-256 of a block, whose place the next one's hash takes; of the file's header where there is none. */
  hashAt(entry: BlockEntry | undefined): Buffer {
    return hashOf(entry ? this.bytes.read(entry.at, BLOCK_HEADER + entry.length) : this.bytes.read(0, FILE_HEADER));
  }

  /** Whether every block is what was written, and follows the block that it was written behind. */
  verify(): readonly Damage[] {
    let previous: Buffer | undefined = hashOf(this.bytes.read(0, FILE_HEADER));
    let end = FILE_HEADER;
    for (const entry of this.blocks) {
      try {
        const { header, payload } = this.read(entry);
        if (entry.at !== end) previous = undefined;
        if (previous && !header.previous.equals(previous))
          this.damaged(entry, "it was not written behind the block before it");
        previous = hashOf(this.bytes.read(entry.at, BLOCK_HEADER), payload);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        previous = undefined;
      }
      end = entry.at + BLOCK_HEADER + entry.length;
    }
    return this.damage;
  }

  /** The points of the schema that a block has events of, looked up where the index did not say. */
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

  /** Whether there is an index that the file's end points to. */
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
      if (end > at) throw new DamagedError("the index has blocks behind it");
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

  /** From block to block. */
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
    // What the last writer wrote last may be there in part only.
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

  /** Where the next block begins that a CRC vouches for. */
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

  /** A schema that cannot be read leaves a gap, so that the numbers of the others hold. */
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
 * A file that is open, and stays so. Its size is what it was when this was called: what is appended meanwhile is for
 * those who open it later.
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
