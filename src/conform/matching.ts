/** Decides whether an event of a recording can be a step of the simulated kernel. */
import { ADDRESSED_KINDS } from "../../events/kinds/index.js";
import type { ArgumentDefinition } from "../../events/definition.js";
import { points } from "../../events/index.js";
import { toNumber } from "../log/view.js";
import type { Memory } from "../simulate/memory.js";
import type { Step, Value } from "../simulate/step.js";
import type { AnyStruct } from "../simulate/structs.js";
import type { Bindings } from "./bindings.js";
import { type Evidence, type EvidenceEvent, operationOf } from "./evidence.js";

/** The difference in words. */
export type Mismatch = string;

/** Kinds of object tracked by address. Of the others (pages, functions, mappings) only presence is compared. */
const FOLLOWED: ReadonlySet<string> = new Set([...ADDRESSED_KINDS, "gmem", "fs_context"]);
/** The program that writes markers truncates longer ones. */
const MARKER_LENGTH = 250;

export class Matcher {
  constructor(
    private readonly evidence: Evidence,
    private readonly memory: Memory,
    private readonly bindings: Bindings,
    /** Structures older than the scenario: their counts are not compared, since others hold them, too. */
    private readonly older: ReadonlySet<number>,
  ) {}

  /** Returns `undefined` if the event can be the step, else the first difference. Binds nothing. */
  differs(step: Step, event: EvidenceEvent): Mismatch | undefined {
    const point = points.points[event.batch.point[event.index]!]!;
    if (point.operation.name !== step.operation || point.phase !== step.phase) return "another operation";
    for (let k = 0; k < point.args.length; k++) {
      const arg = point.args[k]!;
      const value = step.phase === "return" ? step.result : step.args![arg.name];
      const difference = this.#argument(arg, k, value, event, step);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  /** True if the event is certainly the step: every structure that it names is known by its address. */
  certain(step: Step, event: EvidenceEvent): boolean {
    const { args } = points.points[event.batch.point[event.index]!]!;
    let known = 0;
    // A name identifies the event.
    if (args.some((arg) => arg.type === "string")) return true;
    for (const arg of args) {
      const value = step.phase === "return" ? step.result : step.args![arg.name];
      if (!isStruct(value) || !this.#follows(arg, value)) continue;
      if (this.bindings.addressOf(value) === undefined) return false;
      known++;
    }
    return known > 0 || step.phase === "return" || operationOf(event).module !== undefined;
  }

  /** Assumes that the event is the step. */
  bind(step: Step, event: EvidenceEvent): void {
    const { batch, index } = event;
    points.points[batch.point[index]!]!.args.forEach((arg, k) => {
      const value = step.phase === "return" ? step.result : step.args![arg.name];
      if (isStruct(value) && this.#follows(arg, value) && !this.#unreadable(event, k))
        this.bindings.bind(value, batch.low[batch.argStart[index]! + k]!, batch.firstSeq + index);
    });
  }

  /** Files that the program was started with are not compared. */
  #follows(arg: ArgumentDefinition, struct: AnyStruct): boolean {
    return FOLLOWED.has(arg.object ?? "") && !(struct.kind === "file" && this.older.has(struct.pointer));
  }

  #unreadable({ batch, index }: EvidenceEvent, k: number): boolean {
    return (batch.fault[index]! & (1 << k)) !== 0;
  }

  #argument(
    arg: ArgumentDefinition,
    k: number,
    value: Value | undefined,
    event: EvidenceEvent,
    step: Step,
  ): Mismatch | undefined {
    if (this.#unreadable(event, k)) return undefined;
    const { batch, index } = event;
    const at = batch.argStart[index]! + k;
    const low = batch.low[at]!;
    const high = batch.high[at]!;
    const { addresses } = this.evidence.tables;
    if (arg.type === "ptr") {
      const errno = addresses.errno(low);
      if (value === null || value === undefined)
        return low === 0 ? undefined : `${arg.name} is ${errno === 0 ? "not NULL" : String(errno)}, not NULL`;
      if (typeof value === "number" && value < 0)
        return errno === value ? undefined : `${arg.name} is ${errno === 0 ? "no error" : String(errno)}, not ${value}`;
      if (low === 0 || errno !== 0) return `${arg.name} is ${errno === 0 ? "NULL" : String(errno)}`;
      if (isStruct(value) && this.#follows(arg, value) && !this.bindings.agree(value, low))
        return `${arg.name} is another ${arg.object}`;
      return undefined;
    }
    if (arg.type === "string") {
      const text = batch.strings[low]!;
      return step.operation === "tracing_mark_write"
        ? markerDiffers(value as string, text)
        : text === value
          ? undefined
          : `${arg.name} is ${JSON.stringify(text)}, not ${JSON.stringify(value)}`;
    }
    // Results that the C function does not have, and sizes that differ between builds, are not compared.
    if (value === null || value === undefined || arg.unit === "bytes of a structure") return undefined;
    const expected = typeof value === "object" && "reads" in value ? this.memory.get(value.reads) : (value as number);
    if (this.#anybodys(arg, step, event)) return undefined;
    const signed =
      arg.type === "s32"
        ? low | 0
        : arg.type === "u8" || arg.type === "u32" || arg.type === "x32"
          ? low
          : toNumber(low, high);
    const wanted = arg.type === "u32" || arg.type === "x32" ? expected >>> 0 : expected;
    return signed === wanted ? undefined : `${arg.name} is ${signed}, not ${wanted}`;
  }

  /**
   * True for counts that others change, too: of structures older than the scenario, and of modules in which probes are
   * being set.
   */
  #anybodys(arg: ArgumentDefinition, step: Step, { batch, index }: EvidenceEvent): boolean {
    if (arg.unit !== "references") return false;
    const first = batch.low[batch.argStart[index]!]!;
    if (this.evidence.probedModules.has(first)) return true;
    const subject = step.args && Object.values(step.args)[0];
    return isStruct(subject) && this.older.has(subject.pointer);
  }
}

function isStruct(value: Value | undefined): value is AnyStruct {
  return typeof value === "object" && value !== null && "pointer" in value;
}

/** Device and inode numbers are chosen by the kernel. */
function markerDiffers(expected: string, found: string): Mismatch | undefined {
  // After an error, the marker shows the contents of an uninitialised buffer.
  const plain = (text: string): string =>
    text
      .trimEnd()
      .slice(0, MARKER_LENGTH)
      .replace(/ (dev|ino)=\S+/g, " $1=…")
      .replace(/ link=socket:\[\d+\]/, " link=socket:[…]")
      .replace(/( = -1 [A-Z0-9]+) .*$/s, "$1");
  return plain(expected) === plain(found)
    ? undefined
    : `user space saw ${JSON.stringify(found.trimEnd())}, not ${JSON.stringify(expected)}`;
}
