/**
 * `/proc/kallsyms` as trace-cmd saved it: the symbols at addresses, printed as the kernel prints them in `trace`,
 * `iput+0x4/0x260` or `kvm_init+0x4/0x210 [kvm]`.
 *
 * A recording has ten megabytes of symbols and names a few hundred of them. The kernel's own are in the order of their
 * addresses, each written with the same number of digits: they are looked up in the text as it is. Those of modules
 * follow in no order.
 */
const LF = 0x0a;
const SPACE = 0x20;
/** Symbols at one address, and lines from a symbol to the next, are few; a hostile file may have any number. */
const MAX_STEPS = 1000;
/** A symbol has 512 characters at most. */
const MAX_LINE = 1024;
/** Symbols of modules that are read. */
const MAX_MODULE_SYMBOLS = 1 << 20;
const LONG = 16;
const SHORT = 8;

interface Found {
  readonly name: string;
  /** With a space before it, or empty. */
  readonly module: string;
  readonly address: bigint;
  readonly size: bigint;
}

export class Symbols {
  /** Digits of an address; 0 if the text has none. */
  readonly #digits: number;
  /** End of the kernel's own symbols. */
  readonly #kernelEnd: number;
  /** Offsets of the lines of the others, in the order of their addresses; made on first use. */
  #modules: readonly number[] | undefined;

  constructor(private readonly text: Buffer) {
    this.#digits = text[LONG] === SPACE ? LONG : text[SHORT] === SPACE ? SHORT : 0;
    const bracket = text.indexOf("\t[");
    this.#kernelEnd = bracket < 0 ? text.length : this.#lineAt(bracket);
  }

  /** Returns `name+0x4/0x260 [module]`, or without the offset; the address itself if it has no symbol. */
  at(low: number, high: number, offset: boolean): string {
    const address = (BigInt(high) << 32n) | BigInt(low);
    const found = this.#find(address);
    if (found === undefined) return `0x${address.toString(16)}`;
    const { name, module, address: start, size } = found;
    return `${name}${offset ? `+0x${(address - start).toString(16)}/0x${size.toString(16)}` : ""}${module}`;
  }

  /** Returns the function's name alone; `undefined` if there is no symbol. */
  nameAt(low: number, high: number): string | undefined {
    return this.#find((BigInt(high) << 32n) | BigInt(low))?.name;
  }

  #find(address: bigint): Found | undefined {
    const key = address.toString(16).padStart(this.#digits, "0");
    if (this.#digits === 0 || key.length > this.#digits) return undefined;
    return this.#inKernel(key) ?? this.#inModules(key);
  }

  #inKernel(key: string): Found | undefined {
    let from = 0;
    let to = this.#kernelEnd;
    while (from < to) {
      const line = this.#lineAt((from + to) >>> 1);
      if (this.#key(line) <= key) from = this.#next(line);
      else to = line;
    }
    // Before the first and after the last symbol, anything may be.
    if (from === 0 || from >= this.#kernelEnd) return undefined;
    let line = this.#lineAt(from - 1);
    const at = this.#key(line);
    // Of several at one address the kernel names the first.
    for (let steps = 0; steps < MAX_STEPS && line > 0; steps++) {
      const before = this.#lineAt(line - 1);
      if (this.#key(before) !== at) break;
      line = before;
    }
    return this.#found(line, this.#key(from));
  }

  #inModules(key: string): Found | undefined {
    const lines = (this.#modules ??= this.#sortedModules());
    let from = 0;
    let to = lines.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#key(lines[middle]!) <= key) from = middle + 1;
      else to = middle;
    }
    if (from === 0 || from === lines.length) return undefined;
    let k = from - 1;
    const at = this.#key(lines[k]!);
    while (k > 0 && this.#key(lines[k - 1]!) === at) k--;
    return this.#found(lines[k]!, this.#key(lines[from]!));
  }

  #sortedModules(): number[] {
    const lines: number[] = [];
    for (let p = this.#kernelEnd; p < this.text.length && lines.length < MAX_MODULE_SYMBOLS; p = this.#next(p))
      lines.push(p);
    const keys = new Map(lines.map((line) => [line, this.#key(line)]));
    return lines.sort((a, b) => (keys.get(a)! < keys.get(b)! ? -1 : keys.get(a)! > keys.get(b)! ? 1 : a - b));
  }

  /** Returns the address of a line, as it is written. */
  #key(line: number): string {
    return this.text.toString("latin1", line, line + this.#digits);
  }

  /**
   * Returns the beginning of the line that `p` is in; in a line longer than any of the kernel's, some position in it.
   */
  #lineAt(p: number): number {
    const from = Math.max(0, p - MAX_LINE);
    return from + this.text.subarray(from, p).lastIndexOf(LF) + 1;
  }

  #next(line: number): number {
    const end = this.text.subarray(line, line + MAX_LINE).indexOf(LF);
    return end < 0 ? Math.min(line + MAX_LINE, this.text.length) : line + end + 1;
  }

  /** Parses a line; `undefined` if it is no symbol, and if the kernel printed zeros for its addresses. */
  #found(line: number, next: string): Found | undefined {
    const text = this.text.toString("utf8", line, this.#next(line));
    const [, start, name, module] = /^([\da-f]+) \S (\S+)(?:\s+(\[\S+\]))?\s/.exec(text) ?? [];
    if (start === undefined || name === undefined || /^0+$/.test(start) || !/^[\da-f]+$/.test(next)) return undefined;
    const address = BigInt(`0x${start}`);
    return { name, module: module === undefined ? "" : ` ${module}`, address, size: BigInt(`0x${next}`) - address };
  }
}
