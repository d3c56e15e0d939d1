/** `--at`: an event's number, or a time with the recording's own digits. Both exact. */
import type { Moment } from "../replay.js";
import { UsageError } from "./trouble.js";

const FRACTION = 9;

export function parseMoment(text: string): Moment {
  if (/^[1-9]\d{0,14}$/.test(text)) return { event: Number(text) };
  const [, seconds, digits] = /^(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  if (seconds !== undefined && digits !== undefined) return { time: BigInt(seconds) * 1_000_000_000n + BigInt(digits.padEnd(FRACTION, "0")) };
  throw new UsageError(`--at ${text}: neither an event number (1402) nor a time with a point (35.846890)`);
}
