import { HASH } from "./bytes.js";
import { Header, findHeader } from "./header.js";

/** True if a line is an event of ftrace, or one of its comments. */
export function looksLikeFtrace(bytes: Buffer, start: number, end: number): boolean {
  if (findHeader(bytes, start, end, new Header()) >= 0) return true;
  const line = bytes.toString("latin1", start, Math.min(end, start + 120));
  if (
    bytes[start] === HASH &&
    /^# (?:tracer: |entries-in-buffer\/|.* latency trace v)|^#+ CPU \d+ buffer started/.test(line)
  )
    return true;
  return /^ *CPU:\d+ \[LOST (?:\d+ )?EVENTS\]/.test(line);
}
