/** Assigns a finding to a line of the scenario: that of the operation in which it became certain. */
import type { Finding } from "../check/finding.js";
import type { Outcome } from "./simulate.js";

/** The finding with that line, or without one if it lies in no operation (a callback, an exit). */
export function placed(finding: Finding, outcomes: readonly Outcome[]): Finding {
  const { line: _, ...rest } = finding;
  const during = outcomes.find(
    ({ task, from, to }) => task === finding.task && from <= finding.event && finding.event <= to,
  );
  return during ? { ...rest, line: during.line.line } : rest;
}
