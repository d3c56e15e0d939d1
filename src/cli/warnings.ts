/**
 * Warnings after reading, for standard error: lines that were not understood are counted, and the first few are shown.
 */
import { points } from "../../events/index.js";
import type { ReadReport } from "../read/report.js";
import { pathOf, plural } from "../base/text.js";

const TEXT_SHOWN = 80;
const NAMES_SHOWN = 5;

export function warningLine(path: string, warning: string): string {
  return `kreel: ${path}: warning: ${warning}`;
}

export function warningLines(path: string, report: ReadReport): string[] {
  const lines = report.warnings.map((warning) => warningLine(path, warning));
  for (const skipped of report.firstSkipped)
    lines.push(
      `kreel: ${pathOf(path, skipped.file)}:${skipped.line}: warning: not an event, skipped: ${skipped.text.slice(0, TEXT_SHOWN)}`,
    );
  if (report.skipped > report.firstSkipped.length)
    lines.push(
      `kreel: ${path}: warning: ${plural(report.skipped, "line")} skipped in all; the first ${report.firstSkipped.length} are shown`,
    );
  if (report.unknown > 0)
    lines.push(
      `kreel: ${path}: warning: ${plural(report.unknown, "event")} of operations that kreel does not know: ${unknownNames(report)}`,
    );
  if (report.lost > 0 || report.uncountedLoss)
    lines.push(
      `kreel: ${path}: warning: ${report.lost > 0 ? plural(report.lost, "event") : "events"} lost by the recording; no verdict rests on what they may have been`,
    );
  return lines;
}

function unknownNames(report: ReadReport): string {
  const names = [...report.unknownByName].sort(([, a], [, b]) => b - a);
  const shown = names
    .slice(0, NAMES_SHOWN)
    .map(([name, n]) => `${points.byEvent(name) ? "the kernel's own " : ""}${name} (${n})`);
  return [...shown, ...(names.length > NAMES_SHOWN ? [`${names.length - NAMES_SHOWN} more`] : [])].join(", ");
}
