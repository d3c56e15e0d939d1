/** The outcome of reading, events or one error in words, and the checks that it is sound. */
import { points } from "../../../events/index.js";
import { type Batch, UNKNOWN_POINT } from "../../../src/log/batch.js";
import { LogError } from "../../../src/log/file/log-error.js";
import type { Tables } from "../../../src/log/tables.js";
import type { Recording } from "../../../src/read/recording.js";
import type { ReadReport } from "../../../src/read/report.js";
import { printable, TroubleError } from "../../../src/base/trouble.js";
import { hold, Problem } from "./problem.js";

export interface Reading {
  readonly batches: readonly Batch[];
  readonly tables: Tables;
  readonly report: ReadReport;
  readonly format: string;
  /** For a directory: the file of a CPU. */
  readonly fileOf?: (cpu: number) => string | undefined;
}

export type Outcome = Reading | TroubleError;

export const isReading = (outcome: Outcome): outcome is Reading => !(outcome instanceof TroubleError);

const NANOSECONDS = 1_000_000_000;
const MAX_CPU = 0xffff;
/** Characters of a message: messages quote their subject, and a user reads no more. */
const MAX_MESSAGE = 1000;
const MAX_WARNINGS = 4096;
const MAX_SKIPPED = 5;

/** Reads a recording to its end and closes it; an error that is not in words is a problem. */
export async function outcomeOf(name: string, open: () => Promise<Recording>): Promise<Outcome> {
  let recording: Recording | undefined;
  try {
    recording = await open();
    const batches: Batch[] = [];
    for await (const batch of recording.batches()) batches.push(batch);
    const { tables, report, origin } = recording;
    return { batches, tables, report, format: origin.format, fileOf: (cpu) => recording!.fileOf?.(cpu) };
  } catch (error) {
    return inWords(error, name);
  } finally {
    await recording?.close();
  }
}

/** Like `outcomeOf`, for a reader without a file. */
export function outcomeNow(name: string, read: () => Reading): Outcome {
  try {
    return read();
  } catch (error) {
    return inWords(error, name);
  }
}

/** Returns an error that is in words: one line that names the file. Any other is a problem of its own. */
export function inWords(error: unknown, name: string): TroubleError {
  if (error instanceof Problem) throw error;
  const trouble = error instanceof LogError ? new TroubleError(error.what, error.path) : error;
  if (!(trouble instanceof TroubleError))
    throw new Problem("an error is in words", error instanceof Error ? (error.stack ?? error.message) : String(error), {
      cause: error,
    });
  const text = trouble.toString();
  hold(trouble.file.startsWith(name) && text.startsWith(`kreel: ${name}`), "an error names the file", () => text);
  hold(printable(text) === text, "an error is one line that a terminal shows as it is", () => JSON.stringify(text));
  hold(text.length <= MAX_MESSAGE, "an error is short", () => text.length);
  hold(
    trouble.line === undefined || (Number.isSafeInteger(trouble.line) && trouble.line > 0),
    "an error's line is a line",
    () => text,
  );
  return trouble;
}

export interface Shape {
  /** Each event has a line of the file. */
  readonly lined: boolean;
  /** Lost events keep their numbers: a log has the number of events of a damaged block. */
  readonly gaps: boolean;
}

/** Checks that batches keep the invariants that readers of their columns rely on. */
export function soundBatches({ batches, tables, report }: Reading, { lined, gaps }: Shape): void {
  let next = 1;
  for (const batch of batches) {
    const { length, firstSeq, losses } = batch;
    hold(firstSeq === next, "event numbers are dense", () => `${firstSeq} behind ${next - 1}`);
    next += length;
    if (gaps && length === 0) next += losses.reduce((sum, { count }) => sum + count, 0);
    soundLosses(batch);
    for (let i = 0; i < length; i++) soundEvent(batch, i, tables, lined);
  }
  hold(report.events === batches.reduce((sum, { length }) => sum + length, 0), "the report counts the events", () => [
    report.events,
    next - 1,
  ]);
}

function soundLosses({ losses, length }: Batch): void {
  let before = 0;
  for (const { index, cpu, count, line } of losses) {
    hold(index >= before && index <= length, "losses stand between events, in order", () => losses);
    hold(
      cpu >= 0 &&
        cpu <= MAX_CPU &&
        Number.isSafeInteger(count) &&
        count >= 0 &&
        Number.isSafeInteger(line) &&
        line >= 0,
      "a loss has a CPU, a count and a line",
      () => losses,
    );
    before = index;
  }
}

function soundEvent(batch: Batch, i: number, tables: Tables, lined: boolean): void {
  const point = points.points[batch.point[i]!];
  const where = (): string => `event ${batch.firstSeq + i}`;
  hold(
    batch.point[i] === UNKNOWN_POINT ? batch.unknown.has(i) : point !== undefined,
    "an event is one of the catalogue, or has a name",
    where,
  );
  const high = batch.timeHigh[i]!;
  hold(
    Number.isSafeInteger(high) && high >= 0 && batch.timeLow[i]! < NANOSECONDS,
    "a time is exact",
    () => `${where()}: ${high}, ${batch.timeLow[i]!}`,
  );
  hold(
    batch.task[i]! < tables.tasks.size && batch.place[i]! < tables.places.size,
    "a task and a place are of the tables",
    where,
  );
  const task = tables.tasks.get(batch.task[i]!);
  hold(Number.isFinite(task.pid) && task.name.startsWith(task.comm), "a task has a name and a number", () => task);
  hold(
    Number.isSafeInteger(batch.line[i]) && (lined ? batch.line[i]! > 0 : batch.line[i]! >= 0),
    "a line is a number of the file's",
    () => `${where()}: ${batch.line[i]!}`,
  );
  const base = batch.argStart[i]!;
  const args = point?.args ?? [];
  hold(base + args.length <= batch.low.length, "arguments are there", where);
  for (const [k, { name, type }] of args.entries()) {
    const low = batch.low[base + k]!;
    const high = batch.high[base + k]!;
    const what = (): string => `${where()}, ${name}: ${low}, ${high}`;
    if ((batch.fault[i]! & (1 << k)) !== 0)
      hold(low === 0 && high === 0, "the words of what could not be read are 0", what);
    else if (type === "string") hold(typeof batch.strings[low] === "string", "a string is of its batch", what);
    else if (type === "ptr") hold(low < tables.addresses.size && high === 0, "an address is of the table", what);
  }
  hold(
    batch.fault[i]! >>> args.length === 0,
    "only arguments are said to be missing",
    () => `${where()}: ${batch.fault[i]!.toString(2)}`,
  );
}

/**
 * Checks that every line is counted exactly once, and that all parts of the report are bounded. `lines`: of the file,
 * if known.
 */
export function soundReport(report: ReadReport, lines: number | undefined): void {
  const {
    events,
    pairs,
    continuations,
    comments,
    control,
    blank,
    skipped,
    unknown,
    malformed,
    lostLines,
    overrun,
    bytes,
  } = report;
  for (const [what, count] of Object.entries({
    events,
    pairs,
    continuations,
    comments,
    control,
    blank,
    skipped,
    unknown,
    malformed,
    lostLines,
    overrun,
    bytes,
  })) {
    hold(Number.isSafeInteger(count) && count >= 0, "counts are whole numbers", () => `${what}: ${count}`);
  }
  if (lines !== undefined) {
    hold(report.lines === lines, "the report has the lines of the file", () => `${report.lines} of ${lines}`);
    const accounted = events - pairs + continuations + comments + control + blank + skipped;
    hold(accounted === lines, "every line is accounted for, once", () => ({
      lines,
      accounted,
      events,
      pairs,
      continuations,
      comments,
      control,
      blank,
      skipped,
    }));
  }
  const { length } = report.firstSkipped;
  // A log has their number, which need not be right.
  hold(
    lines === undefined ? length <= MAX_SKIPPED : length === Math.min(skipped, MAX_SKIPPED),
    "the first lines that were skipped are shown",
    () => [skipped, length],
  );
  hold(
    report.warnings.length <= MAX_WARNINGS && report.warnings.every((warning) => warning.length <= MAX_MESSAGE),
    "warnings are few and short",
    () => [report.warnings.length, report.warnings.find((warning) => warning.length > MAX_MESSAGE)],
  );
}
