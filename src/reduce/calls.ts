/**
 * Keeps the calls in progress of every task. An operation whose return is probed is open from its entry to its return;
 * any other reaches as far as the catalogue says that it calls (`calls`), which orders a call tree and settles
 * references, but never stands in for a missing half of a call: that is reported.
 *
 * Interrupts have stacks of their own: a softirq in a task's context is not inside what the task was doing.
 */
import { hasReturn, type OperationDefinition } from "../../events/definition.js";
import type { Point, PointTable } from "../../events/points.js";
import {
  type AddressId,
  type Batch,
  CONTEXT_HARDIRQ,
  CONTEXT_NMI,
  CONTEXT_SOFTIRQ,
  type TaskId,
} from "../log/batch.js";
import type { ObjectId } from "./objects.js";

/** Empties a list. Setting its length costs more, even where it is 0 already, as it is in most calls. */
export function empty(list: number[]): void {
  while (list.length > 0) list.pop();
}

/** The lists of a call. */
class Kept {
  readonly holds: ObjectId[] = [];
  readonly reserved: number[] = [];
  readonly overput: number[] = [];
  readonly putFiles: ObjectId[] = [];
  readonly born: ObjectId[] = [];

  clear(): void {
    empty(this.holds);
    empty(this.reserved);
    empty(this.overput);
    empty(this.putFiles);
    empty(this.born);
  }
}

/** An operation in progress. Frames are pooled: keep the sequence number of the entry, not the frame. */
export class Frame {
  /** The entry's point. */
  point!: Point;
  /** The name of the operation. */
  name = "";
  seq = 0;
  task: TaskId = 0;
  /** Open until its return event, rather than for as long as the events that follow can be inside it. */
  paired = false;
  /** Its entry did not say what it is about, so that its return does not either. */
  lacking = false;
  /** The object that the operation is about, and a second one where there are two. */
  subject: ObjectId = 0;
  other: ObjectId = 0;
  /** The file that was made or installed inside it; 0 if none was. */
  file: ObjectId = 0;
  /** Arguments of the entry that its return needs: an address (of a folio), a number (a slot, flags), a text. */
  address: AddressId = 0;
  number = 0;
  text = "";
  /** Made when a list is first asked for: most calls have none, and each of many tasks may be inside of a call. */
  #kept: Kept | undefined;

  get operation(): OperationDefinition {
    return this.point.operation;
  }
  /** Objects on which a reference was taken inside, each as often as taken. */
  get holds(): ObjectId[] {
    return (this.#kept ??= new Kept()).holds;
  }
  /** (descriptor, event) of each reservation inside that was neither installed nor given back. */
  get reserved(): number[] {
    return (this.#kept ??= new Kept()).reserved;
  }
  /** (object, event) of each put inside that had nothing to put. */
  get overput(): number[] {
    return (this.#kept ??= new Kept()).overput;
  }
  /** Files whose reference was dropped inside. */
  get putFiles(): ObjectId[] {
    return (this.#kept ??= new Kept()).putFiles;
  }
  /** Inodes, dentries and files that were born inside. */
  get born(): ObjectId[] {
    return (this.#kept ??= new Kept()).born;
  }

  reset(point: Point, seq: number, task: TaskId, paired: boolean): void {
    this.point = point;
    this.name = point.operation.name;
    this.seq = seq;
    this.task = task;
    this.paired = paired;
    this.lacking = false;
    this.subject = 0;
    this.other = 0;
    this.file = 0;
    this.address = 0;
    this.number = 0;
    this.text = "";
    this.#kept?.clear();
  }

  saved(): SavedFrame {
    const {
      point,
      seq,
      task,
      paired,
      lacking,
      subject,
      other,
      file,
      address,
      number,
      text,
      holds,
      reserved,
      overput,
      putFiles,
      born,
    } = this;
    return {
      point: point.id,
      seq,
      task,
      paired,
      lacking,
      subject,
      other,
      file,
      address,
      number,
      text,
      holds,
      reserved,
      overput,
      putFiles,
      born,
    };
  }

  /** Copies the saved lists, as those of a frame grow. */
  restore({
    lacking,
    subject,
    other,
    file,
    address,
    number,
    text,
    holds,
    reserved,
    overput,
    putFiles,
    born,
  }: SavedFrame): void {
    Object.assign(this, { lacking, subject, other, file, address, number, text });
    this.#kept = Object.assign(new Kept(), {
      holds: [...holds],
      reserved: [...reserved],
      overput: [...overput],
      putFiles: [...putFiles],
      born: [...born],
    });
  }
}

/** A frame as plain data. */
export type SavedFrame = Pick<
  Frame,
  | "seq"
  | "task"
  | "paired"
  | "lacking"
  | "subject"
  | "other"
  | "file"
  | "address"
  | "number"
  | "text"
  | "holds"
  | "reserved"
  | "overput"
  | "putFiles"
  | "born"
> & { readonly point: number };

/** The stacks on which calls are open; `key` is that of `Calls.keyOf`. */
export type SavedStacks = readonly {
  readonly key: number;
  readonly idle: number;
  readonly frames: readonly SavedFrame[];
}[];

/** Free frames that are kept at most. Calls nest deeper only in a recording that was made for it. */
const KEPT_FRAMES = 256;
/** The frames of a stack to which none are lent. */
const NOTHING: Frame[] = [];

/**
 * The frames of one task in one context, outermost first. All stacks share a pool of frames: of a hundred thousand
 * tasks, few are inside of a call at a time.
 */
export class Stack {
  /** Frames beyond the depth are those of calls that are over. */
  #frames = NOTHING;
  depth = 0;
  /** The latest event while a twin of it may follow, else `point` is 0. `paired`: the event before it is alike. */
  readonly last: { point: number; batch: Batch | undefined; index: number; paired: boolean } = {
    point: 0,
    batch: undefined,
    index: 0,
    paired: false,
  };
  /** The latest event after which no call was open on it. */
  idle = 0;
  /** `task` is that of the latest event: a task's name may change, and the stack of an interrupt is its CPU's. */
  constructor(
    public task: TaskId,
    private readonly free: Frame[] = [],
  ) {}

  push(point: Point, seq: number, paired: boolean): Frame {
    const frame = this.#frames[this.depth] ?? this.#lent();
    this.depth++;
    frame.reset(point, seq, this.task, paired);
    return frame;
  }

  #lent(): Frame {
    const frame = this.free.pop() ?? new Frame();
    // A list that is made with one frame has room for one; a list that grows gets room for seventeen.
    if (this.#frames === NOTHING) this.#frames = [frame];
    else this.#frames.push(frame);
    return frame;
  }

  /** Gives the frames in which no call is open back to the pool: the events that follow are another stack's. */
  rest(): void {
    const frames = this.#frames;
    while (frames.length > this.depth) {
      const frame = frames.pop()!;
      if (this.free.length < KEPT_FRAMES) this.free.push(frame);
    }
    if (this.depth === 0) this.#frames = NOTHING;
  }

  /** The frame `up` levels outward from the innermost (0: the innermost itself). */
  at(up: number): Frame | undefined {
    return up < this.depth ? this.#frames[this.depth - 1 - up] : undefined;
  }
  get top(): Frame | undefined {
    return this.depth > 0 ? this.#frames[this.depth - 1] : undefined;
  }
  /** The event of the outermost entry. */
  get since(): number {
    return this.#frames[0]!.seq;
  }
  /** The frame that was popped last. */
  get beyond(): Frame | undefined {
    return this.#frames[this.depth];
  }
  /** The innermost frame of an operation. */
  find(name: string): Frame | undefined {
    for (let i = this.depth - 1; i >= 0; i--) if (this.#frames[i]!.name === name) return this.#frames[i];
    return undefined;
  }
  /** Outermost first. */
  *frames(): Generator<Frame> {
    for (let i = 0; i < this.depth; i++) yield this.#frames[i]!;
  }
}

/** An entry or a return of a call that the recording does not have, although it has the other half. */
export interface MissingHalf {
  readonly operation: string;
  readonly missing: "entry" | "return";
  /** The event that is the other half. */
  readonly seq: number;
  readonly task: TaskId;
}

/** For each entry of an operation without a return probe: 1 at every point that can happen inside the operation. */
function reachOf(points: PointTable): readonly (Uint8Array | undefined)[] {
  let reach = reaches.get(points);
  if (!reach) reaches.set(points, (reach = reachIn(points)));
  return reach;
}
const reaches = new WeakMap<PointTable, readonly (Uint8Array | undefined)[]>();

function reachIn(points: PointTable): (Uint8Array | undefined)[] {
  const byName = new Map<string, Point[]>();
  for (const p of points.points) if (p) byName.set(p.operation.name, [...(byName.get(p.operation.name) ?? []), p]);
  return points.points.map((point) => {
    if (!point || point.phase !== "entry" || hasReturn(point.operation) || !point.operation.calls) return undefined;
    const reach = new Uint8Array(points.points.length);
    const seen = new Set<string>();
    const visit = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      for (const p of byName.get(name) ?? []) reach[p.id] = 1;
      for (const callee of byName.get(name)?.[0]?.operation.calls ?? []) visit(callee);
    };
    for (const callee of point.operation.calls) visit(callee);
    return reach;
  });
}

const IRQ = CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ | CONTEXT_NMI;

export class Calls {
  readonly #reach: readonly (Uint8Array | undefined)[];
  readonly #stacks = new Map<number, Stack>();
  #lastKey = -1;
  #last: Stack | undefined;
  readonly #none: Stack;
  readonly #free: Frame[] = [];

  readonly #pids: number[] = [];

  /** Stacks go by pid: a task may change its name (exec, prctl) in the middle of a call. */
  constructor(
    private readonly points: PointTable,
    private readonly pidOf: (task: TaskId) => number,
  ) {
    this.#reach = reachOf(points);
    this.#none = new Stack(0, this.#free);
  }

  /** The stack on which an event happens. RCU callbacks happen inside nothing. */
  stackOf(task: TaskId, cpu: number, context: number, rcu: boolean): Stack {
    if (rcu) {
      this.#none.depth = 0;
      return this.#none;
    }
    // Idle tasks share pid 0, one a CPU; interrupts are per CPU whatever they interrupt.
    const irq = context & IRQ;
    const pid = (this.#pids[task] ??= this.pidOf(task));
    const key = irq ? (cpu * 8 + irq) * 2 + 1 : pid === 0 ? (cpu + 1) * -2 : pid * 2;
    const stack = key === this.#lastKey ? this.#last! : this.stackAt(key);
    stack.task = task;
    return stack;
  }

  /** True if `point` can happen inside this frame, which has no return event to end it. */
  reaches(frame: Frame, point: Point): boolean {
    return this.#reach[frame.point.id]?.[point.id] === 1;
  }

  stackAt(key: number): Stack {
    this.#last?.rest();
    let stack = this.#stacks.get(key);
    if (!stack) this.#stacks.set(key, (stack = new Stack(0, this.#free)));
    this.#lastKey = key;
    this.#last = stack;
    return stack;
  }

  /** The stacks on which a call is open, in the order in which their outermost calls were entered. */
  stacks(): Stack[] {
    const open: Stack[] = [];
    for (const stack of this.#stacks.values()) if (stack.depth > 0) open.push(stack);
    return open.sort((a, b) => a.since - b.since);
  }

  /** The latest event of each stack on which a twin of it may follow, in the order of the stacks' keys. */
  lasts(): { stack: number; paired: boolean; event: { batch: Batch; index: number } }[] {
    return [...this.#stacks]
      .flatMap(([stack, { last }]) =>
        last.point === 0 ? [] : [{ stack, paired: last.paired, event: { batch: last.batch!, index: last.index } }],
      )
      .sort((a, b) => a.stack - b.stack);
  }

  saved(): SavedStacks {
    const keys = new Map<Stack, number>();
    for (const [key, stack] of this.#stacks) if (stack.depth > 0) keys.set(stack, key);
    return this.stacks().map((stack) => ({
      key: keys.get(stack)!,
      idle: stack.idle,
      frames: Array.from(stack.frames(), (frame) => frame.saved()),
    }));
  }

  restore(saved: SavedStacks): void {
    for (const { key, idle, frames } of saved) {
      const stack = this.stackAt(key);
      stack.idle = idle;
      for (const frame of frames) {
        stack.task = frame.task;
        stack.push(this.points.points[frame.point]!, frame.seq, frame.paired).restore(frame);
      }
    }
  }

  /** True if a call of this operation is in progress on any stack. */
  isOpen(name: string): boolean {
    for (const stack of this.#stacks.values()) if (stack.depth > 0 && stack.find(name)) return true;
    return false;
  }

  /**
   * The number of a stack, the same in every replay of the same events.
   *
   * @throws {RangeError} For the stack of an RCU callback, or of another replay.
   */
  keyOf(stack: Stack): number {
    for (const [key, other] of this.#stacks) if (other === stack) return key;
    throw new RangeError("a stack of another replay, or of an RCU callback");
  }
}
