/** Columns of Arrow, filled row by row and taken as the buffers of a record batch. */

export interface ColumnBuffers {
  readonly nulls: number;
  /** Validity (empty if nothing is null), then the offsets for strings, then the values. */
  readonly buffers: readonly Uint8Array[];
}

export interface Column {
  /** Bits of an integer, or 0 for text. */
  readonly bits: 0 | 8 | 16 | 32 | 64;
  readonly signed: boolean;
  /** Rows 0 to `rows` - 1, all null. */
  reset(rows: number): void;
  take(): ColumnBuffers;
}

/** Arrow states the byte order of its words: that of the machine that writes. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LOW = LITTLE_ENDIAN ? 0 : 1;

class Validity {
  #bits = new Uint8Array(0);
  #rows = 0;
  #valid = 0;

  reset(rows: number): void {
    this.#bits = new Uint8Array(Math.ceil(rows / 8));
    this.#rows = rows;
    this.#valid = 0;
  }

  set(row: number): void {
    this.#bits[row >> 3]! |= 1 << (row & 7);
    this.#valid++;
  }

  get nulls(): number {
    return this.#rows - this.#valid;
  }

  get bytes(): Uint8Array {
    return this.nulls === 0 ? new Uint8Array(0) : this.#bits;
  }
}

export class IntegerColumn implements Column {
  readonly #validity = new Validity();
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #small: Uint8Array | Uint16Array = new Uint8Array(0);

  constructor(
    readonly bits: 8 | 16 | 32 | 64,
    readonly signed: boolean,
  ) {}

  reset(rows: number): void {
    this.#validity.reset(rows);
    const buffer = new ArrayBuffer(Math.ceil((rows * this.bits) / 64) * 8);
    this.#bytes = new Uint8Array(buffer, 0, (rows * this.bits) / 8);
    this.#words = new Uint32Array(buffer);
    this.#small = this.bits === 8 ? new Uint8Array(buffer) : new Uint16Array(buffer);
  }

  /** Writes two's complement: bits that do not fit are cut off. */
  set(row: number, low: number, high: number): void {
    this.#validity.set(row);
    if (this.bits === 64) {
      this.#words[row * 2 + LOW] = low;
      this.#words[row * 2 + 1 - LOW] = high;
    } else if (this.bits === 32) this.#words[row] = low;
    else this.#small[row] = low;
  }

  /** Writes a whole number that is not negative. */
  setNumber(row: number, value: number): void {
    this.set(row, value >>> 0, Math.floor(value / 4294967296));
  }

  take(): ColumnBuffers {
    return { nulls: this.#validity.nulls, buffers: [this.#validity.bytes, this.#bytes] };
  }
}

export class TextColumn implements Column {
  readonly bits = 0;
  readonly signed = false;
  readonly #validity = new Validity();
  #rows: (Uint8Array | undefined)[] = [];
  /** Encoded texts, for columns whose texts repeat; kept while the recording lasts. */
  readonly #known = new Map<string, Uint8Array>();

  reset(rows: number): void {
    this.#validity.reset(rows);
    this.#rows = Array.from({ length: rows });
  }

  set(row: number, text: string): void {
    let bytes = this.#known.get(text);
    if (!bytes) {
      bytes = Buffer.from(text);
      if (this.#known.size < MAX_KNOWN && text.length <= MAX_KNOWN_LENGTH) this.#known.set(text, bytes);
    }
    this.#validity.set(row);
    this.#rows[row] = bytes;
  }

  take(): ColumnBuffers {
    const offsets = new Int32Array(this.#rows.length + 1);
    let at = 0;
    for (const [row, bytes] of this.#rows.entries()) offsets[row + 1] = at += bytes?.length ?? 0;
    const values = new Uint8Array(at);
    for (const [row, bytes] of this.#rows.entries()) if (bytes) values.set(bytes, offsets[row]);
    return { nulls: this.#validity.nulls, buffers: [this.#validity.bytes, new Uint8Array(offsets.buffer), values] };
  }
}

const MAX_KNOWN = 1 << 14;
const MAX_KNOWN_LENGTH = 256;
