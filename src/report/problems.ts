/** Groups findings with the same message into problems, and compares those of two recordings. */
import type { Finding } from "../check/finding.js";
import { fingerprintOf } from "./fingerprint.js";
import type { BaselineState, Problem } from "./model.js";

export interface Group {
  readonly fingerprint: string;
  /** The first finding. */
  readonly finding: Finding;
  times: number;
}

/** In the order of the first of each. */
export function groupsOf(findings: Iterable<Finding>): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const fingerprint = fingerprintOf(finding);
    const known = groups.get(fingerprint);
    if (known) known.times++;
    else groups.set(fingerprint, { fingerprint, finding, times: 1 });
  }
  return [...groups.values()];
}

/** Returns new and unchanged problems of the recording after, then absent ones of the recording before. */
export function compareProblems(before: readonly Problem[], after: readonly Problem[]): Problem[] {
  const known = new Set(before.map((p) => p.fingerprint));
  const left = new Set(after.map((p) => p.fingerprint));
  const withState = (problem: Problem, state: BaselineState): Problem => ({ ...problem, state });
  return [
    ...after.map((p) => withState(p, known.has(p.fingerprint) ? "unchanged" : "new")),
    ...before.filter((p) => !left.has(p.fingerprint)).map((p) => withState(p, "absent")),
  ];
}
