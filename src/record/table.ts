/**
 * The probes as the scripts' tables, one for the kernel and one for bpftrace: each line of the catalogue, and behind it
 * what stands in where a kernel refuses it, marked `or`, or `untyped` if it is for kernels that do not know their own
 * types.
 */
import { bpftraceProbe, bpftraceText } from "../../events/bpftrace.js";
import { type ArgumentDefinition, hiddenEverywhere, type OperationDefinition } from "../../events/definition.js";
import { probeLines, recordedProbes } from "../../events/probe-file.js";

/** Stands in the table for the group that a run makes its events in. */
const GROUP = "GROUP";

export function probesFunction(operations: readonly OperationDefinition[] = recordedProbes): string {
  return printing("probes", operations.flatMap(entries).join("\n"));
}

/**
 * The program for bpftrace, a probe a line. Its arguments have no need of registers, and it has no words for a kernel
 * without types.
 */
export function programFunction(operations: readonly OperationDefinition[] = recordedProbes): string {
  return printing(
    "program",
    bpftraceText(
      operations.filter((o) => !hiddenEverywhere(o)).flatMap((o) => alternatives(o, bpftraceProbe).flat()),
    ).trimEnd(),
  );
}

function printing(name: string, text: string): string {
  return [`${name}() {`, "  cat <<'END'", text, "END", "}", ""].join("\n");
}

/** The lines of an operation, each with what stands in for it, the best first. */
function alternatives(operation: OperationDefinition, lines: (operation: OperationDefinition) => string[]): string[][] {
  const others = (operation.substitutes ?? []).map((symbol) => lines({ ...operation, symbol }));
  return lines(operation).map((line, k) => [line, ...others.map((other) => `or ${other[k]!}`)]);
}

/**
 * An entry, then a return, each with its alternatives behind it. What no kernel shows is set as the catalogue says or
 * not at all.
 */
function entries(operation: OperationDefinition): string[] {
  const untyped = hiddenEverywhere(operation)
    ? []
    : inGroup({ ...operation, args: operation.args.filter((arg) => !needsTypes(arg)) });
  return alternatives(operation, inGroup).flatMap((lines, k) => [
    ...lines,
    ...(untyped[k] === undefined || untyped[k] === lines[0] ? [] : [`untyped ${untyped[k]}`]),
  ]);
}

function inGroup(operation: OperationDefinition): string[] {
  return probeLines(operation, GROUP);
}

/** What is left to find by the kernel's types (BTF); all else is in a register or at a fixed place behind one. */
function needsTypes(arg: ArgumentDefinition): boolean {
  return arg.fetch.includes("->");
}
