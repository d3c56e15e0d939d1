/** Numbers in text. */

/** Digits of a decimal number that a double holds exactly. */
const EXACT_DIGITS = 15;
const HEX_DIGITS = 8;
const MAX_LENGTH = 40;
const TWO_32 = 4294967296;
const LAST_32 = 0xffffffffn;

export interface Words {
  readonly low: number;
  readonly high: number;
}

export function isNumber(word: string): boolean {
  const hex = word.startsWith("0x");
  let p = hex ? 2 : word.startsWith("-") ? 1 : 0;
  if (p === word.length) return false;
  for (; p < word.length; p++) {
    const code = word.charCodeAt(p);
    const letter = code | 0x20;
    if (!(code >= 0x30 && code <= 0x39) && !(hex && letter >= 0x61 && letter <= 0x66)) return false;
  }
  return true;
}

/**
 * Returns the two words of a number in text, two's complement; `undefined` if it is none or does not fit in 64 bits.
 */
export function wordsOf(word: string): Words | undefined {
  if (!isNumber(word) || word.length > MAX_LENGTH) return undefined;
  if (word.startsWith("0x")) {
    const digits = word.length - 2;
    if (digits <= HEX_DIGITS) return { low: Number(word), high: 0 };
    if (digits <= 2 * HEX_DIGITS)
      return { low: parseInt(word.slice(-HEX_DIGITS), 16), high: parseInt(word.slice(2, -HEX_DIGITS), 16) };
  } else if (word.length <= EXACT_DIGITS) {
    const value = Number(word);
    return { low: value >>> 0, high: Math.floor(value / TWO_32) >>> 0 };
  }
  const value = word.startsWith("-") ? -BigInt(word.slice(1)) : BigInt(word);
  if (value >= 1n << 64n || value < -(1n << 63n)) return undefined;
  return { low: Number(value & LAST_32), high: Number((value >> 32n) & LAST_32) };
}
