/**
 * The probes as the scripts' tables, one for the kernel and one for bpftrace. Each line of the catalogue is followed by
 * its substitutes for kernels that refuse it, marked `or`, or `untyped` if it is for kernels that do not know their own
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
 * Returns the program for bpftrace, a probe a line. Its arguments need no registers, and it has no lines for a kernel
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

/** Returns each line of an operation with its substitutes, the best first. */
function alternatives(operation: OperationDefinition, lines: (operation: OperationDefinition) => string[]): string[][] {
  const others = (operation.substitutes ?? []).map((symbol) => lines({ ...operation, symbol }));
  return lines(operation).map((line, k) => [line, ...others.map((other) => `or ${other[k]!}`)]);
}

/**
 * Returns an entry, then a return, each followed by its alternatives. A probe at a symbol that no kernel shows is set
 * as the catalogue has it or not at all.
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

/**
 * True if the argument is found only by the kernel's types (BTF); every other is in a register or at a fixed offset
 * from one.
 */
function needsTypes(arg: ArgumentDefinition): boolean {
  return arg.fetch.includes("->");
}
