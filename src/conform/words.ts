/** Steps and events in words. */
import { operations, points } from "../../events/index.js";
import { errnoName } from "../base/errno.js";
import type { Tables } from "../log/tables.js";
import { toNumber } from "../log/view.js";
import type { Memory } from "../simulate/memory.js";
import type { Step, Value } from "../simulate/step.js";
import { type Evidence, type EvidenceEvent, sequenceOf } from "./evidence.js";
import type { Blocked } from "./verdict.js";

const MARK = "tracing_mark_write";
/** Larger numbers are flags and addresses rather than counts. */
const LARGE = 0x100000;

/** The operation of a step with the arguments that are no addresses: `module_put(name="kvm_amd", refcnt=3)`. */
export function stepWords(step: Step, memory: Memory): string {
  if (!step.operation || step.phase === "inner") return step.words;
  if (step.phase === "return") return `${step.operation} returns ${resultWords(step)}`;
  if (step.operation === MARK) return String(step.args!["text"]);
  const shown = Object.entries(step.args ?? {}).flatMap(([name, value]) => {
    const text = valueWords(value, memory);
    return text === undefined ? [] : [`${name}=${text}`];
  });
  return `${step.operation}(${shown.join(", ")})`;
}

function resultWords({ operation, result }: Step): string {
  if (result === null) return "NULL";
  if (typeof result === "number") return result < 0 ? `-${errnoName(result)}` : String(result);
  return operations[operation!].result?.name ?? "";
}

function valueWords(value: Value, memory: Memory): string | undefined {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return value < LARGE ? String(value) : `0x${value.toString(16)}`;
  if (value === null) return "NULL";
  return "reads" in value ? String(memory.get(value.reads)) : undefined;
}

/** An event with everything it prints: `put_unused_fd(fd=7)`, `kvm_gmem_create returning -12`. */
export function eventWords({ batch, index }: EvidenceEvent, { addresses }: Tables): string {
  const { operation, phase, args } = points.points[batch.point[index]!]!;
  const at = batch.argStart[index]!;
  const text = (k: number): string => {
    const { type } = args[k]!;
    const low = batch.low[at + k]!;
    if (batch.fault[index]! & (1 << k)) return "(fault)";
    if (type === "string") return JSON.stringify(batch.strings[low]);
    if (type === "ptr") return addresses.isError(low) ? `-${errnoName(addresses.errno(low))}` : addresses.hex(low);
    if (type === "s64" || type === "u64" || type === "x64") return String(toNumber(low, batch.high[at + k]!));
    return String(type === "s32" ? low | 0 : low);
  };
  return phase === "return"
    ? `${operation.name} returning ${text(0)}`
    : `${operation.name}(${args.map(({ name }, k) => `${name}=${text(k)}`).join(", ")})`;
}

/** The position of an event in its recording. */
export function siteOf(event: EvidenceEvent, { fileOf }: Evidence): Pick<Blocked, "event" | "file" | "line"> {
  const line = event.batch.line[event.index]!;
  const file = fileOf(event.batch.cpu[event.index]!);
  return { event: sequenceOf(event), ...(line > 0 ? { line, ...(file === undefined ? {} : { file }) } : {}) };
}
