/** Decompresses zstd as a stream: frames one after the other, a block at a time, whatever their size. */
import { ZstdWasm } from "./zstd-wasm.js";

export { ZstdError } from "./zstd-wasm.js";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
/** Maximal bytes that a block decompresses to, and of a part that is yielded. */
const MAX_BLOCK = 128 * 1024;
/** Bytes of a block's header; the decoder takes it together with the block before. */
const BLOCK_HEADER = 3;
/** Bytes that the decoder takes first: the part of a frame's header that is always present. */
const FIRST_INPUT = 5;
/** `ZSTD_inBuffer` and `ZSTD_outBuffer`: address, length, position. */
const SPAN_BYTES = 12;
const LENGTH = 4;
const DONE = 8;

export function isZstd(magic: Buffer): boolean {
  if (magic.length < 4) return false;
  const word = magic.readUInt32LE(0);
  return word === MAGIC || (word & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** The decoder refuses windows of more than 128 MiB, as `zstd -d` does, and verifies sizes and checksums. */
export class ZstdReader {
  readonly #wasm = new ZstdWasm();
  readonly #context: number;
  readonly #from = this.#wasm.allocate(MAX_BLOCK);
  readonly #to = this.#wasm.allocate(MAX_BLOCK);
  readonly #input = this.#wasm.allocate(SPAN_BYTES);
  readonly #output = this.#wasm.allocate(SPAN_BYTES);
  /**
   * Bytes for the next call of the decoder. A call that fails yields nothing, so the header of the next block must not
   * be in the call that decodes one.
   */
  #wanted = FIRST_INPUT;
  /** True if a frame is over, and no byte of another was seen. */
  #complete = true;

  constructor() {
    this.#context = this.#wasm.exports.ZSTD_createDCtx();
  }

  /**
   * Takes compressed bytes; yields what they decompress to, at most a block at a time.
   * @throws {ZstdError} if they are damaged
   */
  *push(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(this.#wanted, MAX_BLOCK, bytes.length - at);
      bytes.copy(this.#wasm.heap, this.#from, at, at + length);
      at += this.#decode(length);
      const { heap } = this.#wasm;
      const done = heap.readUInt32LE(this.#output + DONE);
      if (done > 0) yield Buffer.from(heap.subarray(this.#to, this.#to + done));
    }
  }

  /** True if the compressed bytes may end here. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Decodes `length` bytes; returns the number of bytes in its memory that the decoder took. */
  #decode(length: number): number {
    const { heap } = this.#wasm;
    this.#span(heap, this.#input, this.#from, length);
    this.#span(heap, this.#output, this.#to, MAX_BLOCK);
    const wanted = this.#wasm.call((decoder) =>
      decoder.ZSTD_decompressStream(this.#context, this.#output, this.#input),
    );
    this.#complete = wanted === 0;
    this.#wanted = wanted === 0 ? FIRST_INPUT : wanted > BLOCK_HEADER ? wanted - BLOCK_HEADER : wanted;
    return this.#wasm.heap.readUInt32LE(this.#input + DONE);
  }

  #span(heap: Buffer, span: number, at: number, length: number): void {
    heap.writeUInt32LE(at, span);
    heap.writeUInt32LE(length, span + LENGTH);
    heap.writeUInt32LE(0, span + DONE);
  }
}
