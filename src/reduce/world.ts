/**
 * What a reducer works with: the objects, the calls in progress, the ledger of references, and the facts it notices.
 * Everything that a reducer may do to the state is a method here; state itself changes in recipes only.
 */
import type { OperationName } from "../../events/index.js";
import type { PointTable } from "../../events/points.js";
import type { AddressId, Batch, TaskId } from "../log/batch.js";
import type { AddressTable, Tables } from "../log/tables.js";
import { Cursor, type EventView, viewsOf } from "../log/view.js";
import { Calls, type Frame, type MissingHalf, type Stack } from "./calls.js";
import { DescriptorTables } from "./descriptor-tables.js";
import type { Fact, Holding } from "./facts.js";
import { Mappings } from "./mappings.js";
import type { File, Kind, KernelObject, Module, ObjectId, OfKind, Owner } from "./objects.js";
import { ownedByCall, UNSEEN } from "./objects.js";
import { RcuQueue } from "./rcu-queue.js";
import * as recipes from "./recipes.js";
import type { Store } from "./store.js";

/**
 * Quiet operations of kvm.ko that are called across source files, so that no compiler hides them: whoever probes one probes
 * the other, and only volume ever keeps a probe out of a recording.
 */
const PROBED_WITH: { readonly [operation: string]: readonly string[] } = {
  kvm_gmem_unbind: ["kvm_gmem_bind"],
  kvm_gmem_release: ["kvm_gmem_create"],
};

/** The operation that gives back a reference on an object: it must be probed before its absence means anything. */
export const RETURNED_BY: { readonly [K in Kind]?: OperationName } = { module: "module_put", vm: "kvm_put_kvm", dentry: "dput", mount: "mntput", inode: "iput" };

export interface Lifetimes {
  born: number;
  died: number;
}

/** Who is told what happens as it happens: call trees, object lives, and moments are built on this. */
export interface Observer {
  /** By point: whether `entered`, `returned` and `reduced` are wanted. Absent: for every event. */
  readonly points?: Uint8Array;
  /** An event touched an object that is followed. */
  touched?(object: KernelObject, event: EventView, note: string): void;
  /** Before an entry is reduced; `frame` is already the stack's top. */
  entered?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** Before a return is reduced; `frame` is already off the stack. */
  returned?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** After an event is reduced. */
  reduced?(event: EventView, stack: Stack, frame: Frame | undefined): void;
  /** A frame without a return of its own is closed by `event`, which is not inside it. */
  closed?(frame: Frame, stack: Stack, event: EventView): void;
  /** The recording is over. */
  finish?(): void;
}

export class World {
  readonly calls: Calls;
  readonly addresses: AddressTable;
  /** The latest life at an address, ended or not. */
  readonly #current = new Map<AddressId, KernelObject>();
  #generations = new Uint32Array(1024);
  readonly lifetimes = { focus: new Map<Kind, Lifetimes>(), all: new Map<Kind, Lifetimes>() };
  /** Points seen so far: what no probe shows cannot be missing. */
  readonly seenPoints: Uint8Array;
  /** The last event before which events are known to be lost. */
  lastLoss = 0;
  readonly missing: MissingHalf[] = [];
  missingHalves = 0;
  observer: Observer = {};
  facts: (fact: Fact) => void = () => {};
  /** Count objects that have nothing to do with guest_memfd too. */
  readonly everything: boolean;
  /** The module that guest_memfd's files belong to, as its init said or its creations showed. */
  gmemModule: ObjectId = 0;
  /** That module was freed. */
  codeFreed = false;
  /** Address of the module that holds guest_memfd's code, when it has been seen. */
  codeModule: AddressId = 0;
  /** Objects that outlived a module which should have torn them down. */
  readonly outlived = new Set<ObjectId>();
  /** Modules of guest_memfd that were freed. */
  readonly gone = new Map<ObjectId, Module>();
  /** Module exits in progress: by task, the event of `kvm_exit`. */
  readonly exits = new Map<TaskId, number>();
  readonly rcu: RcuQueue;
  readonly mappings: Mappings;
  readonly descriptors: DescriptorTables;
  /** A file whose last known descriptor a close(2) in progress took: released by the very next operation, or kept. */
  readonly closing = new Map<Stack, ObjectId>();

  constructor(
    readonly store: Store,
    readonly points: PointTable,
    readonly tables: Tables,
    options: { readonly everything?: boolean } = {},
  ) {
    this.addresses = tables.addresses;
    this.everything = options.everything ?? false;
    this.rcu = new RcuQueue(tables.addresses, (id) => store.get(id, "inode"));
    this.mappings = new Mappings(this, tables.addresses);
    this.descriptors = new DescriptorTables(store, (task) => tables.tasks.get(task).tgid ?? tables.tasks.get(task).pid);
    this.seenPoints = new Uint8Array(points.points.length);
    this.calls = new Calls(points, (task) => tables.tasks.get(task).pid);
  }

  /** A view of any event of a batch, of its own: for looking back at an entry when its return comes. */
  viewAt(batch: Batch, index: number, point: number): EventView {
    this.#views ??= viewsOf(this.points, this.#cursor);
    this.#cursor.move(batch, index);
    return this.#views[point]!;
  }
  readonly #cursor = new Cursor();
  #views: EventView[] | undefined;

  // Identity.

  /** The object that lives, or last lived, at an address. */
  at<K extends Kind>(kind: K, address: AddressId): OfKind<K> | undefined {
    if (address === 0) return undefined;
    const held = this.#current.get(address);
    if (held === undefined || held.kind !== kind) return undefined;
    return this.store.current(held) as OfKind<K>;
  }

  /** The living object at an address; one that was never seen, or whose last life ended, begins mid-life here. */
  living<K extends Kind>(kind: K, address: AddressId, e: EventView): OfKind<K> {
    const found = this.at(kind, address);
    return found && found.death === 0 ? found : this.#begin(kind, address, e);
  }

  /** A new life: what the address held before, seen to end or not, is over. */
  born<K extends Kind>(kind: K, address: AddressId, e: EventView, count: number | null): OfKind<K> {
    const object = this.store.update(this.#begin(kind, address, e) as KernelObject, recipes.bornAt, e.seq, count) as OfKind<K>;
    this.#tally(object, "born");
    return object;
  }

  /** A life met mid-way that turns out to have begun now (a module seen loading). */
  bornNow<T extends KernelObject>(object: T, e: EventView, count: number | null): T {
    if (object.birth) return object;
    this.#tally(object, "born");
    return this.store.update(object as KernelObject, recipes.bornAt, e.seq, count) as T;
  }

  #begin<K extends Kind>(kind: K, address: AddressId, e: EventView): OfKind<K> {
    const before = this.#current.get(address);
    if (before && before.death === 0) {
      // Its memory is somebody else's: it ended unseen (a callback that no probe caught).
      const ended = this.store.any(before.id) ?? before;
      if (ended.birth) this.#tally(ended, "died");
      if (ended.kind === "inode" && ended.focus) this.mappings.forget(ended.id);
      this.store.remove(ended);
    }
    if (address >= this.#generations.length) {
      const grown = new Uint32Array(Math.max(address + 1, this.#generations.length * 2));
      grown.set(this.#generations);
      this.#generations = grown;
    }
    const object = this.store.create(kind, address, ++this.#generations[address]!, e.seq);
    this.#current.set(address, object);
    return object;
  }

  died(object: KernelObject, e: EventView): void {
    if (object.death) return;
    const dead = this.store.update(object, recipes.diedAt, e.seq);
    this.#tally(dead, "died");
    this.store.remove(dead);
    if (dead.kind === "inode" && dead.focus) this.mappings.forget(dead.id);
    // What is gone is remembered only where a later touch would mean something.
    if (dead.focus) this.#current.set(dead.address, dead);
    else this.#current.delete(dead.address);
  }

  /** From here on the object is followed. */
  follow<T extends KernelObject>(object: T): T {
    if (object.focus) return object;
    const followed = this.store.update(object as KernelObject, recipes.enterFocus) as T;
    if (object.birth) this.#tally(followed, "born", false);
    return followed;
  }

  /** Keeps what became of an object after its end: a callback that ran, say. */
  remember(dead: KernelObject): void {
    if (this.#current.get(dead.address)?.id === dead.id) this.#current.set(dead.address, dead);
  }

  /** A birth or a death, among everything and, where guest_memfd is concerned, among its own. Of files, only its own are. */
  #tally(object: KernelObject, what: "born" | "died", everything = true): void {
    if (everything) this.#lifetimes("all", object.kind)[what]++;
    if (object.focus && (object.kind !== "file" || object.gmem)) this.#lifetimes("focus", object.kind)[what]++;
  }

  #lifetimes(of: "focus" | "all", kind: Kind): Lifetimes {
    let counts = this.lifetimes[of].get(kind);
    if (!counts) this.lifetimes[of].set(kind, (counts = { born: 0, died: 0 }));
    return counts;
  }

  /** Records that an event concerns an object. Returns the object as it is now. */
  touch<T extends KernelObject>(object: T, e: EventView, _stack: Stack | undefined, note = ""): T {
    if (!object.focus) return object;
    const now = this.store.update(object as KernelObject, recipes.step, e.seq, e.point!.id, e.taskId, note) as T;
    this.observer.touched?.(now, e, note);
    return now;
  }

  // The ledger.

  /** Who owns what is taken now: the innermost call that will return, or nobody that a probe shows. */
  callOwner(stack: Stack): Frame | undefined {
    for (let i = 0; i < stack.depth; i++) {
      const frame = stack.at(i)!;
      if (frame.paired) return frame;
      if (frame.operation.calls) return undefined;
    }
    return undefined;
  }

  hold<T extends KernelObject>(target: T, frame: Frame | undefined, e: EventView, by: string): T {
    frame?.holds.push(target.id);
    return this.store.update(target as KernelObject, recipes.take, frame ? ownedByCall(frame.seq) : UNSEEN, e.seq, by, e.taskId) as T;
  }

  holdBy<T extends KernelObject>(target: T, owner: Owner, e: EventView, by: string): T {
    return this.store.update(target as KernelObject, recipes.take, owner, e.seq, by, e.taskId) as T;
  }

  /** The latest reference of an owner on a target. */
  referenceOf(target: KernelObject, owner: Owner): number {
    for (let i = target.references.length - 1; i >= 0; i--) if (target.references[i]!.owner === owner) return i;
    return -1;
  }

  /** The latest reference on a target that a call of this stack took, innermost call first; `returning` has left the stack already. */
  referenceOfCalls(target: KernelObject, stack: Stack, returning?: Frame): number {
    if (target.references.length === 0) return -1;
    if (returning) {
      const at = this.referenceOf(target, ownedByCall(returning.seq));
      if (at >= 0) return at;
    }
    for (let up = 0; up < stack.depth; up++) {
      const frame = stack.at(up)!;
      if (!frame.paired) continue;
      const at = this.referenceOf(target, ownedByCall(frame.seq));
      if (at >= 0) return at;
    }
    return -1;
  }

  /** Settles a put: the reference at `index`, or (-1) one that no probe saw taken. */
  settle<T extends KernelObject>(target: T, index: number): T {
    return this.store.update(target as KernelObject, recipes.giveBack, index) as T;
  }

  /** What the calls of a frame took passes to the object that the call made. */
  adopt(frame: Frame, owner: ObjectId, kinds: readonly Kind[]): void {
    for (const id of frame.holds) {
      const target = this.store.any(id);
      if (target && kinds.includes(target.kind)) this.store.update(target, recipes.handOver, ownedByCall(frame.seq), owner);
    }
  }

  /** A call returned: what it took and kept is its caller's now, if it has one that a probe shows. */
  passUp(frame: Frame, stack: Stack): void {
    if (frame.holds.length === 0 && frame.reserved.length === 0 && frame.born.length === 0) return;
    const caller = this.callOwner(stack);
    for (const id of frame.holds) {
      const target = this.store.any(id);
      if (!target || this.referenceOf(target, ownedByCall(frame.seq)) < 0) continue;
      this.store.update(target, recipes.handOver, ownedByCall(frame.seq), caller ? ownedByCall(caller.seq) : UNSEEN);
      caller?.holds.push(id);
    }
    if (caller) {
      caller.reserved.push(...frame.reserved);
      caller.born.push(...frame.born);
    }
    frame.holds.length = 0;
    frame.reserved.length = 0;
    frame.born.length = 0;
  }

  /** What a call still holds, on objects that live. */
  leftBy(frame: Frame): Holding[] {
    const left: Holding[] = [];
    const owner = ownedByCall(frame.seq);
    for (const id of new Set(frame.holds)) {
      const target = this.store.any(id);
      for (const reference of target?.references ?? []) if (reference.owner === owner) left.push({ target: target!, reference });
    }
    return left;
  }

  /** What an object holds on others. */
  heldBy(owner: ObjectId, targets: readonly ObjectId[]): Holding[] {
    const left: Holding[] = [];
    for (const id of targets) {
      const target = this.store.any(id);
      for (const reference of target?.references ?? []) if (reference.owner === owner) left.push({ target: target!, reference });
    }
    return left;
  }

  /** The file whose `__fput` the stack is inside of. */
  releasing(stack: Stack): File | undefined {
    const frame = stack.find("__fput");
    return frame ? this.store.get(frame.subject, "file") : undefined;
  }

  /** A probe printed a count that was true before the call took effect. */
  observe<T extends KernelObject>(target: T, observed: number, e: EventView): T {
    const expected = target.count;
    if (expected === observed) return target;
    const owned = target.references.length;
    if (expected !== null) {
      const explanation = this.#explain(target, expected, observed);
      if (target.focus) this.facts({ type: "count-disagrees", event: e, certain: target.birth > this.lastLoss, object: target, expected, observed, explanation });
    }
    return this.store.update(target as KernelObject, recipes.observeCount, observed, Math.max(0, observed - owned)) as T;
  }

  #explain(target: KernelObject, expected: number, observed: number): string {
    if (this.lastLoss >= target.met) return "events were lost";
    if (observed > expected) return "references taken where no probe is";
    const put = RETURNED_BY[target.kind];
    if (target.unprobed > 0 || (put && !this.sees(put))) return "references given back where no probe is";
    return "";
  }

  /** An object whose end runs a module's code: an event that finds the module gone. */
  codeNeeded(object: KernelObject, e: EventView): void {
    const module = this.goneCode();
    if (module && object.focus && object.birth < module.death) this.#codeGone(module, e, object);
  }

  /** An operation whose own code is in the module. */
  codeRan(e: EventView): void {
    if (!this.codeFreed) return;
    const module = this.goneCode();
    if (module) this.#codeGone(module, e, undefined);
  }

  /** The module that holds guest_memfd's code, if it was freed and has not been seen again. */
  goneCode(): Module | undefined {
    const module = this.codeModule ? this.at("module", this.codeModule) : undefined;
    return module?.death ? module : undefined;
  }

  #codeGone(module: Module, e: EventView, through: KernelObject | undefined): void {
    // A module that is loaded again shows itself by the references that its loading takes.
    this.facts({ type: "code-gone", event: e, certain: this.since(module.death) && this.sees("try_module_get"), module, freed: module.death, operation: e.point!.operation.name, through });
  }

  // What may be concluded.

  /**
   * A fact that rests on an operation which did not happen. It is told when the recording shows, then or later, that the
   * operation is probed; if it never does, nobody can tell.
   */
  factUnless(operation: OperationName, fact: Fact): void {
    if (this.sees(operation)) return this.facts(fact);
    const point = this.points.byEvent(operation)!.id;
    this.#waiting.set(point, [...(this.#waiting.get(point) ?? []), this.kept(fact)]);
  }
  readonly #waiting = new Map<number, Fact[]>();

  /** A fact that can be told later: its event is a view of its own. */
  kept<T extends Fact>(fact: T): T {
    const cursor = new Cursor();
    cursor.move(fact.event.batch, fact.event.index);
    const event = Object.create(Object.getPrototypeOf(fact.event) as object) as EventView;
    return { ...fact, event: Object.assign(event, fact.event, { cursor }) };
  }

  /** The first event of a point. */
  firstSeen(point: number): void {
    this.seenPoints[point] = 1;
    const waiting = this.#waiting.get(point);
    this.#waiting.delete(point);
    for (const fact of waiting ?? []) this.facts(fact);
  }

  /** Nothing was lost since `seq`. */
  since(seq: number): boolean {
    return seq > 0 && seq > this.lastLoss;
  }

  /**
   * The recording shows this operation, or would have: its probe is set with that of another operation which it shows.
   * What no probe shows cannot be missing.
   */
  sees(operation: OperationName): boolean {
    return this.#seen(operation) || (PROBED_WITH[operation] ?? []).some((other) => this.#seen(other));
  }

  #seen(operation: string): boolean {
    const point = this.points.byEvent(operation);
    return point !== undefined && this.seenPoints[point.id] === 1;
  }

  /** A put inside a call that had nothing to put: the call's error path must not change a count either way. */
  overput(stack: Stack, target: KernelObject, e: EventView): void {
    stack.find("kvm_gmem_create")?.overput.push(target.id, e.seq);
  }

  label(object: KernelObject): string {
    return labelOf(object, this.addresses);
  }

  taskName(task: TaskId): string {
    return this.tables.tasks.get(task).name;
  }
}

/** How people call an object: by its name where it has one, else by kind and address, and generation from the second life on. */
export function labelOf(object: KernelObject, addresses: AddressTable): string {
  if (object.kind === "module" && object.name) return `module ${object.name}`;
  const life = object.generation > 1 ? `#${object.generation}` : "";
  if (object.kind === "descriptors") return `descriptor table ${object.id}`;
  return `${object.kind} ${addresses.hex(object.address)}${life}`;
}
