/**
 * FlatBuffers, as far as Arrow's metadata needs them: written from front to back, each table before what it points to,
 * so that every offset is forward. Little-endian, as the format is.
 */

export type Slot =
  | { readonly is: "u8" | "i16" | "i32"; readonly value: number }
  | { readonly is: "i64"; readonly value: number }
  | { readonly is: "string"; readonly value: string }
  | { readonly is: "table"; readonly value: Table }
  | { readonly is: "tables"; readonly value: readonly Table[] }
  /** Structs of 64-bit numbers only: `each` numbers per struct. */
  | { readonly is: "structs"; readonly value: readonly number[]; readonly each: number };

/** By field number; an absent field has its default. */
export type Table = readonly (Slot | undefined)[];

export const u8 = (value: number): Slot => ({ is: "u8", value });
export const i16 = (value: number): Slot => ({ is: "i16", value });
export const i32 = (value: number): Slot => ({ is: "i32", value });
export const i64 = (value: number): Slot => ({ is: "i64", value });
export const string = (value: string): Slot => ({ is: "string", value });
export const table = (...value: Table): Slot => ({ is: "table", value });
export const tables = (value: readonly Table[]): Slot => ({ is: "tables", value });
export const structs = (value: readonly number[], each: number): Slot => ({ is: "structs", value, each });

const WIDTH = { u8: 1, i16: 2, i32: 4, i64: 8, string: 4, table: 4, tables: 4, structs: 4 } as const;

/** Returns a buffer whose root is this table; its length is a multiple of 8. */
export function flatbuffer(root: Table): Buffer {
  const writer = new Writer();
  writer.write(root);
  return writer.bytes();
}

class Writer {
  #buffer = Buffer.alloc(1024);
  #size = 0;

  write(root: Table): void {
    const at = this.#room(4);
    this.#point(at, this.#table(root));
  }

  bytes(): Buffer {
    this.#align(8);
    return this.#buffer.subarray(0, this.#size);
  }

  #table(slots: Table): number {
    const vtable = this.#room(4 + slots.length * 2, 2);
    this.#align(8);
    const start = this.#size;
    let width = 4;
    const places = slots.map((slot) => {
      if (!slot) return 0;
      const size = WIDTH[slot.is];
      const place = Math.ceil(width / size) * size;
      width = place + size;
      return place;
    });
    this.#room(width, 1);
    this.#buffer.writeUInt16LE(4 + slots.length * 2, vtable);
    this.#buffer.writeUInt16LE(width, vtable + 2);
    for (const [k, place] of places.entries()) this.#buffer.writeUInt16LE(place, vtable + 4 + k * 2);
    this.#buffer.writeInt32LE(start - vtable, start);
    for (const [k, slot] of slots.entries()) if (slot) this.#slot(slot, start + places[k]!);
    return start;
  }

  #slot(slot: Slot, at: number): void {
    switch (slot.is) {
      case "u8":
        this.#buffer.writeUInt8(slot.value, at);
        break;
      case "i16":
        this.#buffer.writeInt16LE(slot.value, at);
        break;
      case "i32":
        this.#buffer.writeInt32LE(slot.value, at);
        break;
      case "i64":
        this.#buffer.writeBigInt64LE(BigInt(slot.value), at);
        break;
      case "string":
        this.#point(at, this.#string(slot.value));
        break;
      case "table":
        this.#point(at, this.#table(slot.value));
        break;
      case "tables":
        this.#point(at, this.#tables(slot.value));
        break;
      case "structs":
        this.#point(at, this.#structs(slot.value, slot.each));
    }
  }

  #string(text: string): number {
    const bytes = Buffer.from(text);
    const at = this.#room(4 + bytes.length + 1);
    this.#buffer.writeUInt32LE(bytes.length, at);
    bytes.copy(this.#buffer, at + 4);
    return at;
  }

  #tables(elements: readonly Table[]): number {
    const at = this.#room(4 + elements.length * 4);
    this.#buffer.writeUInt32LE(elements.length, at);
    for (const [k, element] of elements.entries()) this.#point(at + 4 + k * 4, this.#table(element));
    return at;
  }

  #structs(numbers: readonly number[], each: number): number {
    // The elements are aligned, not the length before them.
    this.#align(8);
    this.#room(4);
    const at = this.#room(4 + numbers.length * 8);
    this.#buffer.writeUInt32LE(numbers.length / each, at);
    for (const [k, n] of numbers.entries()) this.#buffer.writeBigInt64LE(BigInt(n), at + 4 + k * 8);
    return at;
  }

  /** Appends zeros, from a multiple of `align`, and returns their offset. */
  #room(bytes: number, align = 4): number {
    this.#align(align);
    const at = this.#size;
    this.#size += bytes;
    if (this.#size > this.#buffer.length) {
      const bigger = Buffer.alloc(this.#size * 2);
      this.#buffer.copy(bigger);
      this.#buffer = bigger;
    }
    return at;
  }

  #align(to: number): void {
    const rest = this.#size % to;
    if (rest !== 0) this.#room(to - rest, 1);
  }

  #point(at: number, target: number): void {
    this.#buffer.writeUInt32LE(target - at, at);
  }
}
