/** Numbers of scenarios, as strtoull(3) with base 0 reads them: decimal, 0x hexadecimal, 0 octal; then K, M or G. */

const UNITS = { "": 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n } as const;
const FORM = /^([-+]?)(0[xX][0-9a-fA-F]+|[0-9]+)([KMG]?)$/;

/**
 * The number as a signed 64-bit one (0xfffffffffffff000 is -4096), or a message to be put
 * after the word. strtoull silently stops at a character that it does not know; here that is an error, as is a number
 * of more than 64 bits.
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
