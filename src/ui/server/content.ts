/** Served content: bytes of a known size, in memory or in a file. */
import type { FileHandle } from "node:fs/promises";

export interface Content {
  /** Media type. */
  readonly type: string;
  readonly size: number;
  /** The bytes from `first` to `last`, both included; both exist. */
  read(first: number, last: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Bytes per read. */
const PIECE = 256 * 1024;

export function inMemory(type: string, bytes: Buffer): Content {
  return { type, size: bytes.length, read: (first, last) => [bytes.subarray(first, last + 1)] };
}

/**
 * Serves a file. `size` is that of the file when it was opened: bytes appended later are not served.
 *
 * @throws {Error} If the file became shorter, while it is read.
 */
export function inFile(type: string, file: FileHandle, size: number): Content {
  return {
    type,
    size,
    async *read(first, last) {
      for (let at = first; at <= last; ) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(PIECE, last + 1 - at)), {
          position: at,
        });
        if (bytesRead === 0) throw new Error("the file is shorter than it was");
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
  };
}
