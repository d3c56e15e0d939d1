/** Opens a seeker over anything that kreel reads. */
import { reportOf } from "../read/kreel-log/report.js";
import type { ReadReport } from "../read/report.js";
import { asLog, type AsLogOptions } from "./as-log.js";
import { type SeekOptions, Seeker } from "./seeker.js";

/** A seeker with the report of reading, and a function that closes it. */
export interface Opened {
  readonly seeker: Seeker;
  readonly report: ReadReport;
  close(): void;
}

/**
 * Opens anything that kreel reads for seeking. Other formats are first converted to a log in the temporary folder,
 * which `close` removes.
 *
 * @throws {TroubleError} If it is no recording: with file and line.
 * @throws {LogError} If it is a log that cannot be opened.
 */
export async function openSeeker(path: string, options: SeekOptions & AsLogOptions = {}): Promise<Opened> {
  const log = await asLog(path, options);
  try {
    const seeker = Seeker.open(log.path, options);
    const close = (): void => {
      seeker.close();
      log.remove();
    };
    return { seeker, report: log.report ?? reportOf(seeker.log, path), close };
  } catch (error) {
    log.remove();
    throw error;
  }
}
