/** Compares the findings of two recordings. */
import type { Finding } from "../check/finding.js";
import type { Difference, Site } from "./types.js";

/** Identifies a finding by rule and object without its address: `inode`, `module kvm_amd`. */
function keyOf(finding: Finding): string {
  return `${finding.rule} ${finding.object.replace(/ ?0x[0-9a-f]+(#\d+)?/gu, "")}`;
}

function siteOf(finding: Finding): Site {
  return finding.line === undefined || finding.file !== undefined
    ? { event: finding.event }
    : { event: finding.event, line: finding.line };
}

export function compareFindings(before: readonly Finding[], after: readonly Finding[]): Difference[] {
  /** Findings of `before` by key that are not matched with one of `after` yet, the last first. */
  const left = new Map<string, Finding[]>();
  for (const finding of [...before].reverse()) {
    const key = keyOf(finding);
    const alike = left.get(key);
    if (alike) alike.push(finding);
    else left.set(key, [finding]);
  }
  const differences: Difference[] = [];
  const matched = new Set<Finding>();
  for (const finding of after) {
    const other = left.get(keyOf(finding))?.pop();
    if (other) matched.add(other);
    else
      differences.push({
        kind: "finding-introduced",
        where: `event ${finding.event}`,
        object: finding.object,
        before: null,
        after: siteOf(finding),
        message: `${finding.rule}: ${finding.message}`,
      });
  }
  for (const finding of before) {
    if (!matched.has(finding))
      differences.push({
        kind: "finding-fixed",
        where: `event ${finding.event}`,
        object: finding.object,
        before: siteOf(finding),
        after: null,
        message: `${finding.rule}: ${finding.message}`,
      });
  }
  return differences;
}
