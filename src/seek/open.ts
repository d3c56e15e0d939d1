/** A seeker over anything that kreel reads. */
import { reportOf } from "../read/kreel-log/report.js";
import type { ReadReport } from "../read/report.js";
import { asLog, type AsLogOptions } from "./as-log.js";
import { type SeekOptions, Seeker } from "./seeker.js";

/** A seeker, what reading was like, and how to let go of both. */
export interface Opened {
  readonly seeker: Seeker;
  readonly report: ReadReport;
  close(): void;
}

/**
 * Opens anything that kreel reads to be sought in. What is no log is first written into one in the temporary folder,
 * which `close` removes.
 *
 * @throws {TroubleError} Of what is no recording, with file and line.
 * @throws {LogError} Of a log that cannot be opened.
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
