/** Numbers of scenarios, as strtoull(3) with base 0 reads them: decimal, 0x hexadecimal, 0 octal; K, M, G behind. */

const UNITS = { "": 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n } as const;
const FORM = /^([-+]?)(0[xX][0-9a-fA-F]+|[0-9]+)([KMG]?)$/;

/**
 * The number as a signed 64-bit one (0xfffffffffffff000 is -4096), or what is wrong with the word, to be said behind
 * it. strtoull stops at what it does not know and says nothing; here that is wrong, as is what 64 bits cannot hold.
 */
export function parseNumber(word: string): number | string {
  const match = FORM.exec(word);
  if (!match)
    return "is not a number; write digits, 0x and hexadecimal digits, or 0 and octal ones, with K, M or G behind them";
  const [, sign, digits, unit] = match as unknown as [string, string, string, keyof typeof UNITS];
  const isOctal = /^0[0-9]/.test(digits);
  if (isOctal && /[89]/.test(digits))
    return "begins with 0, which means octal, and octal digits end at 7; write it without the 0";
  const magnitude = BigInt(isOctal ? `0o${digits.slice(1)}` : digits) * UNITS[unit];
  if (magnitude >= 1n << 64n) return "does not fit in 64 bits";
  const value = BigInt.asIntN(64, sign === "-" ? -magnitude : magnitude);
  // Multiples of a page need no more than the 53 bits of a double.
  if (BigInt(Number(value)) !== value) return "is larger than kreel keeps exactly; use a multiple of 4K";
  return Number(value);
}
