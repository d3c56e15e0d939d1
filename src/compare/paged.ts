/**
 * Columns of numbers that grow with a recording, in pages. Up to a limit they are in memory; beyond, the page that has
 * been there longest goes to a file without a name, and comes back when it is asked for. What is read and written in
 * order, as histories are, costs little more than memory.
 */
import { TemporaryFile } from "../base/temporary-file.js";

/** Bytes of all columns that are kept in memory, unless it is said otherwise. */
const MEMORY = 16 << 20;
const PAGE_BYTES = 1 << 16;

const TYPES = { u8: Uint8Array, u32: Uint32Array, f64: Float64Array } as const;
export type ColumnType = keyof typeof TYPES;
type Values = Uint8Array | Uint32Array | Float64Array;

export class Pages {
  /** In memory, the longest there first. */
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

  /** Room for one more page of a column. */
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

  /** The place of the bytes, from 0; at `slot` where they had one. */
  store(bytes: Uint8Array, slot: number | undefined): number {
    const at = slot ?? this.#slots++;
    this.#file.write(bytes, at * PAGE_BYTES);
    return at;
  }

  load(bytes: Uint8Array, slot: number): void {
    this.#file.read(bytes, slot * PAGE_BYTES);
  }

  /** Gives the file back: what was in it is gone. */
  close(): void {
    this.#file.close();
  }
}

/** Numbers by index, 0 where none was set. */
export class Column {
  length = 0;
  readonly #pages: (Values | undefined)[] = [];
  readonly #changed: boolean[] = [];
  /** Where in the file a page is, once it was there. */
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

  /** Behind the end too: what lies between is 0. */
  set(index: number, value: number): void {
    const page = Math.floor(index / (this.#mask + 1));
    (this.#pages[page] ?? this.#fault(page))[index & this.#mask] = value;
    this.#changed[page] = true;
    if (index >= this.length) this.length = index + 1;
  }

  /** Its index. */
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
    // First, so that it is never itself what makes room.
    this.pages.admit(this, page);
    const values = new this.#make(this.#mask + 1);
    const slot = this.#slots[page];
    if (slot !== undefined) this.pages.load(bytesOf(values), slot);
    this.#pages[page] = values;
    return values;
  }
}

/** Part of a column that many share: each has whole pages, too many for what is short. */
export class Range {
  constructor(
    private readonly column: Column,
    private readonly from: number,
    readonly length: number,
  ) {}

  get(index: number): number {
    return this.column.get(this.from + index);
  }

  /** From one index to before another. */
  part(from: number, to: number): Range {
    return new Range(this.column, this.from + from, to - from);
  }

  *[Symbol.iterator](): Generator<number> {
    for (let k = 0; k < this.length; k++) yield this.get(k);
  }
}

/** What is put at the end of a column meanwhile. */
export function appended(column: Column, append: () => void): Range {
  const from = column.length;
  append();
  return new Range(column, from, column.length - from);
}

const bytesOf = (values: Values): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
