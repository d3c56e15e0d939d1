/** What a log says of the reading that it was made by, and what is wrong with the log itself. */
import type { LogFile } from "../../log/file/log-file.js";
import { ReadReport } from "../report.js";

/** What reading came to when the log was written; `undefined` where its writer was cut short. */
export function restoreReport(file: LogFile, report: ReadReport): object | undefined {
  const saved = file.report();
  if (saved) report.restore(saved);
  else report.warnings.push("its import did not end: what follows on its last event is not known");
  report.exportedFrom = file.origin();
  return saved;
}

/** What is not as it was written, as far as it was read. */
export function reportDamage(file: LogFile, report: ReadReport): void {
  report.warnings.push(...file.damage.map(({ what }) => what));
  const { unfinished } = file;
  if (unfinished) {
    report.warnings.push(unfinished.what);
    report.truncated = true;
  }
}

/** What is known of a log before any of its events is read. `path` names it in warnings. */
export function reportOf(file: LogFile, path: string): ReadReport {
  const report = new ReadReport(path);
  restoreReport(file, report);
  report.events = file.events;
  reportDamage(file, report);
  return report;
}
