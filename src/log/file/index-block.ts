/**
 * The index: the place of every block, its kind and events, and their points. It stands at the end, so that opening a
 * log reads two blocks whatever its length. It is redundant: without it, or if it is damaged, the blocks are walked.
 *
 *     compressed   of each block the distance from the one before, and its header without hash and CRC; of events, the numbers of
 *                  their points in the schema
 *     trailer      24 bytes, the last of the file: length of the compressed part, where the index block begins, magic
 */
import { deflateRawSync } from "node:zlib";
import { ByteReader, ByteWriter, DamagedError } from "./bytes.js";
import { inflated } from "./decode.js";
import { type BlockHeader, KINDS, MAX_PAYLOAD } from "./format.js";

export const TRAILER = 24;
const TRAILER_MAGIC = Buffer.from("KRINDEX\n", "latin1");
const MAX_POINT = 0xffff;

/** A block and its place. */
export interface BlockEntry extends Omit<BlockHeader, "previous" | "synced" | "payloadCrc"> {
  readonly at: number;
  /** Points of the schema that it has events of; `undefined` if not read yet. */
  points: readonly number[] | undefined;
}

export function entryOf(header: BlockHeader, at: number, points?: readonly number[]): BlockEntry {
  const { kind, length, events, firstSeq, timeHigh, timeLow, schema } = header;
  return { at, kind, length, events, firstSeq, timeHigh, timeLow, schema, points };
}

export function encodeIndex(entries: readonly BlockEntry[], at: number): Buffer {
  const out = new ByteWriter(1 << 12);
  let before = 0;
  for (const entry of entries) {
    out.number(entry.at - before);
    before = entry.at;
    out.number(KINDS.indexOf(entry.kind));
    for (const value of [entry.length, entry.events, entry.firstSeq, entry.timeHigh, entry.timeLow, entry.schema])
      out.number(value);
    out.number(entry.points === undefined ? 0 : entry.points.length + 1);
    for (const point of entry.points ?? []) out.number(point);
  }
  const list = deflateRawSync(out.written);
  const trailer = Buffer.alloc(TRAILER);
  trailer.writeUInt32LE(list.length, 0);
  trailer.writeUInt32LE(out.length, 4);
  trailer.writeBigUInt64LE(BigInt(at), 8);
  TRAILER_MAGIC.copy(trailer, 16);
  return Buffer.concat([list, trailer]);
}

/** Returns where the index block begins, according to the last bytes of a file; `undefined` if there is none. */
export function indexAt(trailer: Buffer): number | undefined {
  if (trailer.length < TRAILER || !trailer.subarray(16, TRAILER).equals(TRAILER_MAGIC)) return undefined;
  const at = Number(trailer.readBigUInt64LE(8));
  return Number.isSafeInteger(at) ? at : undefined;
}

/**
 * Decodes an index.
 * @throws {DamagedError} if it is not one
 */
export function decodeIndex(payload: Buffer): BlockEntry[] {
  const trailer = payload.subarray(payload.length - TRAILER);
  if (
    payload.length < TRAILER ||
    trailer.readUInt32LE(0) !== payload.length - TRAILER ||
    trailer.readUInt32LE(4) > MAX_PAYLOAD
  )
    throw new DamagedError("an index of another length");
  const reader = new ByteReader(inflated(payload.subarray(0, payload.length - TRAILER), trailer.readUInt32LE(4)));
  const entries: BlockEntry[] = [];
  let at = 0;
  while (!reader.isAtEnd) {
    at += reader.number();
    const kind = KINDS[reader.number()];
    if (!kind) throw new DamagedError("a block of no kind");
    const [length, events, firstSeq, timeHigh, timeLow, schema] = Array.from({ length: 6 }, () => reader.number()) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const points = reader.below(MAX_POINT + 1);
    entries.push({
      at,
      kind,
      length,
      events,
      firstSeq,
      timeHigh,
      timeLow,
      schema,
      points: points === 0 ? undefined : Array.from({ length: points - 1 }, () => reader.below(MAX_POINT)),
    });
  }
  return entries;
}
