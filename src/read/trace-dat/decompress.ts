/** One compressed piece of a version 7 file: a section, or a chunk of pages. It says how big it becomes, and is held to it. */
import * as zlib from "node:zlib";
import { ZstdError, ZstdReader } from "../zstd.js";

export type Codec = "zstd" | "zlib";

/** Why a piece cannot be had. */
export class PieceError extends Error {}

/** Node has a zstd of its own from 22.15 on, several times as fast as the one that is always there. */
const nodeZstd = (zlib as { readonly zstdDecompressSync?: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer }).zstdDecompressSync;
/** What trace-cmd's compressor uses at most; a header may ask for more, and memory is made ready for whatever it asks. */
const MAX_WINDOW_LOG = 23;
const SINGLE_SEGMENT = 0x20;
const BLOCK_HEADER = 3;
const RLE_BLOCK = 1;

/** Decompresses `bytes` to exactly `size` bytes, or throws a `PieceError`; hardly more than `size` are held. */
export function decompress(codec: Codec, bytes: Buffer, size: number, native: typeof nodeZstd | null = nodeZstd): Buffer {
  let content: Buffer;
  try {
    content = codec === "zlib" ? zlib.inflateSync(bytes, { maxOutputLength: Math.max(1, size) }) : unzstd(bytes, size, native);
  } catch (error) {
    if (error instanceof ZstdError || (error instanceof Error && "code" in error)) throw new PieceError(error.message, { cause: error });
    throw error;
  }
  if (content.length !== size) throw new PieceError(`it says that it decompresses to ${size} bytes, and has ${content.length}`);
  return content;
}

function unzstd(bytes: Buffer, size: number, native: typeof nodeZstd | null): Buffer {
  if (frameEnd(bytes, size) !== bytes.length) throw new PieceError("it is not one zstd frame");
  if (native) return native(bytes, { maxOutputLength: Math.max(1, size) });
  const reader = new ZstdReader();
  const content = Buffer.allocUnsafe(size);
  let have = 0;
  for (const part of reader.push(bytes)) {
    if (have + part.length > size) throw new PieceError(`it says that it decompresses to ${size} bytes, and has more`);
    have += part.copy(content, have);
  }
  return content.subarray(0, have);
}

/** Where the frame at the front ends, by the lengths of its blocks; what it asks of memory must fit a piece of `size` bytes. */
function frameEnd(bytes: Buffer, size: number): number {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528) throw new PieceError("it is no zstd");
  const descriptor = bytes[4]!;
  const single = (descriptor & SINGLE_SEGMENT) !== 0;
  if (!single && 10 + (bytes[5]! >> 3) > MAX_WINDOW_LOG) throw new PieceError("its window is bigger than any that trace-cmd asks for");
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  let p = sizeAt + sizeBytes;
  if (p > bytes.length) throw new PieceError("it is cut off");
  const says = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(sizeAt)) : sizeBytes === 0 ? size : bytes.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  if (says !== size) throw new PieceError(`it says both that it decompresses to ${size} bytes and to ${says}`);
  for (let last = false; !last; ) {
    if (p + BLOCK_HEADER > bytes.length) throw new PieceError("it is cut off");
    const header = bytes.readUIntLE(p, BLOCK_HEADER);
    last = (header & 1) !== 0;
    p += BLOCK_HEADER + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3);
  }
  return p + ((descriptor & 4) === 0 ? 0 : 4);
}
