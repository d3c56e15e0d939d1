/** The options of a trace.dat: small facts about the recording, and in version 7 the offsets of all parts. */
import type { Cursor } from "./cursor.js";
import type { CpuRange, CpuStats, TscScale } from "./contents.js";

export const DONE = 0;
const DATE = 1;
const CPUSTAT = 2;
const BUFFER = 3;
const TRACECLOCK = 4;
const OFFSET = 7;
const CPUCOUNT = 8;
const TIME_SHIFT = 12;
const TSC2NSEC = 14;
export const HEADER_INFO = 16;
export const FTRACE_EVENTS = 17;
export const EVENT_FORMATS = 18;
export const KALLSYMS = 19;
export const CMDLINES = 21;
const BUFFER_TEXT = 22;

/** Larger than any machine that Linux runs on. */
export const MAX_CPUS = 8192;
/** Buffers, sections: trace-cmd writes a handful. */
const MAX_BUFFERS = 1024;
const CPU_ENTRY = 20;

/** The content of a BUFFER option; version 6 has only the offset and the name. */
export interface BufferOption {
  readonly offset: number;
  readonly name: string;
  readonly clock: string | undefined;
  readonly pageSize: number;
  readonly cpus: readonly CpuRange[];
}

export class Options {
  clock: string | undefined;
  /** The number of CPUs, if it differs from that of the head. */
  cpuCount: number | undefined;
  timeOffset = 0n;
  tsc: TscScale | undefined;
  readonly stats: CpuStats[] = [];
  readonly buffers: BufferOption[] = [];
  text: { readonly offset: number; readonly name: string } | undefined;
  /** By the option's number: the offset of a section. */
  readonly sections = new Map<number, number>();
  readonly warnings: string[] = [];

  constructor(private readonly version: 6 | 7) {}

  /** Adds one option; `data` is all of it. */
  take(option: number, data: Cursor): void {
    switch (option) {
      case DATE:
        this.timeOffset += numberIn(data) * 1000n;
        break;
      case OFFSET:
        this.timeOffset += numberIn(data);
        break;
      case CPUSTAT:
        this.#stats(data.text(data.left, "CPU statistics"));
        break;
      case TRACECLOCK:
        this.clock ??= clockIn(data.text(data.left, "the clock"));
        break;
      case CPUCOUNT:
        if (data.left === 4) this.cpuCount = cpuCount(data);
        break;
      case TSC2NSEC:
        if (data.left >= 16) this.#tsc(data);
        break;
      case TIME_SHIFT:
        this.warnings.push(
          "it was recorded in a guest; its times are the guest's own, not brought in line with the host's",
        );
        break;
      case BUFFER:
        if (this.buffers.length >= MAX_BUFFERS) throw data.trouble("there are more buffers than can be");
        this.buffers.push(this.#buffer(data));
        break;
      case BUFFER_TEXT:
        this.text = { offset: data.u64("the offset of a buffer"), name: data.string("the name of a buffer") };
        break;
      case HEADER_INFO:
      case FTRACE_EVENTS:
      case EVENT_FORMATS:
      case KALLSYMS:
      case CMDLINES:
        this.sections.set(option, data.u64("the offset of a section"));
        break;
    }
  }

  #buffer(data: Cursor): BufferOption {
    const offset = data.u64("the offset of a buffer");
    const name = data.string("the name of a buffer");
    if (this.version === 6) return { offset, name, clock: undefined, pageSize: 0, cpus: [] };
    const clock = data.string("the clock of a buffer");
    const pageSize = data.u32("the page size of a buffer");
    const count = cpuCount(data);
    if (count * CPU_ENTRY > data.left)
      throw data.trouble(`a buffer says that it has ${count} CPUs, and there is no room for them`);
    const cpus = Array.from({ length: count }, () => readRange(data.u32("a CPU"), data));
    return { offset, name, clock, pageSize, cpus };
  }

  #stats(text: string): void {
    const cpu = Number(/^CPU: +(\d{1,5})/m.exec(text)?.[1] ?? Number.NaN);
    if (cpu < MAX_CPUS) this.stats.push(statsIn(text, cpu));
  }

  #tsc(data: Cursor): void {
    const mult = BigInt(data.u32("the scale of the clock"));
    const shift = BigInt(data.u32("the scale of the clock"));
    if (mult > 0n && shift < 64n) this.tsc = { mult, shift };
  }
}

export function cpuCount(cursor: Cursor): number {
  const count = cursor.u32("the number of CPUs");
  if (count > MAX_CPUS) throw cursor.trouble(`it says that there are ${count} CPUs`);
  return count;
}

export function readRange(cpu: number, cursor: Cursor): CpuRange {
  if (cpu > 0xffff) throw cursor.trouble(`a CPU has the number ${cpu}`);
  return { cpu, offset: cursor.u64("the offset of a CPU's pages"), size: cursor.u64("the size of a CPU's pages") };
}

/** Reads the file `stats` of a CPU. */
export function statsIn(text: string, cpu: number): CpuStats {
  const count = (what: string): number => Number(new RegExp(`^${what}: +(\\d{1,15})$`, "m").exec(text)?.[1] ?? 0);
  return { cpu, overrun: count("overrun"), dropped: count("commit overrun") + count("dropped events") };
}

/** Returns the clock in brackets: `local global [mono] boot`. */
export function clockIn(text: string): string | undefined {
  return /\[([^\]\s]{1,64})\]/.exec(text)?.[1];
}

/** Reads a number as `strtoll` does: decimal or `0x…`, with a sign. */
function numberIn(data: Cursor): bigint {
  const match = /^\s*([-+]?)(0x[\da-f]{1,16}|\d{1,19})/i.exec(data.text(data.left, "a time offset"));
  if (!match) return 0n;
  const value = BigInt.asIntN(64, BigInt(match[2]!));
  return match[1] === "-" ? -value : value;
}
