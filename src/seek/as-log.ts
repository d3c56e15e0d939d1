/** A log of anything that kreel reads: what is no log becomes one for as long as it is looked at. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Imported, type ImportOptions, importRecording } from "../read/import.js";
import { LogFile } from "../log/file/log-file.js";
import type { ReadReport } from "../read/report.js";

export type AsLogOptions = Pick<ImportOptions, "format" | "input" | "onProgress">;

export interface AsLog {
  /** Of the log. */
  readonly path: string;
  /** Of the import; absent where it was a log already. */
  readonly report?: ReadReport;
  /** Of a log that was made; the process does it at its end if nobody did before. A log that was there stays. */
  remove(): void;
}

export async function asLog(path: string, options: AsLogOptions = {}): Promise<AsLog> {
  if (options.format === undefined && LogFile.isAt(path)) return { path, remove: () => {} };
  return madeLog((log) => importRecording(path, log, options));
}

/** A log that `make` writes, in a folder for temporary files. */
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

/** Those of logs that nobody has removed yet. */
const folders = new Set<string>();

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
