/** `--at`: an event's number, or a time with the recording's own digits. Both are exact. */
import { parseTime } from "../log/time.js";
import type { Moment } from "../replay/replay.js";
import { UsageError } from "./trouble.js";

export function parseMoment(text: string): Moment {
  if (/^[1-9]\d{0,14}$/.test(text)) return { event: Number(text) };
  const time = parseTime(text);
  if (time !== undefined) return { time };
  throw new UsageError(`--at ${text}: neither an event number (1402) nor a time with a point (35.846890)`);
}
