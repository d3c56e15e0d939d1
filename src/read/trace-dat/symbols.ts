/**
 * `/proc/kallsyms` as trace-cmd saved it: what stands at an address, printed as the kernel prints it in `trace`,
 * `iput+0x4/0x260` or `kvm_init+0x4/0x210 [kvm]`.
 *
 * A recording has ten megabytes of symbols and names a few hundred of them. The kernel's own stand in the order of
 * their addresses, each written with the same number of digits: they are looked up in the text as it is. Those of
 * modules stand behind them in no order.
 */
const LF = 0x0a;
const SPACE = 0x20;
/** Symbols at one place, and lines from a symbol to the next, are few; in a hostile file they may be any. */
const MAX_STEPS = 1000;
/** A symbol has 512 characters at most. */
const MAX_LINE = 1024;
/** Symbols of modules that are taken in. */
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
  /** Digits of an address; 0 where the text has none. */
  readonly #digits: number;
  /** Where the kernel's own symbols end. */
  readonly #kernelEnd: number;
  /** Where the lines of the others begin, in the order of their addresses; made when first one is asked for. */
  #modules: readonly number[] | undefined;

  constructor(private readonly text: Buffer) {
    this.#digits = text[LONG] === SPACE ? LONG : text[SHORT] === SPACE ? SHORT : 0;
    const bracket = text.indexOf("\t[");
    this.#kernelEnd = bracket < 0 ? text.length : this.#lineAt(bracket);
  }

  /** `name+0x4/0x260 [module]`, or without the offset; the address itself where no symbol is. */
  at(low: number, high: number, offset: boolean): string {
    const address = (BigInt(high) << 32n) | BigInt(low);
    const found = this.#find(address);
    if (found === undefined) return `0x${address.toString(16)}`;
    const { name, module, address: start, size } = found;
    return `${name}${offset ? `+0x${(address - start).toString(16)}/0x${size.toString(16)}` : ""}${module}`;
  }

  /** The function's name alone; `undefined` where there is no symbol. */
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
    // Before the first and behind the last symbol, anything may be.
    if (from === 0 || from >= this.#kernelEnd) return undefined;
    let line = this.#lineAt(from - 1);
    const at = this.#key(line);
    // Of several at one place the kernel names the first.
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

  /** The address of a line, as it is written. */
  #key(line: number): string {
    return this.text.toString("latin1", line, line + this.#digits);
  }

  /** The beginning of the line that `p` is in; of one that no kernel writes, somewhere in it. */
  #lineAt(p: number): number {
    const from = Math.max(0, p - MAX_LINE);
    return from + this.text.subarray(from, p).lastIndexOf(LF) + 1;
  }

  #next(line: number): number {
    const end = this.text.subarray(line, line + MAX_LINE).indexOf(LF);
    return end < 0 ? Math.min(line + MAX_LINE, this.text.length) : line + end + 1;
  }

  /** `undefined` for a line that is no symbol, and where the kernel did not tell addresses but zeros. */
  #found(line: number, next: string): Found | undefined {
    const text = this.text.toString("utf8", line, this.#next(line));
    const [, start, name, module] = /^([\da-f]+) \S (\S+)(?:\s+(\[\S+\]))?\s/.exec(text) ?? [];
    if (start === undefined || name === undefined || /^0+$/.test(start) || !/^[\da-f]+$/.test(next)) return undefined;
    const address = BigInt(`0x${start}`);
    return { name, module: module === undefined ? "" : ` ${module}`, address, size: BigInt(`0x${next}`) - address };
  }
}
