/**
 * Checks readers of text: the fast path against the slow, whole input against pieces, the reference implementation if
 * there is one, and its beginning against all of it.
 */
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import { createTables } from "../../../src/log/tables.js";
import { conclude } from "../../../src/read/conclude.js";
import type { TextFormat } from "../../../src/read/formats.js";
import { readReference, type ReferenceEvent } from "../../read/ftrace-reference.js";
import { readerOf } from "../../../src/read/readers.js";
import { ReadReport } from "../../../src/read/report.js";
import { HEAD_BYTES } from "../../../src/read/source.js";
import { eventsOf } from "../../read/helpers.js";
import { linesOf } from "../../read/text.js";
import type { Random } from "../random.js";
import { Problem, shown } from "./problem.js";
import { isReading, type Outcome, outcomeNow, type Reading, soundBatches, soundReport } from "./reading.js";
import { sameEvents, sameOutcome } from "./same.js";

/** Big enough for an input, and cheaper than the batches of a long recording. */
const BATCH = 1024;
/** The reference is slow, and has none of the reader's limits on lines, texts and quotes. */
const MOST_FOR_REFERENCE = 64 * 1024;
const LONGEST_FOR_REFERENCE = 4000;
const QUOTES_FOR_REFERENCE = 60;
/** Lines before a cut whose events may extend into the lines after it. */
const JOINED = 24;

export interface Pieces {
  /** Offsets at which the bytes are cut into chunks. */
  readonly cuts?: readonly number[];
  readonly batch?: number;
  /** Every line takes the slow path. */
  readonly slow?: boolean;
  /** The chunks after which batches are flushed, as for a user who follows. */
  readonly flushed?: (chunk: number) => boolean;
}

export function readText(
  name: string,
  format: TextFormat,
  bytes: Buffer,
  { cuts = [], batch = BATCH, slow = false, flushed }: Pieces = {},
): Outcome {
  return outcomeNow(name, () => {
    const tables = createTables();
    const report = new ReadReport(name);
    const reader = readerOf(format, {
      beginning: bytes.subarray(0, HEAD_BYTES),
      points,
      tables,
      report,
      batchEvents: batch,
    });
    // The readers of lines have a loop for plain lines; without it each line takes the slow path.
    if (slow && "scan" in reader)
      Object.defineProperty(reader, "scan", { value: (_: Uint8Array, start: number) => start });
    const batches: Batch[] = [];
    let start = 0;
    for (const [k, end] of [...cuts, bytes.length].entries()) {
      batches.push(...reader.push(bytes.subarray(start, end)));
      if (flushed?.(k)) batches.push(...reader.flush());
      start = end;
    }
    batches.push(...reader.end());
    conclude(report);
    return { batches, tables, report, format };
  });
}

/**
 * Reads the bytes in every way; returns the outcome of reading them in pieces. `whole`: the outcome of reading them at
 * once.
 */
export function checkText(name: string, format: TextFormat, bytes: Buffer, whole: Outcome, random: Random): Outcome {
  const batch = random.chance(0.5) ? random.small(1, 64) : BATCH;
  const slow = random.chance(0.7);
  const follows = random.chance(0.3);
  const cuts = cutsOf(bytes.length, random);
  const flushed = (k: number): boolean => k % 3 === 0;
  const pieces = readText(name, format, bytes, { cuts, batch, slow, ...(follows ? { flushed } : {}) });
  sameOutcome(slow ? "the fast way reads what the slow way reads" : "pieces read as the whole", whole, pieces);
  if (!isReading(whole)) {
    if (whole.line === undefined) throw new Problem("an error of a line names the line", whole.message);
    return pieces;
  }
  soundBatches(whole, { lined: format !== "ndjson", gaps: false });
  soundReport(whole.report, linesOf(bytes));
  if (format === "ftrace" && isForReference(bytes)) sameAsReference(whole, bytes);
  // The first lines of perf's text determine its layout, and a short beginning may not have them.
  if (format !== "perf-script" && random.chance(0.25)) checkBeginning(name, format, bytes, whole, random);
  return pieces;
}

function cutsOf(length: number, random: Random): number[] {
  if (random.chance(0.1) && length < 3000) return Array.from({ length: Math.max(0, length - 1) }, (_, k) => k + 1);
  return Array.from({ length: random.small(0, 30) }, () => random.below(length + 1)).sort((a, b) => a - b);
}

/** Checks that the cut does not change the events before it, except in the lines that the rest could extend. */
function checkBeginning(name: string, format: TextFormat, bytes: Buffer, whole: Reading, random: Random): void {
  const cut = random.below(bytes.length + 1);
  const beginning = readText(name, format, bytes.subarray(0, cut));
  if (!isReading(beginning)) return;
  const lines = beginning.report.lines - JOINED;
  let most = beginning.report.events - 1;
  for (const { line, length, firstSeq } of beginning.batches) {
    const late = line.subarray(0, length).findIndex((at) => at > lines);
    if (late >= 0) most = Math.min(most, firstSeq + late - 1);
  }
  if (most > 0)
    sameEvents("a recording that is cut off has the events in front of the cut", beginning, whole, { most });
}

function isForReference(bytes: Buffer): boolean {
  if (bytes.length > MOST_FOR_REFERENCE) return false;
  let quotes = 0;
  let start = 0;
  for (let p = 0; p < bytes.length; p++) {
    if (bytes[p] === 0x22) quotes++;
    if (bytes[p] !== 0x0a) continue;
    if (p - start > LONGEST_FOR_REFERENCE || quotes > QUOTES_FOR_REFERENCE) return false;
    start = p;
    quotes = 0;
  }
  return bytes.length - start <= LONGEST_FOR_REFERENCE && quotes <= QUOTES_FOR_REFERENCE;
}

const PROMISE = "the reader reads what the reference reads";

function sameAsReference({ batches, tables, report }: Reading, bytes: Buffer): void {
  const reference = readReference(bytes, points);
  let k = 0;
  for (const batch of batches) {
    for (const event of eventsOf(batch, tables)) {
      const expected = reference.events[k++];
      if (!expected || !isSame(event, expected))
        throw new Problem(PROMISE, `event ${k} is ${shown(event)}, and should be ${shown(expected ?? "none")}`);
    }
  }
  const counts = {
    events: reference.events.length,
    continuations: reference.continuations,
    comments: reference.comments,
    control: reference.control,
    blank: reference.blank,
    malformed: reference.malformed,
    overrun: reference.overrun,
    skipped: reference.skipped.length,
  };
  for (const [name, expected] of Object.entries(counts))
    if (report[name as keyof typeof counts] !== expected)
      throw new Problem(PROMISE, `${name} is ${report[name as keyof typeof counts]}, and should be ${expected}`);
  const losses = batches
    .flatMap((batch) =>
      batch.losses.map(({ index, cpu, count, line }) => `${batch.firstSeq + index}/${cpu}/${count}/${line}`),
    )
    .join();
  const missing = reference.losses.map(({ before, cpu, count, line }) => `${before}/${cpu}/${count}/${line}`).join();
  if (losses !== missing) throw new Problem(PROMISE, `losses are ${losses}, and should be ${missing}`);
}

const FIELDS = ["line", "comm", "pid", "tgid", "cpu", "context", "time", "digits", "name", "place", "text"] as const;

function isSame(a: ReferenceEvent, b: ReferenceEvent): boolean {
  return (
    FIELDS.every((field) => a[field] === b[field]) &&
    a.args.length === b.args.length &&
    a.args.every((arg, k) => arg === b.args[k])
  );
}
