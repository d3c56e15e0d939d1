/**
 * The fields before the event's name in a line of `trace-cmd report`. Without `-l` they are those of ftrace, with flags
 * in newer releases: `%16s-%-5d [%03d] time: `. With `-l` they are `%8.8s-%-5d %3d%s time: `: the task's name is cut to
 * eight bytes, and CPU and flags are not separated: `gmemrun-117 0..s1. 5.274858: `.
 */
import { DASH, IS_FLAG, SPACE, ZERO } from "../ftrace/bytes.js";
import { contextOf, findHeader, type Header, parseTime } from "../ftrace/header.js";

/** Position of the dash before the pid with `-l`. */
const DASH_AT = 8;
const MAX_PID_DIGITS = 10;
const MAX_CPU = 65535;
const MIN_FLAGS = 4;
const MAX_FLAGS = 7;
/** Index of the flag for the interrupt context. */
const INTERRUPT = 2;

/** Reads the header of a line of `-l` whose dash is at `dash`. Returns the start of the event's name, or -1. */
export function parseLatencyHeader(bytes: Uint8Array, start: number, dash: number, header: Header): number {
  if (bytes[dash] !== DASH) return -1;
  let p = dash + 1;
  const pid = p;
  while (isDigit(bytes[p]!)) p++;
  if (p === pid || p - pid > MAX_PID_DIGITS || bytes[p] !== SPACE) return -1;
  header.pidEnd = p;
  header.tgid = -1;
  while (bytes[p] === SPACE) p++;
  let cpu = 0;
  const cpuStart = p;
  for (; isDigit(bytes[p]!); p++) cpu = cpu * 10 + bytes[p]! - ZERO;
  if (p === cpuStart || cpu > MAX_CPU) return -1;
  header.cpu = cpu;
  const flags = p;
  while (IS_FLAG[bytes[p]!] === 1) p++;
  if (p - flags < MIN_FLAGS || p - flags > MAX_FLAGS || bytes[p] !== SPACE) return -1;
  header.context = contextOf(bytes[flags + INTERRUPT]!);
  while (bytes[p] === SPACE) p++;
  const name = parseTime(bytes, p, header);
  if (name < 0) return -1;
  let task = start;
  while (bytes[task] === SPACE) task++;
  header.task = task;
  return name;
}

/** Finds the header of the line `[start, end)` in either form, padded as trace-cmd prints it or trimmed. */
export function findReportHeader(bytes: Uint8Array, start: number, end: number, header: Header): number {
  const name = findHeader(bytes, start, end, header);
  if (name >= 0) return name;
  const padded = parseLatencyHeader(bytes, start, start + DASH_AT, header);
  if (padded >= 0) return padded;
  for (let dash = start + 1; dash < Math.min(start + DASH_AT, end); dash++) {
    const trimmed = parseLatencyHeader(bytes, start, dash, header);
    if (trimmed >= 0) return trimmed;
  }
  return -1;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}
