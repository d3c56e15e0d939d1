/**
 * Decompresses one piece of a version 7 file: a section, or a chunk of pages. It has its decompressed size, which is
 * enforced.
 */
import { inflateSync } from "node:zlib";
import { unzstd } from "../zstd-piece.js";
import { ZstdError } from "../zstd-wasm.js";

export type Codec = "zstd" | "zlib";

/** The reason why a piece cannot be decompressed. */
export class PieceError extends Error {}

/**
 * Decompresses `bytes` to exactly `size` bytes; hardly more than `size` are held. `room`: a buffer that may be
 * overwritten, and is returned if it has the size.
 * @throws {PieceError} if that fails
 */
export function decompress(codec: Codec, bytes: Buffer, size: number, room?: Buffer): Buffer {
  try {
    const content =
      codec === "zlib"
        ? inflateSync(bytes, { maxOutputLength: Math.max(1, size) })
        : zstd(bytes, room?.length === size ? room : Buffer.allocUnsafeSlow(size));
    if (content.length === size) return content;
    throw new PieceError(`it says that it decompresses to ${size} bytes, and has ${content.length}`);
  } catch (error) {
    if (error instanceof ZstdError || (error instanceof Error && "code" in error))
      throw new PieceError(error.message, { cause: error });
    throw error;
  }
}

function zstd(bytes: Buffer, into: Buffer): Buffer {
  return into.subarray(0, unzstd(bytes, into));
}
