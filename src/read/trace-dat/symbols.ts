/**
 * `/proc/kallsyms` as trace-cmd saved it: what stands at an address, printed as the kernel prints it in `trace`,
 * `iput+0x4/0x260` or `kvm_init+0x4/0x210 [kvm]`.
 */
const LF = 0x0a;
const SPACE = 0x20;
const TWO_32 = 4294967296;
/** Farther from the first symbol than this, a distance is no longer exact; no kernel is that big. */
const FAR = 2 ** 52;
/** A line has an address of 8 or 16 digits, a letter, and a name. */
const MIN_LINE = 12;
/** More symbols than any kernel has are not taken in. */
const MAX_SYMBOLS = 4_000_000;
/** What a probed function returns to when its caller's return is probed as well, and how ftrace prints it. */
const TRAMPOLINES: ReadonlySet<string> = new Set(["arch_rethook_trampoline", "__kretprobe_trampoline", "kretprobe_trampoline"]);
const UNKNOWN_CALLER = "[unknown/kretprobe'd]";
/** Letters of code; data is never traced. */
const isCode = (type: number): boolean => (type | 0x20) === 0x74 || (type | 0x20) === 0x77;

export class Symbols {
  /** The first address, which the others are counted from; of a kernel they share their upper bits. */
  #baseHigh = 0;
  #baseLow = 0;
  /** In ascending order: distances from the base, and where in the text each line is. */
  #addresses: Float64Array;
  #lines: Uint32Array;

  constructor(private readonly text: Buffer) {
    const capacity = Math.min(MAX_SYMBOLS, Math.ceil(text.length / MIN_LINE));
    this.#addresses = new Float64Array(capacity);
    this.#lines = new Uint32Array(capacity);
    const n = this.#scan(capacity);
    this.#addresses = this.#addresses.subarray(0, n);
    this.#lines = this.#lines.subarray(0, n);
    this.#sort();
  }

  /** Takes in the symbols of code; returns how many they are. */
  #scan(capacity: number): number {
    const { text } = this;
    const addresses = this.#addresses;
    const lines = this.#lines;
    let n = 0;
    for (let p = 0; p < text.length && n < capacity; ) {
      const space = addressEnd(text, p);
      if (space > p && isCode(text[space + 1]!)) {
        const split = Math.max(p, space - 8);
        const high = hex(text, p, split);
        const low = hex(text, split, space);
        // All are 0 where the kernel does not tell addresses.
        if ((high | low) !== 0) {
          if (n === 0) {
            this.#baseHigh = high;
            this.#baseLow = low;
          }
          const distance = this.#distance(low, high);
          if (Math.abs(distance) < FAR) {
            addresses[n] = distance;
            lines[n++] = p;
          }
        }
      }
      const end = text.indexOf(LF, space);
      p = end < 0 ? text.length : end + 1;
    }
    return n;
  }

  /** The kernel's own are in order; those of modules stand behind them in an order of their own, and are far fewer. */
  #sort(): void {
    const addresses = this.#addresses;
    const n = addresses.length;
    let ordered = Math.min(1, n);
    while (ordered < n && addresses[ordered]! >= addresses[ordered - 1]!) ordered++;
    if (ordered === n) return;
    const rest = new Uint32Array(n - ordered).map((_, k) => ordered + k).sort((a, b) => addresses[a]! - addresses[b]! || a - b);
    const lines = this.#lines;
    this.#addresses = new Float64Array(n);
    this.#lines = new Uint32Array(n);
    for (let k = 0, a = 0, b = 0; k < n; k++) {
      const from = b === rest.length || (a < ordered && addresses[a]! <= addresses[rest[b]!]!) ? a++ : rest[b++]!;
      this.#addresses[k] = addresses[from]!;
      this.#lines[k] = lines[from]!;
    }
  }

  #distance(low: number, high: number): number {
    return (high - this.#baseHigh) * TWO_32 + (low - this.#baseLow);
  }

  /** `name+0x4/0x260 [module]`, or without the offset; the address itself where no symbol is. */
  at(low: number, high: number, offset: boolean): string {
    const k = this.#find(low, high);
    if (k < 0) return `0x${((BigInt(high) << 32n) | BigInt(low)).toString(16)}`;
    const { name, module } = this.#symbol(k);
    if (TRAMPOLINES.has(name)) return UNKNOWN_CALLER;
    const within = this.#distance(low, high) - this.#addresses[k]!;
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
    const at = this.#distance(low, high);
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

/** Where the 8 or 16 digits at `p` end; `p` if there are none. */
function addressEnd(text: Buffer, p: number): number {
  return text[p + 16] === SPACE ? p + 16 : text[p + 8] === SPACE ? p + 8 : p;
}

function hex(text: Buffer, start: number, end: number): number {
  let value = 0;
  for (let p = start; p < end; p++) {
    const byte = text[p]!;
    value = (value << 4) | (byte <= 0x39 ? byte & 15 : (byte & 15) + 9);
  }
  return value >>> 0;
}
