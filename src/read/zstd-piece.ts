/** Decompresses a piece of zstd whose size is known, and enforces that size. */
import { ZstdError, ZstdWasm } from "./zstd-wasm.js";

/** No compressor expands its input beyond this. */
const MAX_GROWTH = 2;
const MAX_HEADERS = 1024;
/** Bytes for most pieces, and the most for which a decoder is kept for the next. */
const LEAST_ROOM = 128 * 1024;
const MOST_ROOM = 4 << 20;

/** A decoder with room for a piece, compressed and not. */
interface Room {
  readonly wasm: ZstdWasm;
  readonly from: number;
  readonly fromBytes: number;
  readonly to: number;
  readonly toBytes: number;
}

let spareRoom: Room | undefined;

/**
 * Decompresses all of a piece into the front of `into`; returns the number of bytes.
 * @throws {ZstdError} if it is damaged or does not fit
 */
export function unzstd(bytes: Uint8Array, into: Uint8Array): number {
  if (bytes.length === 0) throw new ZstdError("there is nothing");
  if (bytes.length > into.length * MAX_GROWTH + MAX_HEADERS)
    throw new ZstdError(`${bytes.length} bytes do not decompress to ${into.length}`);
  const room = roomFor(bytes.length, into.length);
  const { wasm, from, to } = room;
  wasm.heap.set(bytes, from);
  // A decoder that failed is not used again.
  spareRoom = undefined;
  const size = wasm.call((decoder) => decoder.ZSTD_decompress(to, into.length, from, bytes.length));
  into.set(wasm.heap.subarray(to, to + size));
  if (room.fromBytes + room.toBytes <= MOST_ROOM) spareRoom = room;
  return size;
}

function roomFor(fromBytes: number, toBytes: number): Room {
  if (spareRoom !== undefined && spareRoom.fromBytes >= fromBytes && spareRoom.toBytes >= toBytes) return spareRoom;
  const wasm = new ZstdWasm();
  const rooms = { fromBytes: Math.max(LEAST_ROOM, fromBytes), toBytes: Math.max(LEAST_ROOM, toBytes) };
  return { wasm, ...rooms, from: wasm.allocate(rooms.fromBytes), to: wasm.allocate(rooms.toBytes) };
}
