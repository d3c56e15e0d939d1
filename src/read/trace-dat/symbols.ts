/**
 * `/proc/kallsyms` as trace-cmd saved it: what stands at an address, printed as the kernel prints it in `trace`,
 * `iput+0x4/0x260` or `kvm_init+0x4/0x210 [kvm]`.
 */
const LF = 0x0a;
const CR_OR_BELOW = 0x20;
const TWO_32 = 4294967296;
/** Farther from the first symbol than this, a distance is no longer exact; no kernel is that big. */
const FAR = 2 ** 52;
/** More symbols than any kernel has are not taken in. */
const MAX_SYMBOLS = 4_000_000;
/** What a probed function returns to when its caller's return is probed as well, and how ftrace prints it. */
const TRAMPOLINES: ReadonlySet<string> = new Set(["arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"]);
const UNKNOWN_CALLER = "[unknown/kretprobe'd]";
/** Letters of code; data is never traced. */
const isCode = (type: number): boolean => (type | CR_OR_BELOW) === 0x74 || (type | CR_OR_BELOW) === 0x77;

export class Symbols {
  /** The lowest address, which the others are counted from; of a kernel they share their upper bits. */
  readonly #baseHigh: number;
  readonly #baseLow: number;
  /** In ascending order: distances from the base, and where in the text each line is. */
  readonly #addresses: Float64Array;
  readonly #lines: Uint32Array;

  constructor(private readonly text: Buffer) {
    const high: number[] = [];
    const low: number[] = [];
    const lines: number[] = [];
    for (let p = 0; p < text.length && lines.length < MAX_SYMBOLS; ) {
      const end = text.indexOf(LF, p);
      const next = end < 0 ? text.length : end + 1;
      const space = addressEnd(text, p);
      if (space > p && space + 3 < next && isCode(text[space + 1]!)) {
        const split = Math.max(p, space - 8);
        const h = hex(text, p, split);
        const l = hex(text, split, space);
        if ((h | l) !== 0) {
          high.push(h);
          low.push(l);
          lines.push(p);
        }
      }
      p = next;
    }
    this.#baseHigh = high[0] ?? 0;
    this.#baseLow = low[0] ?? 0;
    const distance = Float64Array.from(low, (l, k) => (high[k]! - this.#baseHigh) * TWO_32 + (l - this.#baseLow));
    // Those of the kernel are in order, those of modules behind them in an order of their own.
    const order = Uint32Array.from(lines.keys()).filter((k) => Math.abs(distance[k]!) < FAR);
    if (order.some((k, j) => j > 0 && distance[k]! < distance[order[j - 1]!]!)) order.sort((a, b) => distance[a]! - distance[b]! || a - b);
    this.#addresses = Float64Array.from(order, (k) => distance[k]!);
    this.#lines = Uint32Array.from(order, (k) => lines[k]!);
  }

  /** `name+0x4/0x260 [module]`, or without the offset; the address itself where no symbol is. */
  at(low: number, high: number, offset: boolean): string {
    const k = this.#find(low, high);
    if (k < 0) return `0x${((BigInt(high) << 32n) | BigInt(low)).toString(16)}`;
    const { name, module } = this.#symbol(k);
    if (TRAMPOLINES.has(name)) return UNKNOWN_CALLER;
    const within = (high - this.#baseHigh) * TWO_32 + (low - this.#baseLow) - this.#addresses[k]!;
    let next = k + 1;
    while (next < this.#addresses.length && this.#addresses[next] === this.#addresses[k]) next++;
    const size = next < this.#addresses.length ? this.#addresses[next]! - this.#addresses[k]! : 0;
    return `${name}${offset ? `+0x${within.toString(16)}/0x${size.toString(16)}` : ""}${module}`;
  }

  /** The function's name alone; `undefined` where there is no symbol. */
  nameAt(low: number, high: number): string | undefined {
    const k = this.#find(low, high);
    return k < 0 ? undefined : this.#symbol(k).name;
  }

  /** The last symbol that is not behind the address: of several at one place the first, which is what the kernel names. */
  #find(low: number, high: number): number {
    const at = (high - this.#baseHigh) * TWO_32 + (low - this.#baseLow);
    const addresses = this.#addresses;
    let from = 0;
    let to = addresses.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (addresses[middle]! <= at) from = middle + 1;
      else to = middle;
    }
    // Behind the last symbol, anything may be.
    if (from === 0 || from === addresses.length) return -1;
    let k = from - 1;
    while (k > 0 && addresses[k - 1] === addresses[k]) k--;
    return k;
  }

  #symbol(k: number): { readonly name: string; readonly module: string } {
    const start = this.#lines[k]!;
    const end = this.text.indexOf(LF, start);
    const [, , name = "", module] = this.text.toString("utf8", start, Math.min(end < 0 ? this.text.length : end, start + 1024)).split(/[ \t]+/);
    return { name, module: module === undefined ? "" : ` ${module}` };
  }
}

/** Where the hexadecimal digits at `p` end, if a space follows; `p` if not. */
function addressEnd(text: Buffer, p: number): number {
  const end = text[p + 16] === CR_OR_BELOW ? p + 16 : text[p + 8] === CR_OR_BELOW ? p + 8 : p;
  return end;
}

function hex(text: Buffer, start: number, end: number): number {
  let value = 0;
  for (let p = start; p < end; p++) {
    const byte = text[p]!;
    value = (value << 4) | (byte <= 0x39 ? byte & 15 : (byte & 15) + 9);
  }
  return value >>> 0;
}
