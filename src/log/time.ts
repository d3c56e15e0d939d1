/** Times as recordings print them. A time is an exact pair: `high * 10^9 + low`, nanoseconds or ticks. */

/** Formats a time: `35.846890` with six digits, `35.846890123` with nine, the plain tick with none. */
export function formatTime(high: number, low: number, digits: number): string {
  if (digits === 0) return high === 0 ? String(low) : String(BigInt(high) * 1000000000n + BigInt(low));
  return `${high}.${String(low).padStart(9, "0").slice(0, digits)}`;
}

/** Returns the exact value: nanoseconds (or ticks of a counter clock) as a bigint. */
export function exactTime(high: number, low: number): bigint {
  return BigInt(high) * 1000000000n + BigInt(low);
}

const FRACTION = 9;

/** Parses a time as recordings print it, with a point (`35.846890`), in nanoseconds; `undefined` for anything else. */
export function parseTime(text: string): bigint | undefined {
  const [, seconds, digits] = /^(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  return seconds === undefined || digits === undefined
    ? undefined
    : BigInt(seconds) * 1_000_000_000n + BigInt(digits.padEnd(FRACTION, "0"));
}
