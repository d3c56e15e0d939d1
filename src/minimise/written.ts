/**
 * Writes the excerpt as a recording of its own: in the recording's own lines if it is text, so that it can be mailed as
 * what the kernel said, or in a format that kreel writes. Lines are read back before they are returned: if they do not
 * give the same events (a line with two events, a text whose continuation lines are ambiguous), ftrace text is written
 * instead.
 */
import { statSync } from "node:fs";
import { nanoid } from "nanoid";
import { points } from "../../events/index.js";
import { ndjsonText } from "../export/ndjson.js";
import type { Batch } from "../log/batch.js";
import { eventAt, type KernelEvent } from "../log/event.js";
import { LF } from "../read/ftrace/bytes.js";
import { MAX_LINE } from "../read/text/reader.js";
import { formatOf } from "../read/formats.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import { ReadReport, type Recorded } from "../read/report.js";
import { openSource } from "../read/source.js";
import { escapeOf } from "../base/trouble.js";
import { ftraceTextOf } from "../write/ftrace.js";
import type { Excerpt } from "./excerpt.js";
import type { Minimised } from "./index.js";

export type Form = "ftrace" | "ndjson";

/** An excerpt as text: in the recording's own lines (`own`), or in another format. */
export interface Written {
  /** True if the lines are the recording's own. */
  readonly own: boolean;
  readonly format: string;
  readonly text: Buffer;
}

/** Options to open the recording with, and for the text. */
export interface WrittenOptions extends OpenOptions {
  /** For people: each event stays one line, whatever it holds. */
  readonly oneLine?: boolean;
}

/**
 * Writes the excerpt. `form`: absent for the recording's own lines, or the closest format. `path` and `options` open
 * the recording.
 */
export async function written(
  minimised: Minimised,
  form: Form | undefined,
  path: string,
  options: WrittenOptions = {},
): Promise<Written> {
  const { excerpt, origin } = minimised;
  const oneLine = options.oneLine ?? false;
  if (form === undefined && formatOf(origin.format)?.linesAreEvents) {
    const lines = await linesOf(minimised, path, options);
    if (lines && (await readsBack(joined(lines, NEWLINE), origin.format, excerpt))) {
      return { own: true, format: origin.format, text: joined(lines, oneLine ? SHOWN_NEWLINE : NEWLINE) };
    }
  }
  const recording = recordingOf(minimised);
  const { tables } = recording;
  const format = form ?? (origin.format === "ndjson" ? "ndjson" : "ftrace");
  const pieces = format === "ndjson" ? ndjsonText(recording) : ftraceTextOf(recording.batches(), tables, { oneLine });
  const chunks: Buffer[] = [];
  for await (const piece of pieces) chunks.push(Buffer.from(piece));
  return { own: false, format, text: Buffer.concat(chunks) };
}

/** Returns the excerpt as a recording. */
export function recordingOf({ excerpt, origin }: Minimised): Recorded {
  const { batch, tables } = excerpt;
  const report = new ReadReport(origin.path);
  report.events = batch.length;
  if (batch.length > 0)
    report.clock = { kind: batch.timeDigits === 0 ? "counter" : "seconds", digits: batch.timeDigits };
  return {
    id: nanoid(),
    origin,
    tables,
    report,
    async *batches(): AsyncGenerator<Batch> {
      yield batch;
    },
    async close() {},
  };
}

/** Returns the excerpt with tables of its own, which hold nothing of the removed events. */
export async function rereadOf(minimised: Minimised): Promise<Recorded> {
  const { text } = await written(minimised, "ndjson", minimised.origin.path);
  return openRecording("-", { format: "ndjson", input: inMemory(text) });
}

/** Losses have lines of their own in ftrace text. */
const LOSS = /^(?: *CPU:\d+ \[LOST |#+ CPU \d+ buffer started)/;
/** Most lines before the first event that are kept. */
const PREAMBLE = 1000;

interface OwnLine {
  readonly bytes: Buffer;
  /** True if it continues the event of the line before. */
  readonly further: boolean;
}

/** Returns the lines before the first event, and those of the remaining events and losses. */
async function linesOf(
  { excerpt, preamble }: Minimised,
  path: string,
  options: OpenOptions,
): Promise<readonly OwnLine[] | undefined> {
  const { batch, tables } = excerpt;
  const further = new Set<number>();
  const wanted = new Set<number>(batch.losses.map((loss) => loss.line));
  for (let i = 0; i < batch.length; i++) {
    const more = lineFeeds(eventAt(batch, i, points, tables));
    wanted.add(batch.line[i]!);
    for (let k = 1; k <= more; k++) further.add(batch.line[i]! + k);
  }
  // A line without an event, or several files, in which lines cannot be found by number.
  if (wanted.has(0) || !isReadInLines(path, options)) return undefined;
  const last = [...wanted, ...further].reduce((a, b) => Math.max(a, b), 0);
  const lines: OwnLine[] = [];
  for await (const [line, bytes] of linesUpTo(last, path, options)) {
    const before = line <= Math.min(preamble, PREAMBLE) && !LOSS.test(bytes.toString("latin1", 0, 80));
    if (wanted.has(line) || further.has(line) || before) lines.push({ bytes, further: further.has(line) });
  }
  return lines;
}

const NEWLINE = Buffer.from("\n");
const SHOWN_NEWLINE = Buffer.from(escapeOf("\n"));

/** `feed` replaces the line feed before continuation lines of an event. */
function joined(lines: readonly OwnLine[], feed: Buffer): Buffer {
  const pieces = lines.flatMap(({ bytes, further }, k) => [...(k === 0 ? [] : [further ? feed : NEWLINE]), bytes]);
  return Buffer.concat(lines.length === 0 ? [] : [...pieces, NEWLINE]);
}

function isReadInLines(path: string, options: OpenOptions): boolean {
  return options.input !== undefined || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** Counts the continuation lines of an event's texts. */
function lineFeeds({ task, args }: KernelEvent): number {
  return [task.comm, ...Object.values(args)].reduce<number>(
    (sum, text) => sum + (typeof text === "string" ? text.split("\n").length - 1 : 0),
    0,
  );
}

async function* linesUpTo(
  last: number,
  path: string,
  options: OpenOptions,
): AsyncGenerator<readonly [line: number, bytes: Buffer]> {
  const source = await openSource(path, options.input);
  try {
    let line = 1;
    let begun: Buffer = Buffer.alloc(0);
    for await (const chunk of source) {
      let from = 0;
      for (let feed = chunk.indexOf(LF); feed >= 0 && line <= last; feed = chunk.indexOf(LF, from)) {
        const rest = chunk.subarray(from, feed);
        yield [line++, begun.length > 0 ? Buffer.concat([begun, rest]) : rest];
        begun = Buffer.alloc(0);
        from = feed + 1;
      }
      if (line > last) return;
      // An unterminated line beyond the limit is no event.
      if (begun.length < MAX_LINE) begun = Buffer.concat([begun, chunk.subarray(from)]);
    }
    yield [line, begun];
  } finally {
    await source.close();
  }
}

/** True if a text holds the same events, with the same losses between them. */
async function readsBack(text: Buffer, format: string, { batch, tables }: Excerpt): Promise<boolean> {
  const recording = await openRecording("-", { format, input: inMemory(text) });
  let at = 0;
  const losses: string[] = [];
  for await (const read of recording.batches()) {
    for (let i = 0; i < read.length; i++, at++)
      if (
        at >= batch.length ||
        saidBy(eventAt(read, i, points, recording.tables)) !== saidBy(eventAt(batch, at, points, tables))
      )
        return false;
    losses.push(...read.losses.map((loss) => `${loss.cpu} ${loss.count} ${loss.index + read.firstSeq}`));
  }
  return (
    at === batch.length &&
    losses.join() === batch.losses.map((loss) => `${loss.cpu} ${loss.count} ${loss.index + 1}`).join()
  );
}

async function* inMemory(text: Buffer): AsyncGenerator<Buffer> {
  yield text;
}

function saidBy({ time, cpu, task, operation, phase, args, place }: KernelEvent): string {
  return JSON.stringify([time, cpu, task.name, operation, phase, args, place], (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}
