/** Writes a recording's events into a log file: what `kreel import` does. */
import { rmSync, statSync } from "node:fs";
import { points } from "../events/index.js";
import type { Batch } from "./log/batch.js";
import { LogWriter, type WriterOptions } from "./log/file/writer.js";
import { conclude } from "./read/conclude.js";
import { openRecording, type OpenOptions } from "./read/recording.js";
import type { ReadReport, Recorded } from "./read/report.js";
import { TroubleError } from "./read/trouble.js";

export interface ImportOptions extends OpenOptions, WriterOptions {
  /** Called after every batch; `bytes` were read so far. */
  readonly onProgress?: (events: number, bytes: number) => void;
  /** Ends the log behind what was read so far. */
  readonly signal?: AbortSignal;
}

export interface Imported {
  /** The log's own name, which no other log has. */
  readonly id: string;
  readonly events: number;
  /** Of the log. */
  readonly bytes: number;
  readonly report: ReadReport;
}

const INTERRUPTED = "its import was interrupted: the recording went on behind the last event";

/**
 * Makes the log at `path` from the recording at `trace`. Throws a `TroubleError` for what is no recording and a `LogError` for a
 * log that exists or cannot be written; then nothing of it is left.
 */
export async function importRecording(trace: string, path: string, options: ImportOptions = {}): Promise<Imported> {
  // Said before a long recording is read, and again by whoever makes the file.
  if (statSync(path, { throwIfNoEntry: false })) throw new TroubleError("exists already; give another name, or remove it", path);
  const recording = await openRecording(trace, options);
  try {
    return await writeLog(recording, path, options);
  } finally {
    await recording.close();
  }
}

/** The same for a recording that is open already, or the run of a simulated kernel. */
export async function writeLog(recording: Recorded, path: string, options: ImportOptions = {}): Promise<Imported> {
  const { report, tables } = recording;
  const batches = recording.batches()[Symbol.asyncIterator]();
  // Where an export came from, its first line says: it has to be read before the log can say so.
  let next = await batches.next();
  const writer = LogWriter.create(path, report.exportedFrom ?? recording.origin, points, tables, { sync: options.sync ?? "close" });
  try {
    for (; !next.done && !options.signal?.aborted; next = await batches.next()) {
      await writer.append(numbered(next.value, writer.events + 1));
      options.onProgress?.(writer.events, report.bytes);
    }
    if (!next.done) {
      await batches.return?.();
      report.warnings.push(INTERRUPTED);
    }
    conclude(report);
    writer.appendReport(report.saved());
    await writer.close();
  } catch (error) {
    writer.abandon();
    rmSync(path, { force: true });
    throw error;
  }
  return { id: writer.id, events: writer.events, bytes: writer.length, report };
}

/** Where events of a damaged log could not be read, those behind them have other numbers. */
function numbered(batch: Batch, firstSeq: number): Batch {
  return batch.firstSeq === firstSeq ? batch : { ...batch, firstSeq };
}
