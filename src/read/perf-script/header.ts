/**
 * The fields before the event's name in a line of `perf script`:
 *
 *     %16s comm · %7d pid, or %7d/%-7d pid/tid (%5d up to 6.6) · [%03d] cpu · misc · time of day · %12s time: · %10d period
 *
 * each followed by a space, and each only if `-F` has it. Nothing is escaped, and a task's name may look like any of
 * the others: so the widths count. A name is padded to 16 bytes and has at most 15, so the byte at 16 is the space
 * after it whatever the name contains; only with call chains perf does not pad it, and then the first space counts
 * after which the rest can be read.
 */
import { BRACKET_CLOSE, BRACKET_OPEN, COLON, CR, DASH, DOT, LF, SPACE, ZERO } from "../ftrace/bytes.js";

const SLASH = 0x2f;
/** Position of the space after a padded name. */
const NAME_WIDTH = 16;
const PID_WIDTH = 7;
const OLD_PID_WIDTH = 5;
const MAX_PID_DIGITS = 10;
const MAX_CPU = 65535;
const MAX_EVENT = 256;
/** Powers of ten that convert a fraction with so many digits to nanoseconds. */
const NANOSECONDS = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];
/** Output of `-F misc`: letters of the mode, and of the record's part. */
const MISC = /^[KUHGgu?LTpmcESF/]{1,7} +/;
/** Output of `-F tod`. */
const TIME_OF_DAY = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6,9} +/;

/** The form of the task's name. */
export type NameLayout = "padded" | "none" | "unpadded";

/** A header's fields, reused from line to line. */
export class PerfHeader {
  /** `[task, taskEnd)` is name and pid as printed; the name ends at `nameEnd`, and is absent if that is `task`. */
  task = 0;
  nameEnd = 0;
  taskEnd = 0;
  /** The thread's; -1 if it is not printed, or not known. */
  pid = -1;
  tgid = -1;
  /** -1 if it is not printed. */
  cpu = -1;
  timeHigh = 0;
  timeLow = 0;
  /** Digits after the decimal point; 0 if no time is printed. */
  digits = 0;
  /** The event's name is `[event, eventEnd)`; from `name`, after the last colon in it, it has no group. */
  event = 0;
  name = 0;
  eventEnd = 0;
}

/**
 * Reads the header of the line `[start, …)`. Returns the start of the event's body, or -1. A line feed ends the line.
 */
export function parsePerfHeader(bytes: Uint8Array, start: number, layout: NameLayout, header: PerfHeader): number {
  header.task = start;
  if (layout === "none") {
    header.nameEnd = start;
    return parseFields(bytes, start, header);
  }
  if (layout === "padded") {
    header.nameEnd = start + NAME_WIDTH;
    return bytes[start + NAME_WIDTH] === SPACE ? parseFields(bytes, start + NAME_WIDTH + 1, header) : -1;
  }
  for (let p = start; p <= start + NAME_WIDTH && bytes[p] !== LF; p++) {
    if (bytes[p] !== SPACE || p === start) continue;
    header.nameEnd = p;
    const body = parseFields(bytes, p + 1, header);
    if (body >= 0) return body;
  }
  return -1;
}

/** True if the header has more than a name: pid, CPU or time. A line of prose can be taken for a name and an event. */
export function saysMore(header: PerfHeader): boolean {
  return header.taskEnd > header.nameEnd || header.cpu >= 0 || header.digits > 0;
}

function parseFields(bytes: Uint8Array, from: number, header: PerfHeader): number {
  let p = parsePid(bytes, from, header);
  header.cpu = -1;
  if (bytes[p] === BRACKET_OPEN) {
    let q = p + 1;
    let cpu = 0;
    for (let digit = bytes[q]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++q]! - ZERO) cpu = cpu * 10 + digit;
    // perf prints -1 for a CPU that it does not know.
    if (bytes[q] === DASH && q === p + 1) {
      while (bytes[q] !== BRACKET_CLOSE && bytes[q] !== LF) q++;
      cpu = -1;
    } else if (q - p < 4 || cpu > MAX_CPU) return -1;
    if (bytes[q] !== BRACKET_CLOSE || bytes[q + 1] !== SPACE) return -1;
    header.cpu = cpu;
    p = q + 2;
  }
  let rest = parseTime(bytes, p, header);
  if (rest < 0) {
    // Rare, and never between the fields of a plain recording.
    const optional = misc(bytes, p);
    rest = optional === p ? p : parseTime(bytes, optional, header);
    if (rest < 0) rest = optional;
  }
  return parseEvent(bytes, rest, header);
}

/** Reads the pid, if there is one at `from`: returns the start of the next field, `from` itself if there is none. */
function parsePid(bytes: Uint8Array, from: number, header: PerfHeader): number {
  header.pid = -1;
  header.tgid = -1;
  header.taskEnd = header.nameEnd;
  let p = from;
  while (bytes[p] === SPACE) p++;
  const negative = bytes[p] === DASH;
  if (negative) p++;
  const digits = p;
  let pid = 0;
  for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO) pid = pid * 10 + digit;
  const width = p - from;
  if (
    p === digits ||
    p - digits > MAX_PID_DIGITS ||
    width < OLD_PID_WIDTH ||
    (bytes[from] === SPACE && width !== OLD_PID_WIDTH && width !== PID_WIDTH)
  )
    return from;
  if (bytes[p] === SPACE) {
    header.pid = negative ? -1 : pid;
    header.taskEnd = p;
    return p + 1;
  }
  if (bytes[p] !== SLASH) return from;
  const group = negative ? -1 : pid;
  p++;
  const secondNegative = bytes[p] === DASH;
  if (secondNegative) p++;
  const secondDigits = p;
  pid = 0;
  for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO) pid = pid * 10 + digit;
  if (p === secondDigits || p - secondDigits > MAX_PID_DIGITS || bytes[p] !== SPACE) return from;
  header.pid = secondNegative ? -1 : pid;
  header.tgid = group;
  header.taskEnd = p;
  // Padded to the right; the next field is not a space, or skips its own.
  while (bytes[p] === SPACE) p++;
  return p;
}

/** Reads `   12.775082: `; returns the start of the next field, or -1 if there is no time. */
function parseTime(bytes: Uint8Array, from: number, header: PerfHeader): number {
  header.digits = 0;
  header.timeHigh = 0;
  header.timeLow = 0;
  let p = from;
  while (bytes[p] === SPACE) p++;
  const whole = p;
  let seconds = 0;
  for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
    seconds = seconds * 10 + digit;
  if (p === whole || p - whole > 15 || bytes[p] !== DOT) return -1;
  const point = ++p;
  let fraction = 0;
  for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
    fraction = fraction * 10 + digit;
  const digits = p - point;
  if (digits === 0 || digits > 9 || bytes[p] !== COLON || bytes[p + 1] !== SPACE) return -1;
  header.timeHigh = seconds;
  header.timeLow = fraction * NANOSECONDS[digits]!;
  header.digits = digits;
  return p + 2;
}

/** Returns the position after `-F misc` and `-F tod`, if they stand at `from`. */
function misc(bytes: Uint8Array, from: number): number {
  let text = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(48, bytes.length - from)).toString("latin1");
  let p = from;
  for (const pattern of [/^ +/, MISC, TIME_OF_DAY]) {
    const length = pattern.exec(text)?.[0].length ?? 0;
    p += length;
    text = text.slice(length);
  }
  return p;
}

/** Reads `       4000 gmem:iput: `, with or without a period before the name. */
function parseEvent(bytes: Uint8Array, from: number, header: PerfHeader): number {
  let p = from;
  while (bytes[p] === SPACE) p++;
  const period = p;
  while (bytes[p]! >= ZERO && bytes[p]! <= ZERO + 9) p++;
  if (p > period && bytes[p] === SPACE) while (bytes[p] === SPACE) p++;
  else p = period;
  header.event = p;
  header.name = p;
  const last = p + MAX_EVENT;
  for (let byte = bytes[p]!; p < last; byte = bytes[++p]!) {
    if (byte === COLON) {
      const next = bytes[p + 1];
      if (next === SPACE || next === LF || next === CR) {
        if (p === header.name) return -1;
        header.eventEnd = p;
        return next === SPACE ? p + 2 : p + 1;
      }
      header.name = p + 1;
    } else if (byte <= SPACE) return -1;
  }
  return -1;
}
