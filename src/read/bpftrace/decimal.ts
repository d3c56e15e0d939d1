/** Decimals of up to 64 bits from bytes, exact: JSON.parse would round them. */
import { DASH, ZERO } from "../ftrace/bytes.js";

/** Digits of a decimal number that a double holds exactly. */
export const EXACT_DIGITS = 15;
const MAX_DIGITS = 20;
const BILLION = 1e9;
const BILLION_DIGITS = 9;
const TWO_16 = 65536;
const TWO_32 = 4294967296;

/** A number that was read; reused from number to number. */
export class Decimal {
  /** Two's complement. */
  low = 0;
  high = 0;
  /** The same number to the base 10^9, if it is not negative. */
  billions = 0;
  rest = 0;

  /** Reads the number at `p`. Returns its end; -1 if there is none, or none that fits in 64 bits. */
  read(bytes: Uint8Array, p: number): number {
    const negative = bytes[p] === DASH;
    const start = negative ? p + 1 : p;
    let end = start;
    let value = 0;
    for (let digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++end]! - ZERO)
      if (end - start < EXACT_DIGITS) value = value * 10 + digit;
    const digits = end - start;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[start] === ZERO)) return -1;
    if (digits <= EXACT_DIGITS) {
      this.billions = Math.floor(value / BILLION);
      this.rest = value - this.billions * BILLION;
      const signed = negative ? -value : value;
      this.low = signed >>> 0;
      this.high = Math.floor(signed / TWO_32) >>> 0;
      return end;
    }
    this.billions = numberIn(bytes, start, end - BILLION_DIGITS);
    this.rest = numberIn(bytes, end - BILLION_DIGITS, end);
    return this.#words(negative) ? end : -1;
  }

  /** Computes `billions * 10^9 + rest` as words: in halves, each of which a double holds. */
  #words(negative: boolean): boolean {
    const upper = Math.floor(this.billions / TWO_16) * BILLION;
    const lower = (this.billions % TWO_16) * BILLION + this.rest + (upper % TWO_16) * TWO_16;
    let high = Math.floor(upper / TWO_16) + Math.floor(lower / TWO_32);
    let low = lower % TWO_32;
    if (high >= TWO_32 || (negative && (high > 0x80000000 || (high === 0x80000000 && low > 0)))) return false;
    if (negative) {
      low = -low >>> 0;
      high = (~high + (low === 0 ? 1 : 0)) >>> 0;
    }
    this.low = low;
    this.high = high;
    return true;
  }
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let p = start; p < end; p++) value = value * 10 + bytes[p]! - ZERO;
  return value;
}
