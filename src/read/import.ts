/** Writes a recording's events into a log file: what `kreel import` does. */
import { statSync } from "node:fs";
import { points } from "../../events/index.js";
import type { Batch } from "../log/batch.js";
import { LogError } from "../log/file/log-error.js";
import { packed } from "../log/file/packed.js";
import { LogWriter, type WriterOptions } from "../log/file/writer.js";
import { conclude } from "./conclude.js";
import { openRecording, type OpenOptions } from "./recording.js";
import type { ReadReport, Recorded } from "./report.js";
import { TroubleError } from "../base/trouble.js";
import { plural } from "../base/text.js";

/** How to read the recording, and how to write the log. */
export interface ImportOptions extends OpenOptions, WriterOptions {
  /** Called after every batch; `bytes` were read so far. */
  readonly onProgress?: (events: number, bytes: number) => void;
  /** Ends the log behind what was read so far. */
  readonly signal?: AbortSignal;
}

/** The log that was made: `events` is a count, `bytes` its size, `report` what reading the recording was like. */
export interface Imported {
  /** The log's own name, which no other log has. */
  readonly id: string;
  readonly events: number;
  /** Of the log. */
  readonly bytes: number;
  readonly report: ReadReport;
}

const INTERRUPTED = "its import was interrupted: the recording went on behind the last event";
const ENDED = "its import was ended by an error, and the recording may go on behind the last event";
const UNREPORTED = "which does not say so itself: its end could not be written";
/** Of the trouble that ended an import, as the log keeps it. */
const MAX_REASON = 500;
const SPARE_ROOM = 1024;

/**
 * Makes the log at `path` from the recording at `trace`. A log that has events stays whatever happens, and says why it
 * ended; what is removed has none.
 *
 * @throws {TroubleError} Of what is no recording.
 * @throws {LogError} Of a log that exists or cannot be written.
 */
export async function importRecording(trace: string, path: string, options: ImportOptions = {}): Promise<Imported> {
  // Said before a long recording is read, and again by whoever makes the file.
  if (statSync(path, { throwIfNoEntry: false }))
    throw new TroubleError("exists already; give another name, or remove it", path);
  const recording = await openRecording(trace, options);
  try {
    return await writeLog(recording, path, options);
  } finally {
    await recording.close();
  }
}

/**
 * The same as `importRecording` for a recording that is open already, or the run of a simulated kernel.
 *
 * @throws {TroubleError} Of what cannot be read.
 * @throws {LogError} Of a log that exists or cannot be written.
 */
export async function writeLog(recording: Recorded, path: string, options: ImportOptions = {}): Promise<Imported> {
  const { report, tables } = recording;
  const batches = recording.batches()[Symbol.asyncIterator]();
  // Where an export came from, its first line says: it has to be read before the log can say so.
  let next = await batches.next();
  const origin = report.exportedFrom ?? recording.origin;
  const { sync = "close" } = options;
  const writer = LogWriter.create(path, origin, points, tables, { sync, endRoom: endRoom(report) });
  let acknowledged = 0;
  try {
    for (; !next.done && !options.signal?.aborted; next = await batches.next()) {
      await writer.append(numbered(next.value, writer.events + 1));
      acknowledged = writer.events;
      options.onProgress?.(writer.events, report.bytes);
    }
    if (!next.done) {
      await batches.return?.();
      report.warnings.push(INTERRUPTED);
    }
    conclude(report);
    await writer.finish(report.saved());
  } catch (error) {
    throw await endedBy(error, writer, acknowledged, report);
  }
  return { id: writer.id, events: writer.events, bytes: writer.length, report };
}

/** Where events of a damaged log could not be read, those behind them have other numbers. */
function numbered(batch: Batch, firstSeq: number): Batch {
  return batch.firstSeq === firstSeq ? batch : { ...batch, firstSeq };
}

/** What the report at the end of the log will take at most: warnings may still come, and the trouble that ends it. */
function endRoom(report: ReadReport): number {
  return 2 * packed(Buffer.from(JSON.stringify(report.saved()))).length + SPARE_ROOM;
}

/** Ends a log that cannot go on, and returns the trouble with what has become of the log. */
async function endedBy(error: unknown, writer: LogWriter, acknowledged: number, report: ReadReport): Promise<unknown> {
  if (writer.events === 0) {
    writer.discard();
    return error;
  }
  const what = error instanceof LogError ? error.what : error instanceof Error ? error.message : String(error);
  const warning = `${ENDED}: ${what.slice(0, MAX_REASON)}`;
  report.warnings.push(warning);
  conclude(report);
  const saved = report.saved();
  const short = { ...saved, firstSkipped: [], environment: [], arguments: {}, warnings: [warning] };
  const { path: named } = writer;
  const { path, isKept, isReported } = await writer.endEarly([saved, short]);
  const events = `the ${plural(acknowledged, "event")} before that`;
  const kept = `${events} ${acknowledged === 1 ? "is" : "are"} in ${path === named ? "the log" : path}`;
  const all = isReported ? kept : isKept ? `${kept}, ${UNREPORTED}` : `not all of ${events} are in a log any more`;
  const options = { cause: error };
  if (error instanceof TroubleError) return new TroubleError(`${error.what}; ${all}`, error.file, error.line, options);
  if (error instanceof LogError) return new LogError(`${error.what}; ${all}`, error.path, options);
  return error;
}
