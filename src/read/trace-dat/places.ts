/** Where probes were hit: addresses of the recording as the places that ftrace's text has. */
import type { PlaceTable } from "../../log/tables.js";
import { TroubleError } from "../trouble.js";
import { Symbols } from "./symbols.js";

export class Places {
  #symbols: Symbols | undefined;

  constructor(
    private readonly kallsyms: () => Buffer,
    private readonly places: PlaceTable,
    private readonly warnings: string[],
  ) {}

  /** Of an entry: `iput+0x4/0x260`. */
  entry(low: number, high: number): number {
    return this.places.intern(this.symbols.at(low, high, true));
  }

  /** Of a return: `caller+0x12/0x80 <- function`. */
  return(callerLow: number, callerHigh: number, low: number, high: number): number {
    return this.places.intern(`${this.symbols.at(callerLow, callerHigh, true)} <- ${this.symbols.at(low, high, false)}`);
  }

  /** Read when the first event asks: megabytes of text. Events are worth having without them. */
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
