/** Times as recordings print them. A time is an exact pair: `high * 10^9 + low`, nanoseconds or ticks. */

/** `35.846890` with six digits, `35.846890123` with nine, the plain tick with none. */
export function formatTime(high: number, low: number, digits: number): string {
  if (digits === 0) return high === 0 ? String(low) : String(BigInt(high) * 1000000000n + BigInt(low));
  return `${high}.${String(low).padStart(9, "0").slice(0, digits)}`;
}

/** The exact value: nanoseconds (or ticks of a counter clock) as a bigint. */
export function exactTime(high: number, low: number): bigint {
  return BigInt(high) * 1000000000n + BigInt(low);
}
