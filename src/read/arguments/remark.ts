/**
 * What a recording's events lacked, in a comment of what is exported of it: there, what was absent is printed as
 * `(fault)`.
 */
import { escaped } from "../../base/json-text.js";
import type { ArgumentReport } from "./report.js";

const ARGUMENTS = "kreel arguments: ";

/** The comment without its `#`; none where there is nothing to say. */
export function argumentRemarks(report: ArgumentReport): string[] {
  return report.isEmpty ? [] : [`${ARGUMENTS}${escaped(JSON.stringify(report.saved()))}`];
}

/** Takes in a comment, `#` and all, if it is such a one. Returns whether it is. */
export function readArgumentRemark(comment: string, report: ArgumentReport): boolean {
  if (!comment.startsWith(`# ${ARGUMENTS}`)) return false;
  try {
    report.restore(JSON.parse(comment.slice(ARGUMENTS.length + 2)));
  } catch {
    // Somebody wrote something else there.
  }
  return true;
}
