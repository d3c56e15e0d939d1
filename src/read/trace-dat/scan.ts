/** Scans the heads of a trace.dat: the number of events of each kind, their CPUs and times. No record is decoded. */
import { ReadReport } from "../report.js";
import type { Access } from "./access.js";
import { openTraceDat } from "./open.js";

export interface EventCount {
  readonly system: string;
  readonly name: string;
  readonly count: number;
}

export interface CpuCount {
  readonly cpu: number;
  /** The ring buffer: empty for the top one. */
  readonly buffer: string;
  readonly events: number;
  /** Nanoseconds or ticks, as recorded; `undefined` if there is no event. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
}

export interface Scan {
  readonly events: number;
  readonly byEvent: readonly EventCount[];
  readonly cpus: readonly CpuCount[];
  /** Events that the pages report missing with their number. */
  readonly missed: number;
  readonly report: ReadReport;
}

/**
 * Scans a file.
 * @throws {TroubleError} for a file whose structure makes no sense
 */
export function scanTraceDat(access: Access, file: string): Scan {
  const report = new ReadReport(file);
  const { intro, common, formats, cpus } = openTraceDat(access, file, report);
  const little = !intro.big;
  const typeAt = common.type.offset;
  const counts = new Float64Array(1 << 16);
  let events = 0;
  let missed = 0;
  const byCpu = cpus.map((cpu): CpuCount => {
    let n = 0;
    let first: bigint | undefined;
    while (cpu.next()) {
      if (n++ === 0) first = exact(cpu);
      if (cpu.missed !== 0) {
        missed += Math.max(0, cpu.missed);
        cpu.missed = 0;
      }
      if (cpu.end - cpu.at >= typeAt + 2) counts[cpu.view.getUint16(cpu.at + typeAt, little)]!++;
    }
    events += n;
    return { cpu: cpu.cpu, buffer: cpu.buffer, events: n, first, last: n === 0 ? undefined : exact(cpu) };
  });
  const names = new Map(formats.map((format) => [format.id, format]));
  const byEvent = Array.from(
    counts,
    (count, id): EventCount => ({ system: names.get(id)?.system ?? "", name: names.get(id)?.name ?? `#${id}`, count }),
  )
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  return { events, byEvent, cpus: byCpu, missed, report };
}

function exact({ timeHigh, timeLow }: { readonly timeHigh: number; readonly timeLow: number }): bigint {
  return BigInt(timeHigh) * 1_000_000_000n + BigInt(timeLow);
}
