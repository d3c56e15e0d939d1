/** Provides a log of anything that kreel reads: other formats are converted to a temporary log. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Imported, type ImportOptions, importRecording } from "../read/import.js";
import { LogFile } from "../log/file/log-file.js";
import type { ReadReport } from "../read/report.js";

export type AsLogOptions = Pick<ImportOptions, "format" | "input" | "onProgress">;

export interface AsLog {
  /** Path of the log. */
  readonly path: string;
  /** Report of the import; absent if it was a log already. */
  readonly report?: ReadReport;
  /** Removes a temporary log; the process does so at its end at the latest. An existing log stays. */
  remove(): void;
}

export async function asLog(path: string, options: AsLogOptions = {}): Promise<AsLog> {
  if (options.format === undefined && LogFile.isAt(path)) return { path, remove: () => {} };
  return madeLog((log) => importRecording(path, log, options));
}

/** Returns a log that `make` writes, in a temporary folder. */
export async function madeLog(make: (log: string) => Promise<Pick<Imported, "report">>): Promise<AsLog> {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  if (folders.size === 0) process.on("exit", removeAll);
  folders.add(folder);
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
    if (folders.size === 0) process.off("exit", removeAll);
  };
  try {
    const log = join(folder, "log");
    const { report } = await make(log);
    return { path: log, report, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Folders of temporary logs that have not been removed yet. */
const folders = new Set<string>();

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
