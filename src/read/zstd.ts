/**
 * Decompresses zstd as a stream, a block at a time. The blocks themselves are `fzstd`'s work; the frames around them are
 * walked here, because all that bounds memory stands there: a push of `fzstd` decompresses everything that it was given,
 * however much that is, allocates whatever window a header asks for, and does not look at checksums.
 */
import { Decompress } from "fzstd";
import { Xxh64 } from "./xxh64.js";
import { hasEndlessWeights } from "./zstd-weights.js";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const HEADER_MIN = 5;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
/** What a block may hold, compressed or not. */
const MAX_BLOCK = 128 * 1024;
/** A window is memory. The same limit as that of `zstd -d`; more needs a word there as well (`--long=31`). */
const MAX_WINDOW = 128 * 1024 * 1024;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const RESERVED_BLOCK = 3;

/** Why a file cannot be decompressed further: it is damaged, or needs what kreel does not have. */
export class ZstdError extends Error {
  constructor(
    message: string,
    readonly damaged = true,
  ) {
    super(message);
  }
}

export function isZstd(magic: Buffer): boolean {
  if (magic.length < 4) return false;
  const word = magic.readUInt32LE(0);
  return word === MAGIC || isSkippable(word);
}

function isSkippable(word: number): boolean {
  return (word & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** A frame whose blocks are being read. */
interface Frame {
  readonly decompress: Decompress;
  readonly size: number | undefined;
  readonly checksum: Xxh64 | undefined;
  readonly maxBlock: number;
  decompressed: number;
}

type State = "frame" | "block" | "checksum" | "skip";

export class ZstdReader {
  #waiting: Buffer = Buffer.alloc(0);
  #state: State = "frame";
  #frame: Frame | undefined;
  /** Bytes of a skippable frame that are still to come. */
  #skip = 0;
  /** What `fzstd` handed back last. */
  #ready: Uint8Array[] = [];

  /** Takes compressed bytes; yields what they decompress to, at most a block at a time. Throws a `ZstdError`. */
  *push(chunk: Buffer): Generator<Buffer> {
    let bytes = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, chunk]) : chunk;
    for (let used = -1; used !== 0; ) {
      try {
        used = this.#step(bytes);
      } catch (error) {
        yield* this.#taken();
        throw error;
      }
      bytes = bytes.subarray(used);
      yield* this.#taken();
    }
    // A copy: what waits must not keep a whole chunk of the caller's.
    this.#waiting = Buffer.from(bytes);
  }

  /** Whether the compressed bytes may end here. */
  get complete(): boolean {
    return this.#state === "frame" && this.#waiting.length === 0;
  }

  *#taken(): Generator<Buffer> {
    for (const ready of this.#ready.splice(0)) if (ready.length > 0) yield Buffer.from(ready.buffer, ready.byteOffset, ready.length);
  }

  /** Reads one thing off the front of `bytes`; returns how long it was, 0 if not all of it is there. */
  #step(bytes: Buffer): number {
    if (this.#state === "frame") return this.#header(bytes);
    if (this.#state === "block") return this.#block(bytes);
    if (this.#state === "checksum") return this.#sum(bytes);
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    if (this.#skip === 0) this.#state = "frame";
    return skipped;
  }

  #header(bytes: Buffer): number {
    if (bytes.length < HEADER_MIN) {
      if (bytes.length >= 4 && !isZstd(bytes)) throw new ZstdError("what follows is no zstd");
      return 0;
    }
    const magic = bytes.readUInt32LE(0);
    if (isSkippable(magic)) {
      if (bytes.length < 8) return 0;
      this.#skip = bytes.readUInt32LE(4);
      if (this.#skip > 0) this.#state = "skip";
      return 8;
    }
    if (magic !== MAGIC) throw new ZstdError("what follows is no zstd");
    const descriptor = bytes[4]!;
    const single = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const sizeAt = HEADER_MIN + (single ? 0 : 1) + dictionaryBytes;
    const end = sizeAt + sizeBytes;
    if (bytes.length < end) return 0;
    if (dictionaryBytes > 0 && bytes.readUIntLE(sizeAt - dictionaryBytes, dictionaryBytes) !== 0) throw new ZstdError("it was compressed with a dictionary, which is needed again: zstd -dc -D DICTIONARY FILE | kreel … -", false);
    const size = sizeBytes === 0 ? undefined : sizeOf(bytes, sizeAt, sizeBytes);
    const window = single ? size! : windowOf(bytes[HEADER_MIN]!);
    if (window > MAX_WINDOW) throw new ZstdError("its window is bigger than 128 MiB; decompress it: zstd -dc --long=31 FILE | kreel … -", false);
    this.#frame = {
      decompress: new Decompress((ready) => this.#ready.push(ready)),
      size,
      checksum: (descriptor & 4) !== 0 ? new Xxh64() : undefined,
      maxBlock: Math.min(MAX_BLOCK, window),
      decompressed: 0,
    };
    this.#feed(this.#frame, bytes.subarray(0, end), false);
    this.#state = "block";
    return end;
  }

  #block(bytes: Buffer): number {
    const frame = this.#frame!;
    if (bytes.length < BLOCK_HEADER) return 0;
    const header = bytes.readUIntLE(0, BLOCK_HEADER);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED_BLOCK || size > frame.maxBlock) throw new ZstdError("a block that cannot be");
    const end = BLOCK_HEADER + (type === RLE_BLOCK ? 1 : size);
    if (bytes.length < end) return 0;
    if (type === COMPRESSED_BLOCK && hasEndlessWeights(bytes, BLOCK_HEADER)) throw new ZstdError("a Huffman table that cannot be");
    const last = (header & 1) !== 0;
    this.#feed(frame, bytes.subarray(0, end), last);
    if (last) this.#state = frame.checksum ? "checksum" : "frame";
    return end;
  }

  #feed(frame: Frame, bytes: Buffer, last: boolean): void {
    try {
      frame.decompress.push(bytes);
      // The checksum is this reader's own affair; `fzstd` is content with any.
      if (last) frame.decompress.push(Buffer.alloc(frame.checksum ? CHECKSUM : 0), true);
    } catch (error) {
      throw new ZstdError(error instanceof Error ? error.message : String(error));
    }
    for (const ready of this.#ready) {
      frame.decompressed += ready.length;
      frame.checksum?.update(ready);
    }
    if (frame.size !== undefined && (frame.decompressed > frame.size || (last && frame.decompressed < frame.size))) throw new ZstdError("its content has not the size that it says");
  }

  #sum(bytes: Buffer): number {
    if (bytes.length < CHECKSUM) return 0;
    if (Number(this.#frame!.checksum!.digest() & 0xffffffffn) !== bytes.readUInt32LE(0)) throw new ZstdError("its checksum does not match");
    this.#state = "frame";
    return CHECKSUM;
  }
}

function sizeOf(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
