/** An argument as a recording has it: its name there, its value, and the kind of that value. */

/** Kinds of the values of one name, as bits. */
export const POINTER = 1;
export const ZERO = 2;
/** One of the topmost 4095 values: an error, in place of a pointer or as a number. */
export const ERROR = 4;
/** Any other number. */
export const NUMBER = 8;
export const STRING = 16;
/** The kernel could not read it. */
export const FAULT = 32;
/** An array, a symbol, or text that is not understood. */
export const OTHER = 64;
/** Printed in hexadecimal, the default for a register's value. */
export const HEXADECIMAL = 128;
/** Printed as a decimal, which no pointer is. */
export const DECIMAL = 256;
/** More than 32 bits. */
export const WIDE = 512;
/** Below every error, taken as an int. */
export const BELOW_ERRORS = 1024;
/** Neither 0 nor 1, taken as a byte. */
export const NOT_BOOLEAN = 2048;

const KERNEL_HALF = 0xff000000;
const FIRST_ERROR = 0xfffff001;
const MINUS_ONE = 0xffffffff;

export type Form = "hexadecimal" | "decimal" | "unknown";

export class Offer {
  /** A number, two's complement. */
  low = 0;
  high = 0;
  bits = 0;

  /** `name`: `mod` in `mod=0x0`. */
  constructor(public name = "") {}

  setNumber(low: number, high: number, form: Form, negative = false): void {
    this.low = low;
    this.high = high;
    this.bits = bitsOf(low >>> 0, high >>> 0, form, negative);
  }

  setKind(bits: number): void {
    this.low = 0;
    this.high = 0;
    this.bits = bits;
  }
}

/** True if a number is an address in the kernel, on a machine that reserves the upper half of addresses for it. */
function isKernelAddress(low: number, high: number): boolean {
  return high >= KERNEL_HALF && !(high === MINUS_ONE && low >= FIRST_ERROR);
}

export function bitsOf(low: number, high: number, form: Form, negative: boolean): number {
  let bits = form === "hexadecimal" ? HEXADECIMAL : 0;
  if (!negative && isKernelAddress(low, high)) bits |= POINTER;
  else {
    if (form === "decimal") bits |= DECIMAL;
    bits |= (low | high) === 0 ? ZERO : high === MINUS_ONE && low >= FIRST_ERROR ? ERROR : NUMBER;
  }
  if (high !== 0 && !(high === MINUS_ONE && low >= 0x80000000)) bits |= WIDE;
  if (low >= 0x80000000 && low < FIRST_ERROR) bits |= BELOW_ERRORS;
  if ((low & 0xff) > 1) bits |= NOT_BOOLEAN;
  return bits;
}
