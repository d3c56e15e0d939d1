/**
 * What is to be said of a recording as a whole, once all of it is read. Apart from the report, which the viewer's page
 * loads.
 */
import { argumentWarnings } from "./arguments/warnings.js";
import type { ReadReport } from "./report.js";

export function conclude(report: ReadReport): void {
  report.conclude(() => argumentWarnings(report.arguments));
}
