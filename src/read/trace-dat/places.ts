/** Converts the addresses of probes in a recording to the places in ftrace's text. */
import type { PlaceTable } from "../../log/tables.js";
import { TroubleError } from "../../base/trouble.js";
import { Symbols } from "./symbols.js";

/** The return address of a probed function whose caller's return is probed as well, and ftrace's text for it. */
const TRAMPOLINE = /^(?:arch_rethook_trampoline|__kretprobe_trampoline|kretprobe_trampoline)\+/;
const UNKNOWN_CALLER = "[unknown/kretprobe'd]";
/** Functions that are remembered by their address. */
const MAX_NAMES = 4096;

export class Places {
  #symbols: Symbols | undefined;
  readonly #names = new Map<number, { readonly high: number; readonly text: string }>();

  constructor(
    private readonly kallsyms: () => Buffer,
    private readonly places: PlaceTable,
    private readonly warnings: string[],
  ) {}

  /** Returns the place of an entry: `iput+0x4/0x260`. */
  entry(low: number, high: number): number {
    return this.places.intern(this.symbols.at(low, high, true));
  }

  /** Returns the place of a return: `caller+0x12/0x80 <- function`. */
  return(callerLow: number, callerHigh: number, low: number, high: number): number {
    const caller = this.symbols.at(callerLow, callerHigh, true);
    return this.places.intern(
      `${TRAMPOLINE.test(caller) ? UNKNOWN_CALLER : caller} <- ${this.symbols.at(low, high, false)}`,
    );
  }

  /** Returns the function at an address, as `%ps` prints it. */
  name(low: number, high: number): string {
    const known = this.#names.get(low);
    if (known?.high === high) return known.text;
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    const text = this.symbols.at(low, high, false);
    this.#names.set(low, { high, text });
    return text;
  }

  /** Read at the first event: megabytes of text. Events are useful without them, too. */
  get symbols(): Symbols {
    if (this.#symbols) return this.#symbols;
    let text: Buffer = Buffer.alloc(0);
    try {
      text = this.kallsyms();
    } catch (error) {
      if (!(error instanceof TroubleError)) throw error;
      this.warnings.push(`symbols could not be read, places are shown as addresses: ${error.what}`);
    }
    return (this.#symbols = new Symbols(text));
  }
}
