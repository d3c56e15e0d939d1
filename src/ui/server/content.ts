/** What is served: bytes of a known size, in memory or in a file. */
import type { FileHandle } from "node:fs/promises";

export interface Content {
  /** A media type. */
  readonly type: string;
  readonly size: number;
  /** The bytes from `first` to `last`; both are there. */
  read(first: number, last: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Bytes that are read at once. */
const PIECE = 256 * 1024;

export function inMemory(type: string, bytes: Buffer): Content {
  return { type, size: bytes.length, read: (first, last) => [bytes.subarray(first, last + 1)] };
}

/**
 * `size`: that of the file when it was opened. What is appended later is not served; a file that became shorter ends in
 * an error.
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
