/** The pages of one CPU, one after the other: as they lie in the file, or out of compressed chunks. */
import type { Access } from "./access.js";
import { Cursor } from "./cursor.js";
import { PieceError, decompress, type Codec } from "./decompress.js";
import type { CpuRange } from "./contents.js";

/** A page: `bytes[at, at + length)`; valid until `next` is called. */
export interface PageSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly at: number;
  /** Less than a page if the file is cut off. */
  readonly length: number;
  /** Goes to the next page; `false` if there is none. */
  next(): boolean;
  /** Bytes of the file that were read so far. */
  readonly consumed: number;
  /** The reason why there are no more pages, if there should be. */
  readonly trouble: string | undefined;
}

/** Pages as they lie in the file, some at a time into one buffer. */
export class PlainPages implements PageSource {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;
  length = 0;
  consumed = 0;
  trouble: string | undefined;
  #have = 0;

  constructor(
    private readonly access: Access,
    private readonly range: CpuRange,
    private readonly pageSize: number,
    /** Bytes that are read at once; a whole number of pages. */
    window: number,
  ) {
    this.bytes = new Uint8Array(Math.min(window, Math.max(pageSize, Math.ceil(range.size / pageSize) * pageSize)));
    this.view = new DataView(this.bytes.buffer);
    if (range.size > 0 && range.offset + range.size > access.size) this.trouble = "the file is cut off";
  }

  next(): boolean {
    this.at += this.length;
    if (this.at >= this.#have) {
      const { offset, size } = this.range;
      this.#have = this.access.readInto(
        this.bytes,
        offset + this.consumed,
        Math.min(this.bytes.length, size - this.consumed),
      );
      this.consumed += this.#have;
      this.at = 0;
      if (this.#have === 0) return false;
    }
    this.length = Math.min(this.pageSize, this.#have - this.at);
    return true;
  }
}

/** Bytes that a chunk may decompress to. trace-cmd puts ten pages in one. */
const MAX_CHUNK = 16 << 20;
/** No pages compress better than this: beyond `BOMB_FREE` bytes, a greater ratio is refused. */
const BOMB_RATIO = 1000;
const BOMB_FREE = 64 << 20;
const COUNT = 4;
const CHUNK_HEADER = 8;

/**
 * Pages out of compressed chunks: their number, and for each chunk its size in the file, its real size, and its bytes.
 */
export class ChunkedPages implements PageSource {
  bytes: Buffer = Buffer.alloc(0);
  view = new DataView(this.bytes.buffer);
  at = 0;
  length = 0;
  trouble: string | undefined;
  readonly #cursor: Cursor;
  readonly #start: number;
  #left = 0;
  #decompressed = 0;

  constructor(
    access: Access,
    file: string,
    range: CpuRange,
    private readonly pageSize: number,
    private readonly codec: Codec,
    big: boolean,
    /** Bytes of memory for one chunk; many CPUs share the total. */
    private readonly maxChunk = MAX_CHUNK,
  ) {
    this.#start = range.offset;
    // trace-cmd does not count the number of chunks among their bytes.
    this.#cursor = new Cursor(
      access,
      big,
      file,
      range.offset,
      Math.min(range.offset + COUNT + range.size, access.size),
    );
    if (range.size === 0) return;
    if (range.offset + range.size > access.size) this.trouble = "the file is cut off";
    if (this.#cursor.left >= COUNT) this.#left = this.#cursor.u32("the number of chunks");
  }

  get consumed(): number {
    return this.#cursor.at - this.#start;
  }

  next(): boolean {
    this.at += this.length;
    while (this.at >= this.bytes.length) if (!this.#chunk()) return false;
    this.length = Math.min(this.pageSize, this.bytes.length - this.at);
    return true;
  }

  #chunk(): boolean {
    const room = this.bytes;
    this.at = 0;
    this.length = 0;
    this.bytes = Buffer.alloc(0);
    if (this.#left === 0) return false;
    const cursor = this.#cursor;
    if (cursor.left < CHUNK_HEADER) return this.#end("a chunk is cut off");
    const compressed = cursor.u32("a chunk");
    const size = cursor.u32("a chunk");
    if (compressed > cursor.left) return this.#end("a chunk is cut off");
    this.#decompressed += size;
    if (size > this.maxChunk || this.#decompressed > BOMB_FREE + BOMB_RATIO * this.consumed)
      return this.#end("a chunk would decompress to more than any pages do");
    try {
      this.bytes = decompress(this.codec, cursor.bytes(compressed, "a chunk"), size, room);
      this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    } catch (error) {
      if (!(error instanceof PieceError)) throw error;
      // The chunks after it could be read all the same, but then the place of the lost events would not be known.
      return this.#end(`a chunk cannot be decompressed: ${error.message}`);
    }
    this.#left--;
    return true;
  }

  #end(trouble: string): false {
    this.trouble = trouble;
    this.#left = 0;
    return false;
  }
}
