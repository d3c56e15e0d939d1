/**
 * Converts places as perf and trace-cmd print them to the form of ftrace's own text: `(ffffffff817bea54)` is
 * `0xffffffff817bea54`, and for a return they print `(function <- caller)` where ftrace prints `(caller <- function)`.
 */
import { ByteInterner, NOT_INTERNED } from "../../log/bytes.js";
import type { PlaceTable } from "../../log/tables.js";
import { latin1 } from "../ftrace/bytes.js";

/** Places that are recognised when they repeat. A kernel has a few thousand. */
const MAX_PLACES = 1 << 20;

export class PrintedPlaces {
  readonly #printed = new ByteInterner(MAX_PLACES);
  /** By the number of the place as printed: its number in the log. */
  readonly #places: number[] = [];

  constructor(private readonly places: PlaceTable) {}

  /** Returns the log's number of the place that `bytes[start, end)` prints, without the parentheses. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    const printed = this.#printed.intern(bytes, start, end);
    if (printed === NOT_INTERNED) return this.#place(bytes, start, end);
    return (this.#places[printed] ??= this.#place(bytes, start, end));
  }

  #place(bytes: Uint8Array, start: number, end: number): number {
    const text = Buffer.from(inFtraceForm(latin1(bytes, start, end)), "latin1");
    return this.places.internBytes(text, 0, text.length);
  }
}

export function inFtraceForm(printed: string): string {
  const [first = "", second] = printed.split(" <- ");
  return second === undefined ? address(first) : `${address(second)} <- ${address(first)}`;
}

function address(text: string): string {
  return /^[\da-f]{8,16}$/.test(text) ? `0x${text}` : text;
}
