/**
 * Numbers as bytes: seven bits a byte, low ones first, the eighth says that more follow (LEB128). The reader trusts
 * nothing: whatever runs past the end, or says more than there can be, throws a `DamagedError`.
 */

/** What was read is not what was written. */
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

  /** Makes room for so many bytes more; who writes many numbers asks once. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }

  /** 32 bits, unsigned. Room for five bytes has to be there. */
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

  /** Up to 2^53 - 1. Makes its own room. */
  number(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** A number of either sign, less than 2^52 in size. */
  signed(value: number): void {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** The bytes themselves, behind their length. */
  chunk(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** UTF-8, or UTF-16 where that could not say it, behind its length and which of the two it is. */
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

  /** A number that may be `limit` at most. */
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

  /** Bytes behind their length. */
  chunk(): Uint8Array {
    return this.take(this.number());
  }

  text(): string {
    const head = this.number();
    const bytes = this.take(Math.floor(head / 2));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(head % 2 === 1 ? "utf16le" : "utf8");
  }

  /** A reader of the chunk that follows. */
  inner(): ByteReader {
    const length = this.below(this.end - this.at);
    const inner = new ByteReader(this.bytes, this.at, this.at + length);
    this.at += length;
    return inner;
  }
}

/** -1 as 1, 1 as 2, -2 as 3: small numbers of either sign are small. 32 bits, modulo 2^32. */
export function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

export function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
