/**
 * Reads text of any format, and writes the events of ftrace recordings in another one: they must read back the same.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { eventAt, type KernelEvent } from "../../src/log/event.js";
import { createTables, type Tables } from "../../src/log/tables.js";
import { FtraceReader } from "../../src/read/ftrace/index.js";
import { ReadReport } from "../../src/read/report.js";
import { HEAD_BYTES } from "../../src/read/source.js";
import type { TextReader } from "../../src/read/text/reader.js";
import { line } from "./helpers.js";
import { CHARACTER } from "../support/texts.js";

export type MakeReader = (
  tables: Tables,
  report: ReadReport,
  beginning: Buffer,
  batchEvents?: number,
) => Pick<TextReader, "push" | "end">;

/** Returns the reader without its loop for plain lines: each line takes the slow path. */
export const slowly =
  (make: MakeReader): MakeReader =>
  (...args) =>
    Object.defineProperty(make(...args), "scan", { value: (_: Uint8Array, start: number) => start });

export interface TextReading {
  readonly tables: Tables;
  readonly events: readonly KernelEvent[];
  readonly report: ReadReport;
  readonly batches: readonly Batch[];
}

export const ftrace: MakeReader = (tables, report, _, batchEvents) =>
  new FtraceReader(points, tables, report, batchEvents);

export function readAs(
  make: MakeReader,
  recording: string | Buffer,
  chunkSize = Infinity,
  batchEvents?: number,
): TextReading {
  const bytes = Buffer.from(recording);
  const tables = createTables();
  const report = new ReadReport("test");
  const reader = make(tables, report, bytes.subarray(0, HEAD_BYTES), batchEvents);
  const batches: Batch[] = [];
  for (let p = 0; p < bytes.length; p += chunkSize)
    batches.push(...reader.push(bytes.subarray(p, Math.min(bytes.length, p + chunkSize))));
  batches.push(...reader.end());
  const events = batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, points, tables)),
  );
  return { events, report, batches, tables };
}

export const unzipped = (path: string): Buffer => gunzipSync(readFileSync(path));

/** One line of a recording of ftrace, split into its parts. */
export interface Parts {
  readonly comm: string;
  readonly pid: string;
  readonly cpu: string;
  readonly flags: string;
  readonly time: string;
  readonly name: string;
  /** The text between the parentheses; `caller <- function` for a return. */
  readonly place: string;
  readonly args: string;
}

const LINE = /^ *(.{1,16})-(\d+) +\[(\d+)\] (\S+) +([\d.]+): ([^\s:]+): (?:\(([^)]*)\) ?)?(.*)$/;

/** Returns the lines of a recording that are events. */
export function partsOf(recording: Buffer): Parts[] {
  return recording
    .toString("latin1")
    .split("\n")
    .flatMap((text) => {
      const [, comm, pid, cpu, flags, time, name, place = "", args] = LINE.exec(text) ?? [];
      return comm === undefined
        ? []
        : [{ comm, pid: pid!, cpu: cpu!, flags: flags!, time: time!, name: name!, place, args: args! }];
    });
}

/** Returns a place as perf and trace-cmd print it: for a return the function first. */
export function reversed(place: string): string {
  return place.split(" <- ").reverse().join(" <- ");
}

/**
 * Returns the part of an event that must be the same in every format: all but the line, and fields that only some
 * print.
 */
export function essence(event: KernelEvent): object {
  const { seq, time, cpu, task, operation, phase, args, place } = event;
  return {
    seq,
    time: String(time),
    cpu,
    task: task.name,
    operation,
    phase,
    args: Object.entries(args).map(([name, value]) => `${name}=${value}`),
    place,
  };
}

/** True if the report accounts for each line exactly once, as it promises. */
export function isAccounted({
  lines,
  events,
  pairs,
  continuations,
  comments,
  control,
  blank,
  skipped,
}: ReadReport): boolean {
  return lines === events - pairs + continuations + comments + control + blank + skipped;
}

export function linesOf(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 10) lines++;
  return bytes.length > 0 && bytes.at(-1) !== 10 ? lines + 1 : lines;
}

/** Task names that may be taken for something else. */
export const NASTY = [
  "<idle>",
  "<...>",
  "-9",
  "a-9 [1]",
  "x-1 [000] 1: e:",
  "    110 [000]",
  "kworker/0:1",
  "\u001b[31mred",
  "naïve",
  "#",
  "=> x",
  '"',
  "(fault)",
  "a b:c: d",
  "0) x-1 |",
  '{"type": "value',
  "[",
  "] [",
  "12.5: a:b: ",
];

/** Returns the report's facts about a recording besides its events. */
function told({ batches, report, tables }: TextReading): string {
  const losses = batches.flatMap(({ firstSeq, losses }) =>
    losses.map(({ index, cpu, count, line }) => [firstSeq + index, cpu, count, line]),
  );
  return JSON.stringify({
    losses,
    tasks: tables.tasks.size,
    cpus: report.cpus,
    malformed: report.malformed,
    unknown: report.unknown,
    warnings: report.warnings,
  });
}

/**
 * Reads mutated pieces of real lines: this must not fail, nor lose a line, wherever the chunks end and whichever path
 * lines take.
 */
export function holdsOnMutations(make: MakeReader, real: Buffer, extra: readonly string[], runs: number): void {
  const lines = real.toString("latin1").split("\n");
  const piece = fc
    .tuple(fc.nat(Math.max(0, lines.length - 10)), fc.integer({ min: 1, max: 40 }))
    .map(([from, count]) => lines.slice(from, from + count).join("\n"));
  const insert = fc.oneof(
    fc.constantFrom(...NASTY, ...extra, "\n", '"', "\r\n", "\0", "-", "[000]", " ", ":", "(", ")", "\t"),
    fc.string({ unit: CHARACTER, maxLength: 8 }),
    fc.constant(line("dput: (dput+0x4/0x20) dentry=0xffff888100b08000")),
  );
  const mutation = fc.record({ at: fc.nat(20000), drop: fc.nat(40), insert });
  const spliced = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.array(mutation, { maxLength: 12 }))
    .map(([pieces, mutations]) => {
      let bytes = Buffer.from(pieces.join("\n"), "latin1");
      for (const { at, drop, insert: text } of mutations) {
        const p = bytes.length === 0 ? 0 : at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, p), Buffer.from(text), bytes.subarray(p + drop)]);
      }
      return bytes;
    });
  const anything = fc.oneof(
    { weight: 4, arbitrary: spliced },
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 5 }), (bytes, chunk, batch) => {
      const whole = readAs(make, bytes);
      for (const reading of [whole, readAs(make, bytes, chunk, batch), readAs(slowly(make), bytes)]) {
        if (reading.report.lines !== linesOf(bytes))
          throw new Error(
            `${reading.report.lines} lines of ${linesOf(bytes)} in ${JSON.stringify(bytes.toString("latin1"))}`,
          );
        if (!isAccounted(reading.report))
          throw new Error(
            `a line was lost silently in ${JSON.stringify(bytes.toString("latin1"))}: ${JSON.stringify(reading.report)}`,
          );
        if (told(reading) !== told(whole))
          throw new Error(
            `${told(reading)}, not ${told(whole)} in chunks of ${chunk}, batches of ${batch}: ${JSON.stringify(bytes.toString("latin1"))}`,
          );
        if (JSON.stringify(reading.events.map(essence)) !== JSON.stringify(whole.events.map(essence)))
          throw new Error(
            `other events in chunks of ${chunk}, batches of ${batch}: ${JSON.stringify(bytes.toString("latin1"))}`,
          );
      }
    }),
    { numRuns: runs, endOnFailure: true },
  );
}
