/** The report that a log has of the reading that made it, and the damage of the log itself. */
import type { LogFile } from "../../log/file/log-file.js";
import { ReadReport } from "../report.js";

/** Restores the report on reading when the log was written; `undefined` if its writer was interrupted. */
export function restoreReport(file: LogFile, report: ReadReport): object | undefined {
  const saved = file.report();
  if (saved) report.restore(saved);
  else report.warnings.push("its import did not end: what follows on its last event is not known");
  report.exportedFrom = file.origin();
  return saved;
}

/** Reports the damage found in the log so far. */
export function reportDamage(file: LogFile, report: ReadReport): void {
  report.warnings.push(...file.damage.map(({ what }) => what));
  const { unfinished } = file;
  if (unfinished) {
    report.warnings.push(unfinished.what);
    report.truncated = true;
  }
}

/** Returns the report of a log before any of its events is read. `path` names it in warnings. */
export function reportOf(file: LogFile, path: string): ReadReport {
  const report = new ReadReport(path);
  restoreReport(file, report);
  report.events = file.events;
  reportDamage(file, report);
  return report;
}
