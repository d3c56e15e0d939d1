/** The `kprobe_events` text that makes a kernel record the operations of the catalogue. */
import type { ArgumentDefinition, OperationDefinition } from "./definition.js";
import { catalogue } from "./index.js";

/** The group that the dynamic events are made in: perf and trace-cmd show it as `gmem:iput`. */
export const PROBE_GROUP = "gmem";

/** What the standard recording probes: every kprobe of the catalogue that is marked as probed. */
export const standardProbes: readonly OperationDefinition[] = catalogue.filter((o) => o.probe === "kprobe" && o.probed);

/** What `kreel record` probes: also what only kernels have that are newer than any recording of the standard set. */
export const recordedProbes: readonly OperationDefinition[] = catalogue.filter((o) => o.newer || standardProbes.includes(o));

/**
 * The lines of one operation: its entry and, where its result is known, its return. None for an operation that no dynamic
 * event observes (tracepoints, markers).
 */
export function probeLines(operation: OperationDefinition, group: string = PROBE_GROUP): string[] {
  if (operation.probe !== "kprobe") return [];
  const symbol = operation.module === undefined ? operation.symbol : `${operation.module}:${operation.symbol}`;
  const line = (kind: "p" | "r", event: string, args: readonly ArgumentDefinition[]): string =>
    [`${kind}:${group}/${event}`, symbol, ...args.map((arg) => `${arg.name}=${arg.fetch}`)].join(" ");
  const lines = [line("p", operation.name, operation.args)];
  if (operation.result) lines.push(line("r", `${operation.name}_ret`, [operation.result]));
  return lines;
}

/**
 * One line an event, entry before return, in the order of the catalogue. A kernel refuses the lines of functions that it does
 * not have or has inlined; each line stands alone, so those are skipped and the others still work.
 */
export function probeFile(operations: readonly OperationDefinition[] = standardProbes, group: string = PROBE_GROUP): string {
  return operations
    .flatMap((operation) => probeLines(operation, group))
    .map((line) => `${line}\n`)
    .join("");
}
