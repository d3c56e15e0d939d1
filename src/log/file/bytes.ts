/**
 * Numbers as bytes: seven bits a byte, low ones first, the eighth is set if more follow (LEB128). The reader trusts
 * nothing: it throws a `DamagedError` for a number that runs past the end or exceeds its limit.
 */

/** The bytes are not those that were written. */
export class DamagedError extends Error {}

/** Half of a character beyond the 16 bits: UTF-8 has no bytes for it. */
const SURROGATE = /\p{Surrogate}/u;

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for so many bytes more; a caller that writes many numbers reserves once. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }

  /** Writes 32 bits, unsigned. Needs room for five bytes. */
  u32(value: number): void {
    const { bytes } = this;
    let at = this.length;
    let rest = value >>> 0;
    while (rest >= 0x80) {
      bytes[at++] = rest | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** Writes a number up to 2^53 - 1. Reserves its own room. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** Writes a number of either sign, less than 2^52 in size. */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** Writes bytes after their length. */
  chunk(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes UTF-8, or UTF-16 for text that UTF-8 cannot encode, after its length and a bit for the encoding. */
  text(text: string): void {
    const wide = SURROGATE.test(text);
    const bytes = Buffer.from(text, wide ? "utf16le" : "utf8");
    this.number(bytes.length * 2 + (wide ? 1 : 0));
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  at: number;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.at = start;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  u32(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++]!;
    // Nearly all numbers are small.
    if (byte < 0x80 && at <= this.end) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; ; shift += 7) {
      if (at >= this.end || shift > 28) throw new DamagedError("a number has no end");
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.at = at;
    return value >>> 0;
  }

  number(): number {
    const first = this.bytes[this.at]!;
    if (first < 0x80 && this.at < this.end) {
      this.at++;
      return first;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      if (this.at >= this.end || scale > Number.MAX_SAFE_INTEGER) throw new DamagedError("a number has no end");
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (!Number.isSafeInteger(value)) throw new DamagedError("a number is too large");
    return value;
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Reads a number that may be `limit` at most. */
  below(limit: number): number {
    const value = this.number();
    if (value > limit) throw new DamagedError(`${value} where ${limit} is the most there can be`);
    return value;
  }

  take(length: number): Uint8Array {
    if (length > this.end - this.at) throw new DamagedError(`${length} bytes where ${this.end - this.at} are left`);
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  /** Reads bytes that follow their length. */
  chunk(): Uint8Array {
    return this.take(this.number());
  }

  text(): string {
    const head = this.number();
    const bytes = this.take(Math.floor(head / 2));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(head % 2 === 1 ? "utf16le" : "utf8");
  }

  /** Returns a reader of the chunk that follows. */
  inner(): ByteReader {
    const length = this.below(this.end - this.at);
    const inner = new ByteReader(this.bytes, this.at, this.at + length);
    this.at += length;
    return inner;
  }
}

/** Maps -1 to 1, 1 to 2, -2 to 3: small numbers of either sign are small. 32 bits, modulo 2^32. */
export function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

export function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
