/** Identifies findings of the same mistake: by message and kind of object, without places and times. */
import { createHash } from "node:crypto";
import type { Finding } from "../check/finding.js";
import type { Difference } from "../compare/types.js";

const LENGTH = 32;

/** 32 hexadecimal digits. */
export function fingerprintOf({ rule, object, message }: Pick<Finding, "rule" | "object" | "message">): string {
  return hash([rule, timeless(object), shapeOf(message)]);
}

/** Drops addresses, lifetimes and numbers. */
export function timeless(text: string): string {
  return text
    .replaceAll(/ ?0x[0-9a-f]+(?:#\d+)?/g, "")
    .replaceAll(/\d+/g, "")
    .replaceAll(/ +/g, " ")
    .trim();
}

/** Returns the first clause, with each kind that it lists once and sorted, and without their progress. */
function shapeOf(message: string): string {
  const clause = timeless(message.split(/; |: /, 1)[0]!.replaceAll(/ \([^()]*\)/g, "")).replaceAll(
    / still lives?\b/g,
    "",
  );
  const parts = clause.split(/ while |, | and /);
  return [parts[0]!, ...[...new Set(parts.slice(1))].sort()].join(", ");
}

export function differenceFingerprint({ kind, where, operation, object, message }: Difference): string {
  return hash([kind, timeless(where), operation ?? "", timeless(object ?? ""), timeless(message)]);
}

function hash(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, LENGTH);
}
