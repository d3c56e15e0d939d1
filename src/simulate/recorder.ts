/** Writes the events that probes would show of a run into batches: the recording of a simulated kernel. */
import { shownOn, type ArgumentDefinition, type Kernel } from "../../events/definition.js";
import { points } from "../../events/index.js";
import { CONTEXT_SOFTIRQ, type Batch, type TaskId } from "../log/batch.js";
import { BatchBuilder } from "../log/batch-builder.js";
import { createTables, type Tables } from "../log/tables.js";
import type { Memory } from "./memory.js";
import type { Address, Embedded, Reading, Step, Value } from "./step.js";
import type { AnyStruct } from "./structs.js";

/** Addresses as on x86-64: slabs in the direct map, modules and functions above. */
const DIRECT_MAP = 0xffff8880;
const KERNEL_TEXT = 0xffffffff;
const MODULES = 0xc0000000;
const TEXT = 0x81000000;
/** Bytes from one cell to the next: structures lie as far apart as their fields need, and more. */
const CELL_BYTES = 64;
const TWO_32 = 0x100000000;
const NANOSECONDS = 1_000_000_000;

interface Slot {
  readonly name: string;
  readonly type: ArgumentDefinition["type"];
}

/** A task as a recording shows it. */
export interface RecordedTask {
  readonly id: TaskId;
  readonly cpu: number;
  readonly context: number;
}

export class Recorder {
  readonly tables: Tables = createTables();
  readonly #builder = new BatchBuilder(this.tables.addresses);
  readonly #batches: Batch[] = [];
  /** By operation: the points that this kernel shows; none for one that it does not. */
  readonly #entries = new Map<string, number>();
  readonly #returns = new Map<string, number>();
  readonly #slots: readonly (readonly Slot[])[];
  /** Address numbers by pointer: the same structure is printed many times. */
  readonly #addressOf: number[] = [];
  events = 0;

  constructor(
    private readonly memory: Memory,
    shown: Kernel,
  ) {
    this.#builder.timeDigits = 6;
    const found: Slot[][] = points.points.map((point) => point?.args.map(({ name, type }) => ({ name, type })) ?? []);
    this.#slots = found;
    for (const point of points.points) {
      if (!point || !shownOn(point.operation, shown)) continue;
      (point.phase === "entry" ? this.#entries : this.#returns).set(point.operation.name, point.id);
    }
  }

  task(comm: string, pid: number, softirq: boolean): RecordedTask {
    return { id: this.tables.tasks.intern(comm, pid), cpu: 0, context: softirq ? CONTEXT_SOFTIRQ : 0 };
  }

  /** The point of the event that a probe shows of this step; 0 for none. */
  pointOf({ operation, phase }: Step): number {
    if (operation === undefined || phase === "inner") return 0;
    return (phase === "entry" ? this.#entries : this.#returns).get(operation) ?? 0;
  }

  /** Appends the event that a probe shows of a step, at a time in ns. */
  record(step: Step, task: RecordedTask, time: number, point = this.pointOf(step)): void {
    if (point === 0) return;
    this.events++;
    const builder = this.#builder;
    if (builder.full) this.#batches.push(builder.seal());
    const high = Math.floor(time / NANOSECONDS);
    builder.begin(point, task.id, task.cpu, task.context, high, time - high * NANOSECONDS, 0);
    const slots = this.#slots[point]!;
    const { args } = step;
    for (let k = 0; k < slots.length; k++) {
      const { name, type } = slots[k]!;
      this.#push(type, args ? args[name]! : (step.result as Value));
    }
  }

  /** All that was recorded, sealed. */
  batches(): readonly Batch[] {
    if (!this.#builder.isEmpty) this.#batches.push(this.#builder.seal());
    return this.#batches;
  }

  #push(type: ArgumentDefinition["type"], value: Value): void {
    const builder = this.#builder;
    if (type === "ptr") return builder.pushNumber(this.addressId(value as Address), 0);
    if (type === "string") return builder.pushString(value as string);
    // The result of a void function prints as whatever the register held; here 0.
    const number =
      value === null ? 0 : typeof value === "object" ? this.memory.get((value as Reading).reads) : (value as number);
    if (number < 0) builder.pushNumber((number % TWO_32) >>> 0, Math.floor(number / TWO_32) >>> 0);
    else builder.pushNumber(number >>> 0, Math.floor(number / TWO_32));
  }

  /** The number of an address in the recording's table. */
  addressId(value: Address): number {
    if (value === null) return 0;
    const { addresses } = this.tables;
    if (typeof value === "number")
      return value < 0
        ? addresses.intern(value >>> 0, KERNEL_TEXT)
        : addresses.intern((TEXT + (value % 0x400000) * CELL_BYTES) >>> 0, KERNEL_TEXT - Math.floor(value / 0x400000));
    if (isEmbedded(value)) {
      const low = lowOf(value.of) + value.offset;
      return addresses.intern(low >>> 0, highOf(value.of, low));
    }
    let id = this.#addressOf[value.pointer];
    if (id === undefined) {
      const low = lowOf(value);
      id = addresses.intern(low >>> 0, highOf(value, low));
      this.#addressOf[value.pointer] = id;
    }
    return id;
  }
}

/** Reads a property instead of using `in`, which is slow here: each kind of structure has a shape of its own. */
function isEmbedded(value: AnyStruct | Embedded): value is Embedded {
  return (value as Partial<AnyStruct>).pointer === undefined;
}

function lowOf({ kind, pointer }: AnyStruct): number {
  return kind === "module" ? MODULES + pointer * 0x1000 : pointer * CELL_BYTES;
}

function highOf({ kind }: AnyStruct, low: number): number {
  return kind === "module" ? KERNEL_TEXT : DIRECT_MAP + Math.floor(low / TWO_32);
}
