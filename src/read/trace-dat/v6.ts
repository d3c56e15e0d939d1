/** Version 6: all parts in a fixed order, followed by the places of each CPU's pages. */
import type { Access } from "./access.js";
import type { Contents, CpuRange, LatencyText, TraceBuffer } from "./contents.js";
import type { Cursor } from "./cursor.js";
import type { Intro } from "./intro.js";
import { readEventFormats, readFtraceFormats, readHeaders } from "./metadata.js";
import { DONE, Options, clockIn, cpuCount, readRange } from "./options.js";

const KIND_LENGTH = 10;
const CLOCK_LENGTH = 1024;

export function readVersion6(access: Access, intro: Intro, cursor: Cursor): Contents {
  const { headerPage, headerEvent } = readHeaders(cursor);
  const formats = [...readFtraceFormats(cursor), ...readEventFormats(cursor)];
  const kallsymsSize = cursor.u32("kallsyms");
  const kallsymsAt = cursor.at;
  cursor.skip(kallsymsSize, "kallsyms");
  cursor.skip(cursor.u32("the printk formats"), "the printk formats");
  const cmdlines = cursor.bytes(cursor.u64("the command lines"), "the command lines");
  const options = new Options(6);
  const top = readBuffer(cursor, options, cpuCount(cursor));
  // Recordings before the option have the clock after the offsets.
  if (options.clock === undefined && top.latency === undefined && cursor.left >= 8) {
    const length = cursor.u64("the clock");
    if (length <= Math.min(CLOCK_LENGTH, cursor.left)) options.clock = clockIn(cursor.text(length, "the clock"));
  }
  const buffer = (name: string, cpus: readonly CpuRange[]): TraceBuffer => ({
    name,
    clock: options.clock,
    pageSize: intro.pageSize,
    cpus,
    compressed: false,
  });
  const buffers = top.latency ? [] : [buffer("", top.cpus)];
  for (const { offset, name } of options.buffers) {
    // An instance has options of its own; only its number of CPUs is about the instance alone.
    const own = new Options(6);
    const { cpus, latency } = readBuffer(cursor.part(offset), own, options.cpuCount ?? top.count);
    if (latency === undefined) buffers.push(buffer(name, cpus));
  }
  const { clock, timeOffset, tsc, stats, warnings } = options;
  const kallsyms = (): Buffer => access.read(kallsymsAt, kallsymsSize);
  return {
    headerPage,
    headerEvent,
    formats,
    kallsyms,
    cmdlines,
    buffers,
    latency: top.latency,
    clock,
    timeOffset,
    tsc,
    stats,
    warnings,
  };
}

interface Buffer6 {
  readonly count: number;
  readonly cpus: readonly CpuRange[];
  readonly latency: LatencyText | undefined;
}

/**
 * Reads `options`, if there are any, and then either `flyrecord` with the place of each CPU's pages, or `latency` with
 * text.
 */
function readBuffer(cursor: Cursor, options: Options, cpusOfHead: number): Buffer6 {
  let kind = readKind(cursor);
  if (kind === "options") {
    readOptions(cursor, options);
    kind = readKind(cursor);
  }
  const count = options.cpuCount ?? cpusOfHead;
  if (kind === "latency")
    return { count, cpus: [], latency: { offset: cursor.at, size: cursor.left, compressed: false } };
  if (kind !== "flyrecord") throw cursor.trouble("neither flyrecord nor latency stands there");
  return { count, cpus: Array.from({ length: count }, (_, cpu) => readRange(cpu, cursor)), latency: undefined };
}

function readKind(cursor: Cursor): string {
  return cursor.text(KIND_LENGTH, "the kind of the data").replace(/[ \0]*$/, "");
}

function readOptions(cursor: Cursor, options: Options): void {
  for (let option = cursor.u16("an option"); option !== DONE; option = cursor.u16("an option")) {
    const size = cursor.u32("the size of an option");
    if (size > cursor.left)
      throw cursor.trouble(`an option says that it has ${size} bytes, and there are ${cursor.left}`);
    options.take(option, cursor.part(cursor.at, cursor.at + size));
    cursor.skip(size, "an option");
  }
}
