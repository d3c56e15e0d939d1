/** Numbers of a recording as SQLite has them, exact. */
import type { Time } from "../../log/span.js";
import { exactTime } from "../../log/time.js";
import { signed64, unsigned64 } from "../../log/view.js";
import type { Statement } from "../sqlite/database.js";

const NANOSECONDS = 1e9;
/** Seconds whose nanoseconds a double holds exactly. */
const EXACT_SECONDS = 9_007_198;

/** Returns nanoseconds, or ticks of a counter. */
export function exact({ high, low }: Time): number | bigint {
  return high <= EXACT_SECONDS ? high * NANOSECONDS + low : exactTime(high, low);
}

export function elapsed(from: Time, to: Time): number | bigint {
  const high = to.high - from.high;
  return Math.abs(high) <= EXACT_SECONDS
    ? high * NANOSECONDS + to.low - from.low
    : exactTime(to.high, to.low) - exactTime(from.high, from.low);
}

/** Binds all 64 bits, whatever the type: a recording may print more than the type holds. */
export function putWords(row: Statement, at: number, low: number, high: number, signed: boolean): void {
  if (high === 0) row.integer(at, low);
  else row.bigint(at, signed ? signed64(low, high) : unsigned64(low, high));
}
