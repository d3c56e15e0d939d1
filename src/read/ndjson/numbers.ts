/** Numbers and times of an export: exact, or none. */

const TWO_32 = 4294967296;
const BILLION = 1_000_000_000n;
const FULL_DIGITS = 9;
const MASK = 0xffffffffn;
const MIN = -(1n << 63n);
const MAX = (1n << 64n) - 1n;

export interface Words {
  readonly low: number;
  readonly high: number;
}

export interface Time {
  readonly high: number;
  readonly low: number;
  /** Digits after the decimal point; 0 for a counter. */
  readonly digits: number;
}

export function isNatural(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Reads a safe integer, decimal digits or `0x…` as two's complement. `undefined` if it does not fit in 64 bits. */
export function integerWords(value: unknown): Words | undefined {
  if (typeof value === "number")
    return Number.isSafeInteger(value)
      ? { low: (value % TWO_32) >>> 0, high: Math.floor(value / TWO_32) >>> 0 }
      : undefined;
  if (typeof value !== "string") return undefined;
  if (/^0x[\da-f]{1,8}$/.test(value)) return { low: Number(value), high: 0 };
  if (/^0x[\da-f]{9,16}$/.test(value)) return { low: Number(`0x${value.slice(-8)}`), high: Number(value.slice(0, -8)) };
  if (!/^-?\d{1,20}$/.test(value)) return undefined;
  const n = BigInt(value);
  if (n < MIN || n > MAX) return undefined;
  return { low: Number(n & MASK), high: Number((n >> 32n) & MASK) };
}

/**
 * Reads `35.846890` (six digits) or `123456789` (a counter). `digits`: as many as the recording printed, if the text
 * has more.
 */
export function parseTime(text: string, digits: unknown): Time | undefined {
  const [, seconds, fraction] = /^(\d{1,16})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) return longCounter(text);
  if (fraction === undefined) {
    const ticks = BigInt(seconds);
    return { high: Number(ticks / BILLION), low: Number(ticks % BILLION), digits: 0 };
  }
  if (!Number.isSafeInteger(Number(seconds))) return undefined;
  const own = isNatural(digits) && digits > 0 && digits <= fraction.length ? digits : fraction.length;
  return { high: Number(seconds), low: Number(fraction.padEnd(FULL_DIGITS, "0")), digits: own };
}

function longCounter(text: string): Time | undefined {
  if (!/^\d{17,24}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  return { high: Number(ticks / BILLION), low: Number(ticks % BILLION), digits: 0 };
}
