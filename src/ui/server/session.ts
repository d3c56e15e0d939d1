/** One recording, or two to compare, as logs whose bytes can be served. */
import { type FileHandle, open } from "node:fs/promises";
import { sep } from "node:path";
import { LogFile } from "../../log/file/log-file.js";
import { reportOf } from "../../read/kreel-log/report.js";
import type { ReadReport } from "../../read/report.js";
import { type AsLog, asLog, type AsLogOptions } from "../../seek/as-log.js";
import type { Json } from "../../show/json.js";
import type { Session } from "../protocol.js";

export interface OpenLog {
  /** Path of the recording, as it was given. */
  readonly path: string;
  /** Name to show, if it is not the end of the path. */
  readonly name?: string;
  /** Format of the recording. */
  readonly format: string;
  readonly events: number;
  /** Size of the log. */
  readonly bytes: number;
  readonly report: ReadReport;
  /** Path of the log: the recording itself, or one made from it. */
  readonly log: string;
  readonly file: FileHandle;
  /** Removes the log, if it was made. */
  close(): Promise<void>;
}

export async function openLog(path: string, options: AsLogOptions): Promise<OpenLog> {
  return openedLog(await asLog(path, options), path);
}

/** Opens a log. If it was made, it is removed on `close`, or if it cannot be opened. */
export async function openedLog(made: AsLog, path: string): Promise<OpenLog> {
  try {
    const facts = factsOf(made.path, path);
    const file = await open(made.path);
    const close = async (): Promise<void> => {
      await file.close();
      made.remove();
    };
    return { path, ...facts, ...(made.report && { report: made.report }), log: made.path, file, close };
  } catch (error) {
    made.remove();
    throw error;
  }
}

function factsOf(log: string, path: string): Pick<OpenLog, "format" | "events" | "bytes" | "report"> {
  const file = LogFile.open(log);
  try {
    return {
      format: file.origin()?.format ?? "kreel-log",
      events: file.events,
      bytes: file.size,
      report: reportOf(file, path),
    };
  } finally {
    file.close();
  }
}

/**
 * `session.json`, the first request of the page. `tour`: the logs belong to a tour, and are not one before and one
 * after.
 */
export function sessionJson(logs: readonly OpenLog[], tour = false): { readonly [name: string]: Json } {
  return {
    kreel: "session",
    version: 1,
    logs: logs.map(({ path, name = tailOf(path, logs), format, events, bytes }) => ({
      name,
      path,
      format,
      events,
      bytes,
    })),
    diff: logs.length > 1 && !tour,
    ...(tour ? { tour } : {}),
  } satisfies Session;
}

/** The end of a path, with as many folders as distinguish it from the others. */
function tailOf(path: string, logs: readonly OpenLog[]): string {
  const tail = (of: string, parts: number): string => of.split(sep).slice(-parts).join(sep);
  const others = logs.filter((log) => log.path !== path);
  let parts = 1;
  while (tail(path, parts) !== path && others.some((other) => tail(other.path, parts) === tail(path, parts))) parts++;
  return tail(path, parts);
}
