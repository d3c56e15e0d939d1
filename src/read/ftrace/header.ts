/**
 * The header of an event's line, `%16s-%-7d [(tgid)] [cpu] [flags] time: `, and what the comments of a recording say
 * about it. The kernel pads a task's name to 16 bytes, and the name has at most 15: so in a line of the kernel's, the
 * dash before the pid is the byte at 16, whatever the name contains, and nothing after it can pass for a header.
 */
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ, CONTEXT_UNKNOWN } from "../../log/batch.js";
import { BRACKET_CLOSE, BRACKET_OPEN, CLOSE, COLON, DASH, DOT, IS_FLAG, OPEN, SPACE, ZERO } from "./bytes.js";

/** Position of the dash before the pid in a line as the kernel wrote it. */
export const DASH_AT = 16;
const MAX_PID_DIGITS = 10;
const MAX_CPU = 65535;
const MIN_FLAGS = 4;
const MAX_FLAGS = 7;
const NO_TGID = -1;
/** Powers of ten that convert a fraction with so many digits to nanoseconds. */
const NANOSECONDS = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];

/** A header's fields, reused from line to line. */
export class Header {
  /** Start of the task: `comm-pid` is `[task, pidEnd)`. */
  task = 0;
  pidEnd = 0;
  /** -1 if the recording does not have it. */
  tgid = NO_TGID;
  cpu = 0;
  context = 0;
  timeHigh = 0;
  timeLow = 0;
  /** Digits after the decimal point, 0 for a counter. */
  digits = 0;
  /** Width of the flags for which the recording's legend gives the interrupt column. */
  legendWidth = 0;
  legendColumn = 0;
}

/**
 * Reads the header of the line at `start` whose dash is at `dash`. Returns the start of the event's name, or -1 if this
 * is not a header. A line feed ends the line: no field contains one, so nothing is read beyond it.
 */
export function parseHeader(bytes: Uint8Array, start: number, dash: number, header: Header): number {
  if (bytes[dash] !== DASH) return -1;
  let p = dash + 1;
  let digit = bytes[p]! - ZERO;
  const pid = p;
  while (digit >= 0 && digit <= 9) digit = bytes[++p]! - ZERO;
  if (p === pid || p - pid > MAX_PID_DIGITS || bytes[p] !== SPACE) return -1;
  header.pidEnd = p;
  while (bytes[p] === SPACE) p++;
  header.tgid = NO_TGID;
  if (bytes[p] === OPEN) {
    p = parseTgid(bytes, p + 1, header);
    if (p < 0) return -1;
  }
  if (bytes[p] !== BRACKET_OPEN) return -1;
  let cpu = 0;
  const cpuStart = ++p;
  for (digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO) cpu = cpu * 10 + digit;
  if (p - cpuStart < 3 || cpu > MAX_CPU || bytes[p] !== BRACKET_CLOSE || bytes[p + 1] !== SPACE) return -1;
  header.cpu = cpu;
  p += 2;
  while (bytes[p] === SPACE) p++;
  digit = bytes[p]! - ZERO;
  header.context = CONTEXT_UNKNOWN;
  if (digit < 0 || digit > 9) {
    p = parseFlags(bytes, p, header);
    if (p < 0) return -1;
  }
  p = parseTime(bytes, p, header);
  if (p < 0) return -1;
  let task = start;
  while (bytes[task] === SPACE) task++;
  header.task = task;
  return p;
}

/** Reads `(    138) ` or `(-------) `, from after the parenthesis. */
function parseTgid(bytes: Uint8Array, from: number, header: Header): number {
  let p = from;
  if (bytes[p] === DASH) {
    while (bytes[p] === DASH) p++;
  } else {
    while (bytes[p] === SPACE) p++;
    let tgid = 0;
    const start = p;
    for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO) tgid = tgid * 10 + digit;
    if (p === start || p - start > MAX_PID_DIGITS) return -1;
    header.tgid = tgid;
  }
  if (bytes[p] !== CLOSE || bytes[p + 1] !== SPACE) return -1;
  p += 2;
  while (bytes[p] === SPACE) p++;
  return p;
}

/**
 * Reads `..s1. ` and the like; in four or five columns the interrupt is the third, with `need-resched-lazy` the fourth.
 */
function parseFlags(bytes: Uint8Array, from: number, header: Header): number {
  let p = from;
  while (IS_FLAG[bytes[p]!] === 1) p++;
  const width = p - from;
  if (width < MIN_FLAGS || width > MAX_FLAGS || bytes[p] !== SPACE) return -1;
  const column = width === header.legendWidth ? header.legendColumn : width > 5 ? 3 : 2;
  header.context = contextOf(bytes[from + column]!);
  while (bytes[p] === SPACE) p++;
  return p;
}

/** Returns the meaning of a flag of the interrupt column: bits of `Batch.context`. */
export function contextOf(flag: number): number {
  switch (flag) {
    case DOT:
      return 0;
    case 0x73: // s
      return CONTEXT_SOFTIRQ;
    case 0x68: // h
      return CONTEXT_HARDIRQ;
    case 0x48: // H: a hardirq that interrupted a softirq
      return CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ;
    case 0x7a: // z
      return CONTEXT_NMI;
    case 0x5a: // Z: an NMI that interrupted a hardirq
      return CONTEXT_NMI | CONTEXT_HARDIRQ;
    default:
      return CONTEXT_UNKNOWN;
  }
}

/** Reads `35.846890: ` or `123456789012: `, exactly: seconds and nanoseconds, or a counter to the base 10^9. */
export function parseTime(bytes: Uint8Array, from: number, header: Header): number {
  let p = from;
  let whole = 0;
  let digit = bytes[p]! - ZERO;
  while (digit >= 0 && digit <= 9) {
    whole = whole * 10 + digit;
    digit = bytes[++p]! - ZERO;
  }
  if (p === from) return -1;
  if (bytes[p] === DOT) {
    if (p - from > 15) return -1;
    const point = ++p;
    let fraction = 0;
    for (digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
      fraction = fraction * 10 + digit;
    const digits = p - point;
    if (digits === 0 || digits > 9) return -1;
    header.timeHigh = whole;
    header.timeLow = fraction * NANOSECONDS[digits]!;
    header.digits = digits;
  } else {
    if (p - from > 20) return -1;
    header.timeHigh = numberIn(bytes, from, p - 9);
    header.timeLow = numberIn(bytes, Math.max(from, p - 9), p);
    header.digits = 0;
  }
  return bytes[p] === COLON && bytes[p + 1] === SPACE ? p + 2 : -1;
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let p = start; p < end; p++) value = value * 10 + bytes[p]! - ZERO;
  return value;
}

/**
 * Finds the header of the line `[start, end)`, whose padding may have been cut: then the first dash counts that begins
 * a complete header, and only where a task's name could end.
 */
export function findHeader(bytes: Uint8Array, start: number, end: number, header: Header): number {
  const last = Math.min(start + DASH_AT, end - 1);
  if (last === start + DASH_AT) {
    const name = parseHeader(bytes, start, last, header);
    if (name >= 0) return name;
  }
  for (let dash = start + 1; dash < last; dash++) {
    const name = parseHeader(bytes, start, dash, header);
    if (name >= 0) return name;
  }
  return -1;
}
