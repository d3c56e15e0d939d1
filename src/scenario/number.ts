/** Numbers of scenarios, as strtoull(3) with base 0 reads them: decimal, 0x hexadecimal, 0 octal; K, M, G behind. */

const UNITS: Readonly<Record<string, bigint>> = { "": 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n };

/** The number as a signed 64-bit one; a sentence that says what is wrong where it is none, or none that a double holds. */
export function parseNumber(word: string): number | string {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|[0-9]+)([KMG]?)$/.exec(word);
  if (!match) return "is not a number (decimal, 0x… or 0…, with K, M or G behind it)";
  const [, sign, digits, unit] = match as unknown as [string, string, string, string];
  if (/^0[0-9]*[89]/.test(digits)) return "begins with 0, which means octal, and has digits that octal has not";
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits) * UNITS[unit]! * (sign ? -1n : 1n);
  const signed = BigInt.asIntN(64, value);
  if (BigInt(Number(signed)) !== signed) return "is too large to be kept exactly; use a multiple of the page size";
  return Number(signed);
}
