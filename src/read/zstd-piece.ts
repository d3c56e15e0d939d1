/** Decompresses a piece of zstd whose size is known: what it becomes is held to it. */
import { ZstdError, ZstdWasm } from "./zstd-wasm.js";

/** No compressor makes anything so much longer. */
const MAX_GROWTH = 2;
const MAX_HEADERS = 1024;
/** Room for most pieces. A decoder that has more than the most is not kept for the next. */
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

let kept: Room | undefined;

/**
 * Decompresses all of a piece into the front of `into`; returns how many bytes that were. Throws a `ZstdError`, also
 * for more than fit.
 */
export function unzstd(bytes: Uint8Array, into: Uint8Array): number {
  if (bytes.length === 0) throw new ZstdError("there is nothing");
  if (bytes.length > into.length * MAX_GROWTH + MAX_HEADERS)
    throw new ZstdError(`${bytes.length} bytes do not decompress to ${into.length}`);
  const room = roomFor(bytes.length, into.length);
  const { wasm, from, to } = room;
  wasm.heap.set(bytes, from);
  // A decoder that fell over is not used again.
  kept = undefined;
  const size = wasm.call((decoder) => decoder.ZSTD_decompress(to, into.length, from, bytes.length));
  into.set(wasm.heap.subarray(to, to + size));
  if (room.fromBytes + room.toBytes <= MOST_ROOM) kept = room;
  return size;
}

function roomFor(fromBytes: number, toBytes: number): Room {
  if (kept !== undefined && kept.fromBytes >= fromBytes && kept.toBytes >= toBytes) return kept;
  const wasm = new ZstdWasm();
  const rooms = { fromBytes: Math.max(LEAST_ROOM, fromBytes), toBytes: Math.max(LEAST_ROOM, toBytes) };
  return { wasm, ...rooms, from: wasm.allocate(rooms.fromBytes), to: wasm.allocate(rooms.toBytes) };
}
