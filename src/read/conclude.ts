/**
 * Adds the warnings about a recording as a whole, once all of it is read. Separate from the report, which the viewer's
 * page loads.
 */
import { argumentWarnings } from "./arguments/warnings.js";
import type { ReadReport } from "./report.js";

export function conclude(report: ReadReport): void {
  report.conclude(() => argumentWarnings(report.arguments));
}
