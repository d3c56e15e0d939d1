/**
 * Bytes at any offset. The head of a trace.dat has the offsets of everything else, and the events of its CPUs lie one
 * CPU after the other: it cannot be read from front to back.
 */
import { closeSync, readSync } from "node:fs";
import { TroubleError } from "../../base/trouble.js";

export interface Access {
  readonly size: number;
  /** Returns bytes `[offset, offset + length)`; fewer at the end of the file. They are never overwritten. */
  read(offset: number, length: number): Buffer;
  /** Reads into the front of the caller's buffer. Returns the number of bytes. */
  readInto(into: Uint8Array, offset: number, length: number): number;
  close(): void;
}

/** A plain file. Reads block: a page in the system's cache is read faster than a promise resolves. */
export class FileAccess implements Access {
  constructor(
    /** The file's name, for messages. */
    private readonly file: string,
    private readonly descriptor: number,
    readonly size: number,
  ) {}

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    return bytes.subarray(0, this.readInto(bytes, offset, bytes.length));
  }

  readInto(into: Uint8Array, offset: number, length: number): number {
    let have = 0;
    while (have < length) {
      const read = this.#read(into, have, length - have, offset + have);
      if (read === 0) break;
      have += read;
    }
    return have;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #read(into: Uint8Array, at: number, length: number, offset: number): number {
    try {
      return readSync(this.descriptor, into, at, length, offset);
    } catch (error) {
      throw new TroubleError(
        `could not be read: ${error instanceof Error ? error.message : String(error)}`,
        this.file,
        undefined,
        { cause: error },
      );
    }
  }
}

/** Decompressed or piped bytes: blocks of one size, so that nothing is copied while they grow. */
export class BlockAccess implements Access {
  constructor(
    private readonly blocks: readonly Buffer[],
    private readonly blockSize: number,
    readonly size: number,
  ) {}

  read(offset: number, length: number): Buffer {
    const n = Math.max(0, Math.min(length, this.size - offset));
    const within = offset % this.blockSize;
    if (n === 0) return Buffer.alloc(0);
    if (within + n <= this.blockSize)
      return this.blocks[Math.floor(offset / this.blockSize)]!.subarray(within, within + n);
    const bytes = Buffer.allocUnsafe(n);
    this.readInto(bytes, offset, n);
    return bytes;
  }

  readInto(into: Uint8Array, offset: number, length: number): number {
    const n = Math.max(0, Math.min(length, this.size - offset));
    for (let have = 0; have < n; ) {
      const block = this.blocks[Math.floor((offset + have) / this.blockSize)]!;
      const from = (offset + have) % this.blockSize;
      const some = Math.min(n - have, this.blockSize - from);
      into.set(block.subarray(from, from + some), have);
      have += some;
    }
    return n;
  }

  close(): void {}
}

/** Returns an access to one buffer: a section that was decompressed. */
export function memoryAccess(bytes: Buffer): Access {
  return new BlockAccess([bytes], Math.max(1, bytes.length), bytes.length);
}
