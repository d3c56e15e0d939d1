/**
 * Interning by bytes: equal bytes always get the same small number, and a JS string is made only on demand. Texts that
 * a recording repeats a million times (tasks, places, module names) cost a hash and a comparison each.
 */
import { Recent } from "./recent.js";

/** Recordings are untrusted: a hash with another seed in each process cannot be flooded with prepared collisions. */
const SEED = (Math.random() * 0x100000000) | 0;

/** Result of `ByteInterner.intern` if it is full or the bytes are too long to be worth keeping. */
export const NOT_INTERNED = -1;

const MAX_ENTRY_BYTES = 65536;
/** Default limit of the bytes of all entries together. */
const MAX_BYTES = 256 * 1024 * 1024;

export class ByteInterner {
  /** All distinct bytes, one after the other; entry `id` is at `starts[id]`, `lengths[id]` long. */
  bytes = new Uint8Array(4096);
  starts = new Uint32Array(64);
  lengths = new Uint32Array(64);
  size = 0;
  /** Absent as long as all salts are 0. */
  #salts: Float64Array | undefined;
  #hashes = new Int32Array(64);
  #used = 0;
  /** Open addressing: id + 1, or 0. */
  #slots = new Uint32Array(256);
  readonly #texts = new Recent<string>();

  constructor(
    readonly limit: number,
    readonly maxBytes = MAX_BYTES,
  ) {}

  /**
   * Returns the number of `bytes[start, end)` together with `salt` (a second part of the key, a number that is not in
   * the bytes).
   */
  intern(source: Uint8Array, start: number, end: number, salt = 0): number {
    let hash = SEED ^ salt;
    for (let p = start; p < end; p++) hash = Math.imul(hash ^ source[p]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      const id = entry - 1;
      if (this.#hashes[id] === hash && this.salt(id) === salt && this.equals(id, source, start, end)) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(source, start, end, salt, hash, slot);
  }

  /** Returns the second part of a number's key. */
  salt(id: number): number {
    return this.#salts === undefined ? 0 : this.#salts[id]!;
  }

  equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.lengths[id] !== length) return false;
    const bytes = this.bytes;
    const from = this.starts[id]!;
    for (let k = 0; k < length; k++) if (bytes[from + k] !== source[start + k]) return false;
    return true;
  }

  text(id: number): string {
    return this.#texts.get(id) ?? this.#texts.set(id, this.decoded(id));
  }

  /** Returns the text, decoded anew each time. */
  decoded(id: number): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.starts[id]!, this.lengths[id]!).toString("utf8");
  }

  /** Returns the bytes of a number, valid until the next `intern`, which may move them. */
  entry(id: number): Uint8Array {
    const start = this.starts[id]!;
    return this.bytes.subarray(start, start + this.lengths[id]!);
  }

  #add(source: Uint8Array, start: number, end: number, salt: number, hash: number, slot: number): number {
    const length = end - start;
    if (this.size >= this.limit || length > MAX_ENTRY_BYTES || this.#used + length > this.maxBytes) return NOT_INTERNED;
    const id = this.size++;
    if (id === this.starts.length) {
      this.starts = grown(this.starts, new Uint32Array(id * 2));
      this.lengths = grown(this.lengths, new Uint32Array(id * 2));
      this.#hashes = grown(this.#hashes, new Int32Array(id * 2));
    }
    if (salt !== 0 || this.#salts) this.#salts = longer(this.#salts, this.starts.length);
    if (this.#used + length > this.bytes.length) {
      this.bytes = grown(
        this.bytes,
        new Uint8Array(Math.min(this.maxBytes, Math.max(this.bytes.length * 2, this.#used + length))),
      );
    }
    this.bytes.set(source.subarray(start, end), this.#used);
    this.starts[id] = this.#used;
    this.lengths[id] = length;
    if (this.#salts) this.#salts[id] = salt;
    this.#hashes[id] = hash;
    this.#used += length;
    this.#slots[slot] = id + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = this.#hashes[id]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function longer(salts: Float64Array | undefined, length: number): Float64Array {
  if (salts && salts.length >= length) return salts;
  const all = new Float64Array(length);
  return salts ? grown(salts, all) : all;
}

/** Copies the values to the front of a bigger array. */
export function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}

export { SEED as HASH_SEED };
