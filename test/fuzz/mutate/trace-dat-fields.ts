/**
 * Finds the numbers of an intact trace.dat: lengths, counts, offsets, and the words of its pages, as the manual has it.
 */

export interface Field {
  readonly at: number;
  readonly size: number;
}

const MAGIC = 10;
const PAGE_HEADER = 16;
const CHUNK_HEADER = 8;
/** Fields that are found; the rest is data. */
const MOST = 3000;

/** Returns the fields in the order of the file; as many as could be found. */
export function fieldsOf(bytes: Buffer): { readonly fields: readonly Field[]; readonly big: boolean } {
  const walk = new Walk(bytes);
  try {
    walk.file();
  } catch (error) {
    // A file that was mutated already: the fields found so far suffice.
    if (!(error instanceof RangeError)) throw error;
  }
  return { fields: walk.fields.filter(({ at, size }) => at + size <= bytes.length), big: walk.big };
}

class Walk {
  readonly fields: Field[] = [];
  big = false;
  #at = MAGIC;

  constructor(private readonly bytes: Buffer) {}

  file(): void {
    const version = this.#text();
    this.big = this.#number(1) === 1;
    const long = this.#number(1);
    const pageSize = this.#number(4);
    if (version === "6") this.#six(pageSize, long);
    else this.#seven(long);
  }

  #six(pageSize: number, long: number): void {
    this.#headers();
    this.#formats();
    for (let systems = this.#number(4); systems > 0; systems--) {
      this.#text();
      this.#formats();
    }
    for (const size of [4, 4, 8]) this.#pass(this.#number(size));
    const cpus = this.#number(4);
    this.#text();
    for (let option = this.#number(2); option !== 0; option = this.#number(2)) this.#pass(this.#number(4));
    this.#text();
    const ranges = Array.from({ length: Math.min(cpus, 64) }, () => [this.#number(8), this.#number(8)] as const);
    this.#number(8);
    for (const [offset, size] of ranges) this.#pages(offset, size, pageSize, long);
  }

  #seven(long: number): void {
    this.#text();
    this.#text();
    const seen = new Set<number>();
    for (let section = this.#number(8); section !== 0 && !seen.has(section) && seen.size < 8; ) {
      seen.add(section);
      this.#at = section;
      const { compressed, size } = this.#section();
      const end = this.#at + size;
      section = 0;
      while (!compressed && this.#at + 6 <= end) {
        const option = this.#number(2);
        const length = this.#number(4);
        const next = this.#at + length;
        if (option === 0) section = this.#number(8);
        else if (option === 3) this.#buffer(long);
        else if (option >= 16 && option <= 21) this.#sectionAt(this.#number(8));
        this.#at = next;
      }
    }
  }

  #buffer(long: number): void {
    const section = this.#number(8);
    this.#text();
    this.#text();
    const pageSize = this.#number(4);
    const cpus = this.#number(4);
    const ranges = Array.from(
      { length: Math.min(cpus, 64) },
      () => [this.#number(4), this.#number(8), this.#number(8)] as const,
    );
    this.#at = section;
    const { compressed } = this.#section();
    for (const [, offset, size] of ranges) {
      if (!compressed) this.#pages(offset, size, pageSize, long);
      else if (size > 0) this.#chunks(offset);
    }
  }

  #sectionAt(offset: number): void {
    this.#at = offset;
    const { compressed } = this.#section();
    // Most parts begin with a length or a count.
    this.#number(4);
    if (compressed) this.#number(4);
  }

  #section(): { readonly compressed: boolean; readonly size: number } {
    this.#number(2);
    const flags = this.#number(2);
    this.#number(4);
    return { compressed: (flags & 1) !== 0, size: this.#number(8) };
  }

  #chunks(offset: number): void {
    this.#at = offset;
    for (let chunks = Math.min(this.#number(4), 64); chunks > 0; chunks--) {
      const compressed = this.#number(4);
      this.#number(4);
      this.#pass(compressed);
      if (this.#at + CHUNK_HEADER > this.bytes.length) return;
    }
  }

  #headers(): void {
    for (let k = 0; k < 2; k++) {
      this.#text();
      this.#pass(this.#number(8));
    }
  }

  #formats(): void {
    for (let count = this.#number(4); count > 0; count--) this.#pass(this.#number(8));
  }

  /** Finds each page's head, and the word before each event. */
  #pages(offset: number, size: number, pageSize: number, long: number): void {
    for (
      let page = offset;
      page + PAGE_HEADER < Math.min(offset + size, this.bytes.length) && this.fields.length < MOST;
      page += pageSize
    ) {
      this.#at = page;
      this.#number(8);
      const commit = this.#number(long) & 0xfffff;
      const end = Math.min(this.#at + commit, page + pageSize);
      while (this.#at + 8 <= end) {
        const word = this.#number(4);
        const kind = this.big ? word >>> 27 : word & 31;
        if (kind > 0 && kind < 29) {
          this.fields.push({ at: this.#at, size: 2 }, { at: this.#at + 4, size: 4 });
          this.#pass(kind * 4);
        } else {
          const array = this.#number(4);
          if (kind === 0 || kind === 29) this.#pass(Math.max(0, ((array + 3) & ~3) - 4));
        }
      }
    }
  }

  #number(size: number): number {
    const { bytes } = this;
    const at = this.#at;
    this.#at += size;
    this.fields.push({ at, size });
    if (size === 1) return bytes.readUInt8(at);
    if (size === 2) return this.big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
    if (size === 4) return this.big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    return Number(this.big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  }

  #text(): string {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw new RangeError("no end");
    const text = this.bytes.toString("latin1", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #pass(length: number): void {
    this.#at += length;
  }
}
