/** Reads text as a recording and returns plain events, in the form of the reference reader. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { createTables, type Tables } from "../../src/log/tables.js";
import { FtraceReader } from "../../src/read/ftrace/index.js";
import type { ReferenceEvent, ReferenceValue } from "./ftrace-reference.js";
import { ReadReport } from "../../src/read/report.js";

export interface Reading {
  readonly events: ReferenceEvent[];
  readonly report: ReadReport;
  readonly batches: readonly Batch[];
  readonly tables: Tables;
}

/** Reads `recording` in chunks of the given size, or all at once. */
export function read(recording: string | Buffer, chunkSize = Infinity, batchEvents?: number): Reading {
  const bytes = Buffer.from(recording);
  const chunks: Buffer[] = [];
  for (let p = 0; p < bytes.length; p += chunkSize)
    chunks.push(bytes.subarray(p, Math.min(bytes.length, p + chunkSize)));
  return readChunks(chunks, batchEvents);
}

export function readChunks(chunks: readonly Buffer[], batchEvents?: number): Reading {
  const tables = createTables();
  const report = new ReadReport("test.trace");
  const reader = new FtraceReader(points, tables, report, batchEvents);
  const batches = chunks.flatMap((chunk) => reader.push(chunk));
  batches.push(...reader.end());
  return { events: batches.flatMap((batch) => eventsOf(batch, tables)), report, batches, tables };
}

export function eventsOf(batch: Batch, tables: Tables): ReferenceEvent[] {
  return Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, tables));
}

function eventAt(batch: Batch, i: number, tables: Tables): ReferenceEvent {
  const point = points.points[batch.point[i]!];
  const unknown = batch.unknown.get(i);
  const task = tables.tasks.get(batch.task[i]!);
  return {
    line: batch.line[i]!,
    comm: task.comm,
    pid: task.pid,
    tgid: task.tgid,
    cpu: batch.cpu[i]!,
    context: batch.context[i]!,
    time: BigInt(batch.timeHigh[i]!) * 1_000_000_000n + BigInt(batch.timeLow[i]!),
    digits: batch.timeDigits,
    name: point?.event ?? unknown!.name,
    place: batch.place[i] === 0 ? undefined : tables.places.text(batch.place[i]!),
    args: (point?.args ?? []).map((arg, k): ReferenceValue => {
      const at = batch.argStart[i]! + k;
      const [low, high] = [batch.low[at]!, batch.high[at]!];
      if (((batch.fault[i]! >> k) & 1) !== 0) {
        if (low !== 0 || high !== 0) throw new Error("the words of an argument that could not be read are 0");
        return undefined;
      }
      if (arg.type === "string") return batch.strings[low]!;
      return arg.type === "ptr" ? tables.addresses.bigint(low) : (BigInt(high) << 32n) | BigInt(low);
    }),
    text: unknown?.text,
  };
}

export interface LineParts {
  readonly comm?: string;
  readonly pid?: number;
  /** The TGID column: a number, or `----` for a thread whose group is not known. Absent: no column. */
  readonly tgid?: string;
  readonly cpu?: number;
  readonly flags?: string;
  readonly time?: string;
}

/** A line as the kernel prints it: `%16s-%-7d [(tgid)] [cpu] flags time: event`. */
export function line(event: string, parts: LineParts = {}): string {
  const { comm = "gmemrun", pid = 138, tgid, cpu = 1, flags = ".....", time = "5.374322" } = parts;
  const bytes = Buffer.byteLength(comm);
  const group = tgid === undefined ? "" : `(${tgid.padStart(7, tgid.startsWith("-") ? "-" : " ")}) `;
  return `${" ".repeat(Math.max(0, 16 - bytes))}${comm}-${String(pid).padEnd(7)} ${group}[${String(cpu).padStart(3, "0")}] ${flags} ${time.padStart(12)}: ${event}`;
}

/** An event's line without special content. */
export const PLAIN = "dput: (dput+0x4/0x20) dentry=0xffff888100b08000";

export const text = (...lines: readonly string[]): string => lines.map((l) => `${l}\n`).join("");

/** True if the report accounts for each line exactly once, as it promises. */
export function isAccounted(report: ReadReport): boolean {
  return (
    report.lines ===
    report.events + report.continuations + report.comments + report.control + report.blank + report.skipped
  );
}

export const RECORDINGS = "fixtures/recordings/";

/** Returns the paths of all recordings under `fixtures/`. */
export function recordings(folder = RECORDINGS): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? recordings(path) : entry.name.endsWith(".trace.gz") ? [path] : [];
  });
}

export function recording(name: string): Buffer {
  return gunzipSync(readFileSync(join(RECORDINGS, name)));
}
