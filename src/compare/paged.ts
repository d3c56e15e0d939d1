/**
 * Columns of numbers that grow with a recording, in pages. Up to a limit pages stay in memory; beyond it the oldest
 * goes to an unlinked file and is read back on access. Reading and writing in order, as histories do, costs little more
 * than memory.
 */
import { TemporaryFile } from "../base/temporary-file.js";

/** Default limit of the bytes of all columns in memory. */
const MEMORY = 16 << 20;
const PAGE_BYTES = 1 << 16;

const TYPES = { u8: Uint8Array, u32: Uint32Array, f64: Float64Array } as const;
export type ColumnType = keyof typeof TYPES;
type Values = Uint8Array | Uint32Array | Float64Array;

export class Pages {
  /** Pages in memory, a ring whose oldest is at `#next`. */
  readonly #resident: { readonly column: Column; readonly page: number }[] = [];
  #next = 0;
  readonly #most: number;
  readonly #file = new TemporaryFile();
  #slots = 0;

  constructor(memory = MEMORY) {
    this.#most = Math.max(1, Math.floor(memory / PAGE_BYTES));
  }

  column(type: ColumnType): Column {
    return new Column(this, type);
  }

  /** Makes room for one more page of a column. */
  admit(column: Column, page: number): void {
    if (this.#resident.length < this.#most) {
      this.#resident.push({ column, page });
      return;
    }
    const { column: oldest, page: gone } = this.#resident[this.#next]!;
    oldest.evict(gone);
    this.#resident[this.#next] = { column, page };
    this.#next = (this.#next + 1) % this.#most;
  }

  /** Writes a page and returns its slot, from 0; a page that had a slot keeps it. */
  store(bytes: Uint8Array, slot: number | undefined): number {
    const at = slot ?? this.#slots++;
    this.#file.write(bytes, at * PAGE_BYTES);
    return at;
  }

  load(bytes: Uint8Array, slot: number): void {
    this.#file.read(bytes, slot * PAGE_BYTES);
  }

  /** Removes the file with its content. */
  close(): void {
    this.#file.close();
  }
}

/** Numbers by index; 0 if not set. */
export class Column {
  length = 0;
  readonly #pages: (Values | undefined)[] = [];
  readonly #changed: boolean[] = [];
  /** Slot of a page in the file, once it was written. */
  readonly #slots: (number | undefined)[] = [];
  readonly #make: (typeof TYPES)[ColumnType];
  readonly #shift: number;
  readonly #mask: number;

  constructor(
    private readonly pages: Pages,
    type: ColumnType,
  ) {
    this.#make = TYPES[type];
    this.#shift = Math.log2(PAGE_BYTES / this.#make.BYTES_PER_ELEMENT);
    this.#mask = (1 << this.#shift) - 1;
  }

  get(index: number): number {
    if (index >= this.length) return 0;
    const page = Math.floor(index / (this.#mask + 1));
    return (this.#pages[page] ?? this.#fault(page))[index & this.#mask]!;
  }

  /** Sets a value, beyond the end too; the values between are 0. */
  set(index: number, value: number): void {
    const page = Math.floor(index / (this.#mask + 1));
    (this.#pages[page] ?? this.#fault(page))[index & this.#mask] = value;
    this.#changed[page] = true;
    if (index >= this.length) this.length = index + 1;
  }

  /** Returns the index. */
  push(value: number): number {
    this.set(this.length, value);
    return this.length - 1;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let k = 0; k < this.length; k++) yield this.get(k);
  }

  evict(page: number): void {
    const values = this.#pages[page]!;
    if (this.#changed[page]) this.#slots[page] = this.pages.store(bytesOf(values), this.#slots[page]);
    this.#changed[page] = false;
    this.#pages[page] = undefined;
  }

  #fault(page: number): Values {
    // Admitted first, so that it does not evict itself.
    this.pages.admit(this, page);
    const values = new this.#make(this.#mask + 1);
    const slot = this.#slots[page];
    if (slot !== undefined) this.pages.load(bytesOf(values), slot);
    this.#pages[page] = values;
    return values;
  }
}

/** Part of a column shared by many: a column of their own would take whole pages for a few numbers. */
export class Range {
  constructor(
    private readonly column: Column,
    private readonly from: number,
    readonly length: number,
  ) {}

  get(index: number): number {
    return this.column.get(this.from + index);
  }

  /** The part with `from` <= index < `to`. */
  part(from: number, to: number): Range {
    return new Range(this.column, this.from + from, to - from);
  }

  *[Symbol.iterator](): Generator<number> {
    for (let k = 0; k < this.length; k++) yield this.get(k);
  }
}

/** Returns the range that `append` adds at the end of the column. */
export function appended(column: Column, append: () => void): Range {
  const from = column.length;
  append();
  return new Range(column, from, column.length - from);
}

const bytesOf = (values: Values): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
