/**
 * Drives the reducers over batches: finds the calls that each event is inside of, pairs entries with returns, and hands
 * the event to the one reducer of its operation.
 */
import { operationsWith } from "../../events/index.js";
import { hasReturn } from "../../events/definition.js";
import type { Point, PointTable } from "../../events/points.js";
import type { AddressId, Batch, Loss } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { Cursor, type EventView, viewsOf } from "../log/view.js";
import type { Frame, Stack } from "./calls.js";
import { type EndContext, MovingContext } from "./context.js";
import type { Handlers, Reducers } from "./handlers.js";
import type { KernelObject, ObjectId } from "./objects.js";
import { dentryReducers } from "./reducers/dentry.js";
import { descriptorReducers } from "./reducers/descriptor.js";
import { fileReducers } from "./reducers/file.js";
import { guestMemfdReducers } from "./reducers/guest-memfd.js";
import { inodeReducers } from "./reducers/inode.js";
import { moduleReducers } from "./reducers/module.js";
import { mountReducers } from "./reducers/mount.js";
import { slabReducers } from "./reducers/slab.js";
import { vmReducers } from "./reducers/vm.js";
import { restoreWorld, type SavedWorld, savedWorld } from "./saved-world.js";
import type { Store } from "./store.js";
import { type SavedTwins, Twins } from "./twins.js";
import { World, type WorldOptions } from "./world.js";

const reducers: Reducers = {
  ...dentryReducers,
  ...descriptorReducers,
  ...fileReducers,
  ...guestMemfdReducers,
  ...inodeReducers,
  ...moduleReducers,
  ...mountReducers,
  ...slabReducers,
  ...vmReducers,
};

/**
 * Operations around which no call is open: one that still is has lost its return. (`kvm_gmem_bind` and `__fput` happen
 * inside others, and `kvm_init` inside the module loader, which has no probe.)
 */
const OUTERMOST = operationsWith("outermost");
const BEHIND_A_DESCRIPTOR = operationsWith("behind a descriptor");
const WITHIN_CLOSE = operationsWith("within close");
const OUTSIDE_RELEASE = operationsWith("outside release");
const TO_ITS_END = operationsWith("to its end");
/**
 * Calls that are open on one stack at most: a kernel stack has 16 KiB (THREAD_SIZE), and ftrace follows no more than 50
 * returns of a task (FTRACE_RETFUNC_DEPTH).
 */
const DEEPEST = 256;
/** Missing halves that are kept at most; all are counted. */
const MISSING_SHOWN = 100;

/** The kinds of objects on which a release gives back a reference, of its file or of the file's dentry. */
type Given = "module" | "dentry" | "mount" | "inode";
const GIVEN: ReadonlySet<string | undefined> = new Set<Given>(["module", "dentry", "mount", "inode"]);

/** The traits of a point and of its operation, looked up once. */
interface Plan {
  readonly view: EventView;
  readonly point: Point;
  /** The name of the operation. */
  readonly name: string;
  /** The handlers of its operation's reducer. */
  readonly onEntry: Handlers<never>["entry"];
  readonly onReturn: Handlers<never>["return"];
  readonly onEnd: Handlers<never>["end"];
  readonly rcu: boolean;
  readonly entry: boolean;
  /** A call of its operation has a frame on the stack, as other operations can be inside it. */
  framed: boolean;
  /** The point of its return; 0 without one. */
  readonly returns: number;
  /** Its operation's return is probed: as the catalogue says, until the recording shows otherwise. */
  paired: boolean;
  readonly outermost: boolean;
  /** It is the first event of its system call. */
  readonly isFirst: boolean;
  readonly withinClose: boolean;
  readonly afterRelease: boolean;
  /** The kind of object on which it puts a reference, where a release does so. */
  readonly gives: Given | undefined;
  /** Its code is in the module that is freed with guest_memfd. */
  readonly inModule: boolean;
  /**
   * The arguments, as bits of `Batch.fault`, without which its event does not say what it is about; 0 if its name says
   * all.
   */
  readonly essential: number;
}

export interface SavedReducer {
  readonly events: number;
  /** Points of operations whose returns turned out to be probed, or not, contrary to the catalogue. */
  readonly learned: readonly { readonly point: number; readonly paired: boolean; readonly framed: boolean }[];
  readonly lastOnCpu: readonly { readonly cpu: number; readonly seq: number }[];
  /** The last event that was understood. */
  readonly last: Place | undefined;
  readonly objects: readonly KernelObject[];
  /** The id of the object that is created next. */
  readonly nextObject: ObjectId;
  readonly twins: SavedTwins;
  /** The latest event of each stack on which a twin of it may follow. */
  readonly lasts: readonly { readonly stack: number; readonly paired: boolean; readonly event: Place }[];
  readonly world: SavedWorld;
}

/** The place of an event. */
export interface Place {
  readonly batch: Batch;
  readonly index: number;
}

/** Applies events to the world: finds what each is inside of, and hands it to its operation's reducer. */
export class Reducer {
  readonly world: World;
  readonly #plans: (Plan | undefined)[];
  readonly #cursor = new Cursor();
  readonly #context: MovingContext;
  readonly #twins: Twins;
  /** Events reduced so far. */
  events = 0;

  constructor(store: Store, points: PointTable, tables: Tables, options: WorldOptions = {}) {
    this.world = new World(store, points, tables, options);
    this.#context = new MovingContext(this.world);
    this.#twins = new Twins(points);
    const views = viewsOf(points, this.#cursor);
    this.#plans = points.points.map((point, id) => {
      if (!point) return undefined;
      const { operation } = point;
      const handlers = (reducers[operation.name as keyof Reducers] ?? {}) as Handlers<never>;
      return {
        view: views[id]!,
        point,
        name: operation.name,
        onEntry: handlers.entry,
        onReturn: handlers.return,
        onEnd: handlers.end,
        rcu: operation.context === "rcu",
        entry: point.phase === "entry",
        framed: isFramed(point),
        paired: isPaired(point),
        returns: !hasReturn(operation) ? 0 : points.byEvent(`${operation.name}_ret`)!.id,
        outermost: OUTERMOST.has(operation.name),
        isFirst: OUTERMOST.has(operation.name) && !BEHIND_A_DESCRIPTOR.has(operation.name),
        gives: GIVEN.has(operation.gives) ? (operation.gives as Given) : undefined,
        afterRelease: OUTERMOST.has(operation.name) || OUTSIDE_RELEASE.has(operation.name),
        withinClose: WITHIN_CLOSE.has(operation.name),
        inModule: operation.module === "kvm" && operation.name !== "kvm_init",
        essential: point.essential,
      };
    });
  }

  /** Shares its parts with the state: the caller reads it before the next event. */
  saved(): SavedReducer {
    const { store } = this.world;
    const { batch, index } = this.#cursor;
    return {
      events: this.events,
      learned: this.#plans.flatMap((plan, point) =>
        plan && (plan.paired !== isPaired(plan.view.point!) || plan.framed !== isFramed(plan.view.point!))
          ? [{ point, paired: plan.paired, framed: plan.framed }]
          : [],
      ),
      lastOnCpu: this.#lastOnCpu.flatMap((seq, cpu) => [{ cpu, seq }]),
      last: batch && { batch, index },
      objects: [...store.live()],
      nextObject: store.next,
      twins: this.#twins.saved(),
      lasts: this.world.calls.lasts(),
      world: savedWorld(this.world),
    };
  }

  /** Continues where another reducer was saved; this one is new. */
  restore({ events, learned, lastOnCpu, last, objects, nextObject, twins, lasts, world }: SavedReducer): void {
    for (const { stack, paired, event } of lasts) {
      const point = event.batch.point[event.index]!;
      Object.assign(this.world.calls.stackAt(stack).last, { point, batch: event.batch, index: event.index, paired });
    }
    this.#twins.restore(twins);
    this.events = events;
    for (const { point, paired, framed } of learned) Object.assign(this.#plans[point]!, { paired, framed });
    for (const { cpu, seq } of lastOnCpu) this.#lastOnCpu[cpu] = seq;
    if (last) this.#cursor.move(last.batch, last.index);
    this.world.store.restore(objects, nextObject);
    restoreWorld(this.world, world);
  }

  reduce(batch: Batch, from = 0, to = batch.length): void {
    const { losses } = batch;
    let loss = 0;
    while (loss < losses.length && losses[loss]!.index < from) loss++;
    for (let i = from; i < to; i++) {
      while (loss < losses.length && losses[loss]!.index <= i) this.#lost(losses[loss++]!, batch);
      this.#event(batch, i);
    }
    if (to === batch.length) while (loss < losses.length) this.#lost(losses[loss++]!, batch);
    this.events += to - from;
  }

  /** Takes in a loss: it may have happened at any time since the last event of its CPU in the recording. */
  #lost(loss: Loss, batch: Batch): void {
    this.world.lastGap = batch.firstSeq + loss.index;
    this.world.lose(this.#lastOnCpu[loss.cpu] ?? 0, this.world.lastGap);
  }
  readonly #lastOnCpu: number[] = [];

  #event(batch: Batch, i: number): void {
    const w = this.world;
    const id = batch.point[i]!;
    const plan = this.#plans[id];
    if (!plan) return;
    const e = plan.view;
    this.#cursor.move(batch, i);
    const cpu = batch.cpu[i]!;
    if (w.overwritten && this.#lastOnCpu[cpu] === undefined) w.lose(0, batch.firstSeq + i - 1);
    this.#lastOnCpu[cpu] = batch.firstSeq + i;
    const lacking = (batch.fault[i]! & plan.essential) !== 0;
    if (lacking) w.lacks(plan.point, plan.returns);
    if (w.sight.seen[id] !== 2 && w.sight.saw(plan.point, batch.fault[i]!)) w.firstSeen(id);
    const stack = w.calls.stackOf(batch.task[i]!, batch.cpu[i]!, batch.context[i]!, plan.rcu);
    if (!plan.rcu && (stack.last.point !== 0 || this.#twins.settled[id] === 0)) {
      const seen = this.#twins.see(stack, plan.point, batch, i);
      if (seen > 0) w.missed(seen - 1, e);
      if (seen === 0) {
        const first = this.#twins.firstOf(plan.point);
        if (first > 0) w.missed(first - 1, e);
        return;
      }
    }
    const c = this.#context;
    c.e = e;
    c.stack = stack;
    if (stack.depth === 0) stack.idle = e.seq - 1;
    if (w.closing.size > 0 && !plan.rcu) this.#closed(plan);
    if (w.ending.size > 0 && !plan.rcu) this.#survives(plan);
    if (w.codeFreed && plan.inModule) w.codeRan(e);
    const { point } = plan;
    if (w.strangers !== undefined && !w.strangers.isIdle && !plan.rcu)
      w.strangers.next(stack, plan.gives === "mount" ? batch.low[this.#cursor.base]! : 0, plan.isFirst, e);
    if (plan.gives !== undefined) this.#givesOwn(plan.gives, batch.low[this.#cursor.base]!);
    for (let top = stack.top; top && !top.paired && !this.#inside(top, plan); top = stack.top) this.#end(top);
    const { observer } = w;
    const watched = observer.points === undefined || observer.points[id] !== 0;
    if (plan.entry) {
      if (plan.outermost) this.#clear();
      else if (plan.framed && stack.depth >= DEEPEST) this.#unwind();
      const frame = plan.framed ? stack.push(point, e.seq, plan.paired) : undefined;
      if (lacking && frame) frame.lacking = true;
      // An event that does not say what it is about nests, and changes nothing.
      if (watched) observer.entered?.(e, stack, frame);
      c.frame = frame;
      if (!lacking) plan.onEntry?.(c as never);
      if (watched) observer.reduced?.(e, stack, frame);
    } else {
      const frame = this.#returned(plan.name);
      if (watched) observer.returned?.(e, stack, frame);
      c.frame = frame;
      if (!lacking && !frame?.lacking) plan.onReturn?.(c as never);
      if (frame) w.passUp(frame, stack);
      if (watched) observer.reduced?.(e, stack, frame);
    }
  }

  /** True if an event can happen inside an operation that has no return event. */
  #inside(frame: Frame, plan: Plan): boolean {
    // A file's release calls what the file's operations and any patch of them call: it lasts until the file is
    // released, or until the task plainly does something else.
    if (frame.subject && frame.name === "__fput")
      return !plan.afterRelease && this.world.store.any(frame.subject) !== undefined;
    return this.world.calls.reaches(frame, plan.point);
  }

  /**
   * Ends the calls without a return event inside a release, once it gives back what its file holds: they are over by
   * then. The inode is held by the dentry, so that any put of it counts here; but not where the file was first met
   * inside its release, because call trees have no `__fput` there to put it under.
   */
  #givesOwn(kind: Given, address: AddressId): void {
    const { stack } = this.#context;
    const release = stack.depth > 1 ? stack.find("__fput") : undefined;
    const file = release && this.world.store.get(release.subject, "file");
    const target = file && this.world.at(kind, address);
    if (!release || !target || target.id !== file[kind]) return;
    if (
      kind === "inode"
        ? file.met > release.seq || putsDentry(stack, release)
        : this.world.referenceOf(target, file.id) < 0
    )
      return;
    for (let top = stack.top!; top !== release && !top.paired; top = stack.top!) this.#end(top);
  }

  /** Closes the innermost operation, which nothing more can be inside of. */
  #end(frame: Frame): void {
    const c = this.#context;
    c.stack.depth--;
    this.world.observer.closed?.(frame, c.stack, c.e);
    c.frame = frame;
    this.#plans[frame.point.id]!.onEnd?.(c as EndContext);
  }

  /** Takes the frame that an event returns from off the stack; frames inside it that never returned are reported. */
  #returned(name: string): Frame | undefined {
    const { e, stack } = this.#context;
    let up = 0;
    for (; up < stack.depth; up++) {
      const frame = stack.at(up)!;
      if (frame.paired && frame.name === name) break;
    }
    if (up === stack.depth) {
      const entry = this.world.points.byEvent(name)!;
      const plan = this.#plans[entry.id]!;
      // So its returns are probed, whatever was concluded before.
      plan.paired = true;
      plan.framed = true;
      if (this.world.sight.seen[entry.id])
        this.#missing({ operation: name, missing: "entry", seq: e.seq, task: e.taskId }, stack.idle);
      return undefined;
    }
    for (; up > 0; up--) this.#abandon();
    stack.depth--;
    return stack.beyond;
  }

  /** Takes the innermost call off the stack, whose return, if it is probed, was not seen. */
  #abandon(): void {
    const { e, stack } = this.#context;
    const frame = stack.top!;
    if (!frame.paired) {
      this.#end(frame);
      return;
    }
    const plan = this.#plans[frame.point.id]!;
    if (this.world.sight.seen[plan.returns])
      this.#missing({ operation: frame.name, missing: "return", seq: frame.seq, task: frame.task }, frame.seq);
    else if (this.world.since(frame.seq)) this.#unreturning(plan);
    stack.depth--;
    this.world.observer.closed?.(frame, stack, e);
    this.world.passUp(frame, stack);
  }

  /** Learns that an operation's return is not probed, as none was ever seen: its calls have no frames from now on. */
  #unreturning(plan: Plan): void {
    plan.paired = false;
    plan.framed = false;
  }

  /**
   * Takes calls off a stack that is deeper than any kernel's: their returns went unseen. Calls of operations of which
   * no return was ever seen go first, and the others stay: their returns may still come.
   */
  #unwind(): void {
    const { stack } = this.#context;
    const { depth } = stack;
    const { seen } = this.world.sight;
    while (stack.top && !seen[this.#plans[stack.top.point.id]!.returns]) this.#abandon();
    if (stack.depth === depth) this.#clear();
  }

  #clear(): void {
    while (this.#context.stack.depth > 0) this.#abandon();
  }

  /**
   * Reports a half of a call that went unseen: so may other events have, since the stack was last known to be empty, or
   * since the other half.
   */
  #missing(half: World["missing"][number], since: number): void {
    this.world.missingHalves++;
    if (this.world.missing.length < MISSING_SHOWN) this.world.missing = [...this.world.missing, half];
    this.world.missed(since, this.#context.e);
  }

  /** Judges the operation after a close(2) of a last descriptor: it releases the file, or a reference was kept. */
  #closed(plan: Plan): void {
    const { w, e, stack } = this.#context;
    const id = w.closing.get(stack);
    if (id === undefined) return;
    w.closing.delete(stack);
    const file = w.store.get(id, "file");
    if (!file || plan.withinClose) return;
    w.facts({
      type: "file-kept",
      event: e,
      certain: w.since(file.birth) && w.sees("__fput"),
      file,
      gets: file.kept,
    });
  }

  /**
   * Judges the operation after the put of a VM's last known reference: it destroys the VM, or another reference was
   * taken unseen.
   */
  #survives(plan: Plan): void {
    const { w, e, stack } = this.#context;
    const vm = w.store.get(w.ending.get(stack) ?? 0, "vm");
    w.ending.delete(stack);
    if (vm && plan.name !== "kvm_destroy_vm" && w.sees("kvm_destroy_vm")) w.rose(vm, e);
  }

  /** Takes in the end of the recording: calls that are plainly over end, the others stay open. */
  finish(): void {
    for (const first of this.#twins.ambiguous()) this.world.doubted(first - 1);
    for (const stack of this.world.calls.stacks()) {
      for (let top = stack.top; top && !top.paired; top = stack.top) {
        // A call that may still have been in progress proves nothing.
        if (TO_ITS_END.has(top.name) || !this.#cursor.batch) break;
        this.#context.e = this.#plans[top.point.id]!.view;
        this.#context.stack = stack;
        this.#end(top);
      }
    }
  }
}

/** True if, by the catalogue, the operation's return is probed. */
const isPaired = ({ operation }: Point): boolean => hasReturn(operation);
/** True if, by the catalogue, other operations happen inside the operation. */
const isFramed = ({ operation }: Point): boolean => hasReturn(operation) || operation.calls !== undefined;

/**
 * True inside the put of a known dentry, which is where the inode is given back. Where there is none, the put of the
 * inode shows that a release has reached its puts.
 */
function putsDentry(stack: Stack, release: Frame): boolean {
  const dput = stack.find("dput");
  return dput !== undefined && dput.seq > release.seq && dput.subject !== 0;
}
