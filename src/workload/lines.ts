/** Which line of the scenario a finding belongs to: that of the operation in which it became certain. */
import type { Finding } from "../check/finding.js";
import type { Outcome } from "./simulate.js";

/** The finding with that line, or none for what no operation did (a callback, an exit). */
export function placed(finding: Finding, outcomes: readonly Outcome[]): Finding {
  const { line: _, ...rest } = finding;
  const during = outcomes.find(
    ({ task, from, to }) => task === finding.task && from <= finding.event && finding.event <= to,
  );
  return during ? { ...rest, line: during.line.line } : rest;
}
