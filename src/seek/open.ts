/** Opens a seeker over anything that kreel reads. */
import { reportOf } from "../read/kreel-log/report.js";
import type { ReadReport } from "../read/report.js";
import { asLog, type AsLogOptions } from "./as-log.js";
import { type SeekOptions, Seeker } from "./seeker.js";

export interface Opened {
  readonly seeker: Seeker;
  readonly report: ReadReport;
  close(): void;
}

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
