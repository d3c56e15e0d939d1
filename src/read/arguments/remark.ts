/**
 * The missing arguments of a recording's events, as a comment in its export, which prints absent arguments as
 * `(fault)`.
 */
import { escaped } from "../../base/json-text.js";
import type { ArgumentReport } from "./report.js";

const ARGUMENTS = "kreel arguments: ";

/** Returns the comment without its `#`; none if nothing is missing. */
export function argumentRemarks(report: ArgumentReport): string[] {
  return report.isEmpty ? [] : [`${ARGUMENTS}${escaped(JSON.stringify(report.saved()))}`];
}

/** Reads a comment with its `#`. Returns true if it is such a one. */
export function readArgumentRemark(comment: string, report: ArgumentReport): boolean {
  if (!comment.startsWith(`# ${ARGUMENTS}`)) return false;
  try {
    report.restore(JSON.parse(comment.slice(ARGUMENTS.length + 2)));
  } catch {
    // Someone wrote other text there.
  }
  return true;
}
