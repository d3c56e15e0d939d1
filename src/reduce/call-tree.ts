/**
 * Call trees of guest_memfd's operations: each with the operations that it called, the objects that each touched, and
 * results. An observer of the reducers builds them, and hands each on as soon as its outermost operation is over, so
 * that a recording of any length can be shown or compared.
 */
import { operationsWith } from "../../events/index.js";
import type { ArgumentDefinition } from "../../events/definition.js";
import { isKind } from "../../events/kinds/index.js";
import type { Batch, TaskId } from "../log/batch.js";
import { alone, type EventView, signed64, unsigned64 } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import { type Kind, type KernelObject, nameOf, type ObjectId } from "./objects.js";
import type { Observer, World } from "./world.js";

export interface ObjectRef {
  readonly kind: Kind;
  readonly id: ObjectId;
  readonly label: string;
  /** The name of the object: the file's, the module's, the file system's. */
  readonly name: string;
  /** It was born before the recording began. */
  readonly older: boolean;
}

export interface Value {
  readonly name: string;
  /** For people: `0x88000`, `65536`, `"[kvm-gmem]"`, `ERR_PTR(-23)`, `(fault)`. */
  readonly text: string;
  readonly object: ObjectRef | undefined;
  /** The value as a number, if it is one (an error code of either form included). */
  readonly number: number | undefined;
  readonly definition: ArgumentDefinition;
}

export interface Touch {
  readonly object: ObjectRef;
  readonly note: string;
}

/** A call in a call tree: its entry, its return where one was seen, what changed in it, and the calls inside. */
export interface CallNode {
  readonly operation: string;
  readonly seq: number;
  readonly point: number;
  readonly task: TaskId;
  readonly line: number;
  readonly timeHigh: number;
  readonly timeLow: number;
  readonly timeDigits: number;
  readonly place: number;
  /** The event of its return; 0 if that is not probed or was not seen. */
  returned: number;
  readonly args: readonly Value[];
  result: Value | undefined;
  readonly touched: Touch[];
  readonly children: CallNode[];
  /** It runs as an RCU callback: inside nothing of the task that it interrupted. */
  readonly rcu: boolean;
}

/** More children than this are counted, not kept: one fallocate may add a million pages. */
const CHILDREN = 4096;
const LOOSE = operationsWith("loose");
const DOOR = operationsWith("door");
/** It touches nothing, but others wait in it: it is a node if the call around it is one. */
const BARRIER = "rcu_barrier";
const TIGHT = operationsWith("tight");
interface Pending {
  batch: Batch;
  index: number;
  node: CallNode | undefined;
  readonly tight: boolean;
}

/** Batches from one look at the batches that open calls keep in memory to the next. */
const SWEEP = 64;
/** Entries of at most so many open calls are copied out of a batch, to free it: a copy has some 2 kB. */
const FEW = 128;

/** Builds the call tree of each outermost operation from what a replay tells its observer. */
export class CallTrees implements Observer {
  readonly #stacks = new Map<Stack, (Pending | undefined)[]>();
  #batch: Batch | undefined;
  #batches = 0;
  #touches: Touch[] = [];

  constructor(
    private readonly world: World,
    private readonly onTree: (tree: CallNode) => void,
  ) {}

  touched(object: KernelObject, _event: EventView, note: string): void {
    this.#touches.push({ object: refOf(this.world, object), note });
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#touches = [];
    if (!frame || runsAlone(e)) return;
    const { operation } = frame;
    const { batch, index } = e;
    if (batch !== this.#batch) this.#next(batch);
    const own: Pending = {
      batch,
      index,
      node: undefined,
      tight: (frame.paired && !LOOSE.has(operation.name)) || TIGHT.has(operation.name),
    };
    const pending = this.#stacks.get(stack);
    if (pending) {
      pending[stack.depth - 1] = own;
      pending.length = stack.depth;
      // Most stacks have one call; a list that grows gets room for seventeen.
    } else if (stack.depth === 1) this.#stacks.set(stack, [own]);
    else {
      const list: (Pending | undefined)[] = [];
      list[stack.depth - 1] = own;
      this.#stacks.set(stack, list);
    }
  }

  /**
   * Frees old batches: a call that never returns would keep the whole batch of its entry in memory, and many such calls
   * all of a recording.
   */
  #next(batch: Batch): void {
    this.#batch = batch;
    if (++this.#batches % SWEEP !== 0) return;
    const open = new Map<Batch, Pending[]>();
    for (const [stack, pending] of this.#stacks) {
      if (pending.length === 0) this.#stacks.delete(stack);
      for (const one of pending) {
        if (!one || one.batch.length === 1) continue;
        const others = open.get(one.batch);
        if (others) others.push(one);
        else open.set(one.batch, [one]);
      }
    }
    for (const [old, calls] of open) {
      if (calls.length > FEW || old === batch) continue;
      for (const one of calls) {
        one.batch = alone(old, one.index, this.world.points.points[old.point[one.index]!]);
        one.index = 0;
      }
    }
  }

  returned(): void {
    this.#touches = [];
  }

  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const touches = this.#touches;
    const point = e.point!;
    const pending = this.#stacks.get(stack);
    if (point.phase === "return") {
      const own = frame && pending?.[stack.depth];
      if (!own) return;
      if (!own.node && touches.length === 0) return;
      const node = own.node ?? this.#materialise(own, stack.depth, pending, frame.point.id);
      node.returned = e.seq;
      if (point.args.length > 0 && !e.isFault(0)) node.result = valueOf(this.world, e, point.args[0]!, 0);
      merge(node.touched, touches);
      this.#complete(node, stack.depth, pending);
      return;
    }
    const depth = frame ? stack.depth - 1 : stack.depth;
    const { operation } = point;
    const relevant =
      this.world.everything ||
      touches.length > 0 ||
      operation.probe === "marker" ||
      operation.module !== undefined ||
      (this.#inTight(pending, depth) && !ofNothing(e)) ||
      (DOOR.has(operation.name) && this.#parent(pending, depth) !== undefined) ||
      (operation.name === BARRIER && pending?.[depth - 1]?.node !== undefined);
    if (!relevant) return;
    if (frame && pending && !runsAlone(e)) {
      const own = pending[depth]!;
      merge(this.#materialise(own, depth, pending, point.id).touched, touches);
      return;
    }
    const leaf = nodeOf(this.world, e, touches);
    const parent = this.#parent(pending, depth);
    if (!parent) this.onTree(leaf);
    else if (parent.children.length < CHILDREN) parent.children.push(leaf);
  }

  closed(frame: Frame, stack: Stack): void {
    const pending = this.#stacks.get(stack);
    const own = pending?.[stack.depth];
    if (own?.node && own.node.seq === frame.seq) this.#complete(own.node, stack.depth, pending!);
    if (pending) pending.length = stack.depth;
  }

  /** Hands on the trees of calls that are still open at the end of the recording. */
  finish(): void {
    for (const pending of this.#stacks.values()) {
      const outermost = pending.find((p) => p?.node);
      if (outermost?.node) this.onTree(outermost.node);
    }
    this.#stacks.clear();
  }

  #inTight(pending: readonly (Pending | undefined)[] | undefined, depth: number): boolean {
    const parent = pending && depth > 0 ? pending[depth - 1] : undefined;
    return parent?.node !== undefined && parent.tight;
  }

  #parent(pending: readonly (Pending | undefined)[] | undefined, depth: number): CallNode | undefined {
    for (let i = depth - 1; i >= 0; i--) {
      const node = pending?.[i]?.node;
      if (node) return node;
    }
    return undefined;
  }

  #materialise(own: Pending, depth: number, pending: readonly (Pending | undefined)[], point: number): CallNode {
    if (own.node) return own.node;
    const view = this.world.viewAt(own.batch, own.index, point);
    const node = nodeOf(this.world, view, []);
    own.node = node;
    const parent = this.#parent(pending, depth);
    if (parent && parent.children.length < CHILDREN) parent.children.push(node);
    return node;
  }

  #complete(node: CallNode, depth: number, pending: (Pending | undefined)[]): void {
    if (!this.#parent(pending, depth)) this.onTree(node);
    pending.length = depth;
  }
}

/** True for an RCU callback, which is a tree of its own and ends with its event: no event shows where it returns. */
function runsAlone(e: EventView): boolean {
  return e.point!.operation.context === "rcu";
}

/** True for `module_put(NULL)` and its like, which are legal, frequent, and without effect. */
function ofNothing(e: EventView): boolean {
  return e.point!.args[0]?.type === "ptr" && e.batch.low[e.base] === 0 && !e.isFault(0);
}

function merge(into: Touch[], touches: readonly Touch[]): void {
  for (const t of touches) {
    const at = into.findIndex((o) => o.object.id === t.object.id);
    if (at < 0) into.push(t);
    else if (t.note) into[at] = { object: t.object, note: into[at]!.note ? `${into[at]!.note}; ${t.note}` : t.note };
  }
}

export function refOf(world: World, object: KernelObject): ObjectRef {
  return {
    kind: object.kind,
    id: object.id,
    label: world.label(object),
    name: nameOf(object),
    older: object.birth === 0,
  };
}

function nodeOf(world: World, e: EventView, touches: readonly Touch[]): CallNode {
  const { batch, index } = e;
  const point = e.point!;
  const node: CallNode = {
    operation: point.operation.name,
    seq: e.seq,
    point: point.id,
    task: e.taskId,
    line: e.line,
    timeHigh: batch.timeHigh[index]!,
    timeLow: batch.timeLow[index]!,
    timeDigits: batch.timeDigits,
    place: batch.place[index]!,
    returned: 0,
    args: point.args.map((arg, k) => valueOf(world, e, arg, k)),
    result: undefined,
    touched: [],
    children: [],
    rcu: point.operation.context === "rcu",
  };
  merge(node.touched, touches);
  return node;
}

/** An argument or a result for people to read. */
export function valueOf(world: World, e: EventView, arg: ArgumentDefinition, k: number): Value {
  const { batch } = e;
  const value = (text: string, number?: number, object?: ObjectRef): Value => ({
    name: arg.name,
    text,
    number,
    object,
    definition: arg,
  });
  if (e.isFault(k)) return value("(fault)");
  const low = batch.low[e.base + k]!;
  const high = batch.high[e.base + k]!;
  switch (arg.type) {
    case "string":
      return value(JSON.stringify(batch.strings[low]));
    case "ptr": {
      const errno = world.addresses.isError(low) ? world.addresses.errno(low) : undefined;
      if (errno !== undefined) return value(`ERR_PTR(${errno})`, errno);
      const found = isKind(arg.object) ? world.at(arg.object, low) : undefined;
      return value(
        low === 0 ? "NULL" : world.addresses.hex(low),
        low === 0 ? 0 : undefined,
        found && refOf(world, found),
      );
    }
    case "s32":
      return value(String(low | 0), low | 0);
    case "u8":
    case "u32":
      return value(String(low), low);
    case "x32":
      return value(`0x${low.toString(16)}`, low);
    case "s64": {
      const n = signed64(low, high);
      return value(String(n), Number(n));
    }
    case "u64": {
      const n = unsigned64(low, high);
      return value(String(n), Number(n));
    }
    case "x64": {
      const n = unsigned64(low, high);
      return value(`0x${n.toString(16)}`, Number(n));
    }
  }
}
