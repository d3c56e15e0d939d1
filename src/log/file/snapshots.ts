/**
 * A block of snapshots: consecutive ones, compressed together, since one state is much like the next.
 *
 *     count     how many
 *     each      the event that it is the state after, as the difference to the one before; the length of its document
 *     size      of all documents together, and then these, compressed
 *
 * Its header has the version of the reducers that made them.
 */
import { deflateRawSync } from "node:zlib";
import { ByteReader, ByteWriter, DamagedError } from "./bytes.js";
import { inflated } from "./decode.js";
import { MAX_PAYLOAD } from "./format.js";

/** They are written once and read often. */
const LEVEL = 9;
const MAX_SNAPSHOTS = 1 << 16;

/** A state as a document, and the event after which it is the state. */
export interface StoredSnapshot {
  readonly seq: number;
  readonly document: Uint8Array;
}

export function encodeSnapshots(snapshots: readonly StoredSnapshot[]): Buffer {
  const out = new ByteWriter();
  out.number(snapshots.length);
  let before = 0;
  for (const { seq, document } of snapshots) {
    out.number(seq - before);
    out.number(document.length);
    before = seq;
  }
  const all = Buffer.concat(snapshots.map(({ document }) => document));
  out.number(all.length);
  return Buffer.concat([out.written, deflateRawSync(all, { level: LEVEL })]);
}

/**
 * Decodes a block.
 * @throws {DamagedError} if it is not one
 */
export function decodeSnapshots(payload: Uint8Array): readonly StoredSnapshot[] {
  const reader = new ByteReader(payload);
  const count = reader.below(MAX_SNAPSHOTS);
  const heads: { readonly seq: number; readonly length: number }[] = [];
  let seq = 0;
  for (let k = 0; k < count; k++) {
    seq += reader.number();
    heads.push({ seq, length: reader.below(MAX_PAYLOAD) });
  }
  const size = reader.below(MAX_PAYLOAD);
  const all = new ByteReader(inflated(payload.subarray(reader.at), size));
  const snapshots = heads.map((head) => ({ seq: head.seq, document: all.take(head.length) }));
  if (!all.isAtEnd) throw new DamagedError("snapshots that are longer than they say");
  return snapshots;
}
