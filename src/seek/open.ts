/** A seeker over anything that kreel reads: what is no log becomes one for as long as it is looked at. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImportOptions, importRecording } from "../import.js";
import { LogFile } from "../log/file/log-file.js";
import { reportDamage, restoreReport } from "../read/kreel-log/report.js";
import { ReadReport } from "../read/report.js";
import { type SeekOptions, Seeker } from "./seeker.js";

export interface Opened {
  readonly seeker: Seeker;
  readonly report: ReadReport;
  close(): void;
}

export async function openSeeker(path: string, options: SeekOptions & Pick<ImportOptions, "format" | "input" | "onProgress"> = {}): Promise<Opened> {
  if (options.format === undefined && LogFile.isAt(path)) {
    const seeker = Seeker.open(path, options);
    const report = new ReadReport(path);
    restoreReport(seeker.log, report);
    reportDamage(seeker.log, report);
    return { seeker, report, close: () => seeker.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const tidy = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", tidy);
  try {
    const { report } = await importRecording(path, join(folder, "log"), options);
    const seeker = Seeker.open(join(folder, "log"), options);
    const close = (): void => {
      seeker.close();
      tidy();
      process.off("exit", tidy);
    };
    return { seeker, report, close };
  } catch (error) {
    tidy();
    throw error;
  }
}
