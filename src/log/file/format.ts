/**
 * The log file, byte by byte. All numbers are little-endian; docs/log-format.md says the same in prose.
 *
 * A file is a header and then blocks, each behind the one before, none ever changed:
 *
 *     file header   64 bytes   magic, version, the log's id, CRC
 *     block         88 bytes of header, then its payload
 *     block …
 *
 * A block's header names its kind, the length and CRC of its payload, and the SHA-256 of the whole block before it (of
 * the file header, for the first): who changes one byte changes every hash behind it. Its own CRC tells a header from
 * bytes that happen to look like one, so that blocks are found again behind a damaged place.
 *
 * The first block is the schema (`schema.ts`) and the second says where the events came from. Then events come
 * (`encode.ts`), and at a good end what reading them came to (a report), and an index. Whoever goes on behind that
 * leaves the old index where it is and writes a new one.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** As PNG's: not text, and damaged by whoever takes it for text. */
export const LOG_MAGIC: Buffer = Buffer.from("\x89kreel\n\x1a", "latin1");
export const LOG_VERSION = 1;
export const FILE_HEADER = 64;
export const BLOCK_HEADER = 88;
export const HASH_BYTES = 32;
const ID_BYTES = 24;
const NANOSECONDS = 1_000_000_000;
const BLOCK_MAGIC = 0x4c42524b; // "KRBL"
/** No block is larger, stored or unpacked: a length that says more is not one. */
export const MAX_PAYLOAD = 64 * 1024 * 1024;

/** What a block holds. */
export const KINDS = ["", "schema", "origin", "events", "snapshot", "report", "index"] as const;
export type BlockKind = Exclude<(typeof KINDS)[number], "">;

export interface BlockHeader {
  readonly kind: BlockKind;
  /** Bytes of the payload. */
  readonly length: number;
  /** Of events: how many. Of others 0. */
  readonly events: number;
  /** Of events: the number of the first, or of the next where there is none. Of others: of the next event. */
  readonly firstSeq: number;
  /** Of events: the latest time among them (`high * 10^9 + low`). */
  readonly timeHigh: number;
  readonly timeLow: number;
  /** Which schema block its points are numbered by, from 0. Of snapshots: which version of the reducers made them. */
  readonly schema: number;
  /** SHA-256 of the block before. */
  readonly previous: Buffer;
  /**
   * Up to which byte the file was known to be on disk when this was written: what is damaged before that was whole
   * once.
   */
  readonly synced: number;
  readonly payloadCrc: number;
}

/** Throws for an id that is longer than the field. */
export function encodeFileHeader(id: string): Buffer {
  const name = Buffer.from(id, "latin1");
  if (name.length > ID_BYTES) throw new RangeError(`a log's id has ${ID_BYTES} characters at most`);
  const header = Buffer.alloc(FILE_HEADER);
  LOG_MAGIC.copy(header);
  header.writeUInt16LE(LOG_VERSION, 8);
  name.copy(header, 16);
  header.writeUInt32LE(crc32(header.subarray(0, FILE_HEADER - 4)), FILE_HEADER - 4);
  return header;
}

/** The id of a log; a version that is none of ours is told as it is. `undefined`: not the header of a log. */
export function decodeFileHeader(
  header: Buffer,
): { readonly version: number; readonly id: string; readonly sound: boolean } | undefined {
  if (header.length < FILE_HEADER || !header.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)) return undefined;
  const sound = header.readUInt32LE(FILE_HEADER - 4) === crc32(header.subarray(0, FILE_HEADER - 4));
  return {
    version: header.readUInt16LE(8),
    id: header.toString("latin1", 16, 16 + ID_BYTES).replace(/\0+$/, ""),
    sound,
  };
}

export function encodeBlockHeader(block: BlockHeader): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER);
  header.writeUInt32LE(BLOCK_MAGIC, 0);
  header.writeUInt8(KINDS.indexOf(block.kind), 4);
  header.writeUInt32LE(block.length, 8);
  header.writeUInt32LE(block.events, 12);
  header.writeBigUInt64LE(BigInt(block.firstSeq), 16);
  header.writeDoubleLE(block.timeHigh, 24);
  header.writeUInt32LE(block.timeLow, 32);
  header.writeUInt32LE(block.schema, 36);
  block.previous.copy(header, 40);
  header.writeBigUInt64LE(BigInt(block.synced), 72);
  header.writeUInt32LE(block.payloadCrc, 80);
  header.writeUInt32LE(crc32(header.subarray(0, BLOCK_HEADER - 4)), BLOCK_HEADER - 4);
  return header;
}

/** The header at `at`; `undefined` where there is none that its CRC vouches for. */
export function decodeBlockHeader(bytes: Buffer, at = 0): BlockHeader | undefined {
  if (bytes.length - at < BLOCK_HEADER || bytes.readUInt32LE(at) !== BLOCK_MAGIC) return undefined;
  if (bytes.readUInt32LE(at + BLOCK_HEADER - 4) !== crc32(bytes.subarray(at, at + BLOCK_HEADER - 4))) return undefined;
  const kind = KINDS[bytes.readUInt8(at + 4)];
  const length = bytes.readUInt32LE(at + 8);
  const firstSeq = Number(bytes.readBigUInt64LE(at + 16));
  const synced = Number(bytes.readBigUInt64LE(at + 72));
  const timeHigh = bytes.readDoubleLE(at + 24);
  const timeLow = bytes.readUInt32LE(at + 32);
  if (
    !kind ||
    length > MAX_PAYLOAD ||
    !isTime(timeHigh, timeLow) ||
    !Number.isSafeInteger(firstSeq) ||
    !Number.isSafeInteger(synced)
  )
    return undefined;
  return {
    kind,
    length,
    events: bytes.readUInt32LE(at + 12),
    firstSeq,
    timeHigh,
    timeLow,
    schema: bytes.readUInt32LE(at + 36),
    previous: Buffer.from(bytes.subarray(at + 40, at + 40 + HASH_BYTES)),
    synced,
    payloadCrc: bytes.readUInt32LE(at + 80),
  };
}

/** Whether two numbers are an exact time, `high * 10^9 + low`. */
export function isTime(high: number, low: number): boolean {
  return Number.isSafeInteger(high) && high >= 0 && low >= 0 && low < NANOSECONDS;
}

/** Where the next block may begin, from `from` on: the place of a block's magic, or -1. */
export function findBlock(bytes: Buffer, from: number): number {
  return bytes.indexOf("KRBL", from, "latin1");
}

export function hashOf(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export { crc32 };
