/** The `kprobe_events` text that makes a kernel record the operations of the catalogue. */
import { type ArgumentDefinition, hasReturn, type OperationDefinition } from "./definition.js";
import { catalogue } from "./index.js";

/** The group of the dynamic events: perf and trace-cmd show it as `gmem:iput`. */
export const PROBE_GROUP = "gmem";

/** The probes of the standard recording: every kprobe of the catalogue that is marked as probed. */
export const standardProbes: readonly OperationDefinition[] = catalogue.filter((o) => o.probe === "kprobe" && o.probed);

/** The probes of `kreel record`: the standard set, and those added to the catalogue since. */
export const recordedProbes: readonly OperationDefinition[] = catalogue.filter(
  (o) => o.recorded || standardProbes.includes(o),
);

/**
 * Returns the lines of one operation: its entry and, if its return is probed, that return. None for an operation that
 * no dynamic event observes (tracepoints, markers).
 */
export function probeLines(operation: OperationDefinition, group: string = PROBE_GROUP): string[] {
  if (operation.probe !== "kprobe") return [];
  const symbol = operation.module === undefined ? operation.symbol : `${operation.module}:${operation.symbol}`;
  const line = (kind: "p" | "r", event: string, args: readonly ArgumentDefinition[]): string =>
    [`${kind}:${group}/${event}`, symbol, ...args.map((arg) => `${arg.name}=${arg.fetch}`)].join(" ");
  const lines = [line("p", operation.name, operation.args)];
  if (hasReturn(operation)) lines.push(line("r", `${operation.name}_ret`, operation.result ? [operation.result] : []));
  return lines;
}

/**
 * Returns one line an event, entry before return, in the order of the catalogue. A kernel refuses the lines of
 * functions that it does not have or has inlined; the lines are independent, so those are skipped and the others still
 * work.
 */
export function probeFile(
  operations: readonly OperationDefinition[] = standardProbes,
  group: string = PROBE_GROUP,
): string {
  return operations
    .flatMap((operation) => probeLines(operation, group))
    .map((line) => `${line}\n`)
    .join("");
}
