/**
 * The contents of a trace.dat besides events, in any version: texts of the kernel's own files, and the places of the
 * pages.
 */

/** The pages of one CPU in one buffer, as they lie in the file. */
export interface CpuRange {
  readonly cpu: number;
  readonly offset: number;
  /** Bytes in the file: compressed ones, if they are compressed. */
  readonly size: number;
}

/** A ring buffer: the top one (`name` is empty) or that of an instance. */
export interface TraceBuffer {
  readonly name: string;
  readonly clock: string | undefined;
  readonly pageSize: number;
  readonly cpus: readonly CpuRange[];
  /** The pages come in compressed chunks. */
  readonly compressed: boolean;
}

/** Text in place of pages: the kernel's file `trace` when a latency tracer was used. */
export interface LatencyText {
  readonly offset: number;
  readonly size: number;
  readonly compressed: boolean;
}

export interface FormatText {
  readonly system: string;
  readonly text: string;
}

/** The losses in a CPU's `stats` file. */
export interface CpuStats {
  readonly cpu: number;
  /** Events overwritten before they were read: pages have their places. */
  readonly overrun: number;
  /** Events that were not written at all, at the end of some page. */
  readonly dropped: number;
}

/** Scale from counts of the processor's time stamp counter to nanoseconds: `(ticks * mult) >> shift`. */
export interface TscScale {
  readonly mult: bigint;
  readonly shift: bigint;
}

export interface Contents {
  readonly headerPage: string;
  readonly headerEvent: string;
  readonly formats: readonly FormatText[];
  /** Read on demand: megabytes. */
  readonly kallsyms: () => Buffer;
  /** `PID NAME` a line. */
  readonly cmdlines: Buffer;
  readonly buffers: readonly TraceBuffer[];
  readonly latency: LatencyText | undefined;
  readonly clock: string | undefined;
  /** Nanoseconds that are added to every time. */
  readonly timeOffset: bigint;
  readonly tsc: TscScale | undefined;
  readonly stats: readonly CpuStats[];
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}
