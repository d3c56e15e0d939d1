/**
 * The probes as the script's table: each line of the catalogue, and behind it what stands in where a kernel refuses it, marked
 * `or`, or `untyped` if it is for kernels that do not know their own types.
 */
import type { ArgumentDefinition, OperationDefinition } from "../../events/definition.js";
import { KERNELS } from "../../events/definition.js";
import { probeLines, standardProbes } from "../../events/probe-file.js";

/** Stands in the table for the group that a run makes its events in. */
const GROUP = "GROUP";

export function probesFunction(operations: readonly OperationDefinition[] = standardProbes): string {
  return ["probes() {", "  cat <<'END'", ...operations.flatMap(entries), "END", "}", ""].join("\n");
}

/** An entry, then a return, each with its alternatives behind it, the best first. */
function entries(operation: OperationDefinition): string[] {
  const first = probeLines(operation, GROUP);
  const others = (operation.substitutes ?? []).map((symbol) => probeLines({ ...operation, symbol }, GROUP));
  const untyped = isHiddenEverywhere(operation) ? first : probeLines({ ...operation, args: operation.args.filter((arg) => !needsTypes(arg)) }, GROUP);
  return first.flatMap((line, k) => [line, ...others.map((lines) => `or ${lines[k]!}`), ...(untyped[k] === line ? [] : [`untyped ${untyped[k]!}`])]);
}

/** What is left to find by the kernel's types (BTF); all else is in a register or at a fixed place behind one. */
function needsTypes(arg: ArgumentDefinition): boolean {
  return arg.fetch.includes("->");
}

/** No recording anywhere has it, and one that had would differ from all others: it is set as the catalogue says or not at all. */
function isHiddenEverywhere({ unseen }: OperationDefinition): boolean {
  return unseen?.hidden === true && unseen.kernels.length === KERNELS.length;
}
