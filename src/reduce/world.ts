/**
 * The world that reducers work on: objects, the calls in progress, the ledger of references, and the facts that they
 * notice. All that a reducer may do to the state is a method here; the state itself changes by transitions only.
 */
import { ENDED_BY, type OperationName, RETURNED_BY } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";
import type { AddressId, Batch, TaskId } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { Cursor, type EventView, viewsOf } from "../log/view.js";
import { Calls, type MissingHalf, type Stack } from "./calls.js";
import { DescriptorTables } from "./descriptor-tables.js";
import type { CallFailed, Fact, ModuleExited } from "./facts.js";
import { Ledger } from "./ledger.js";
import { Mappings } from "./mappings.js";
import type { Deed, Kind, KernelObject, Module, ObjectId, OfKind } from "./objects.js";
import type { Observer } from "./observer.js";
import { RcuQueue } from "./rcu-queue.js";
import { observed, stepped } from "./transitions.js";
import { Sight } from "./sight.js";
import type { Store } from "./store.js";
import { Strangers } from "./strangers.js";
import { WaitingFacts } from "./waiting-facts.js";

/** The explanation of a module's count that is printed one too low. */
const BASE_TAKEN = "delete_module of another task holds the base reference for a moment";

export interface WorldOptions {
  /** Objects that have nothing to do with guest_memfd are followed too. */
  readonly everything?: boolean;
  /** By default they are judged too (`everything`), as far as that takes no knowledge of guest_memfd. */
  readonly judged?: "guest-memfd" | "everything";
}

export class World extends Ledger {
  readonly calls: Calls;
  /** The operations that the recording has shown so far. */
  readonly sight: Sight;
  /** The last event before which events are known to be lost. */
  lastLoss = 0;
  /**
   * The last event before which the recording itself says that events are lost: those after it may be of another boot.
   */
  lastGap = 0;
  missing: readonly MissingHalf[] = [];
  missingHalves = 0;
  /** Events were dropped at unknown times, or the recording is only a part of what happened. */
  lossy = false;
  /** The oldest events were overwritten: of each CPU, those before its first in the recording. */
  overwritten = false;
  #observer: Observer = {};
  facts: (fact: Fact) => void = () => {};
  /** Called when events turn out to be lost: conclusions about the time after event `since` are in doubt. */
  doubted: (since: number) => void = () => {};
  /** See `WorldOptions.everything`. */
  readonly everything: boolean;
  /** The module that guest_memfd's files belong to, as its init said or its creations showed. */
  gmemModule: ObjectId = 0;
  /** The module at `codeModule` was freed, and has not been seen since. */
  codeFreed = false;
  /** Address of the module that holds guest_memfd's code, when it has been seen. */
  codeModule: AddressId = 0;
  /** Objects that outlived a module which should have torn them down. */
  readonly outlived = new Set<ObjectId>();
  /** Objects whose count rose where no reference was seen to be taken: the latest event that showed it. */
  readonly risen = new Map<ObjectId, number>();
  /** Modules whose count was printed one too low, for which delete_module(2) of another task may account: the event. */
  readonly lowered = new Map<ObjectId, number>();
  /** Modules of which more references were put than taken. */
  readonly overdrawn = new Set<ObjectId>();
  /** Modules of guest_memfd that were freed. */
  readonly gone = new Map<ObjectId, Module>();
  /** Module exits in progress: by task, the event of `kvm_exit`. */
  readonly exits = new Map<TaskId, number>();
  readonly waiting = new WaitingFacts();
  readonly rcu: RcuQueue;
  readonly mappings: Mappings;
  readonly descriptors: DescriptorTables;
  /** Present if everything is to be judged. */
  readonly strangers: Strangers | undefined;
  /** By stack: a VM whose last known reference was put. The next operation destroys it, or it has other references. */
  readonly ending = new Map<Stack, ObjectId>();
  /** By stack: a file whose last known descriptor close(2) took. The next operation releases it, or it is kept. */
  readonly closing = new Map<Stack, ObjectId>();

  constructor(
    store: Store,
    readonly points: PointTable,
    readonly tables: Tables,
    options: WorldOptions = {},
  ) {
    super(store, tables.addresses);
    this.everything = options.everything ?? false;
    this.strangers = this.everything && options.judged !== "guest-memfd" ? new Strangers(this) : undefined;
    this.rcu = new RcuQueue(tables.addresses, (id) => store.get(id, "inode"));
    this.mappings = new Mappings(this, tables.addresses);
    this.descriptors = new DescriptorTables(store, (task) => tables.tasks.get(task).tgid ?? tables.tasks.get(task).pid);
    this.sight = new Sight(points);
    this.calls = new Calls(points, (task) => tables.tasks.get(task).pid);
  }

  get observer(): Observer {
    return this.#observer;
  }

  set observer(observer: Observer) {
    this.#observer = observer;
    this.store.listener = observer.changed && ((object, transition) => observer.changed!(object, transition));
  }

  /** Moves a second view to any event of a batch, to look back at an entry when its return comes. */
  viewAt(batch: Batch, index: number, point: number): EventView {
    this.#views ??= viewsOf(this.points, this.#cursor);
    this.#cursor.move(batch, index);
    return this.#views[point]!;
  }
  readonly #cursor = new Cursor();
  #views: EventView[] | undefined;

  /** Records that an event shows that a reference on an object was taken unseen. */
  rose(target: KernelObject, e: EventView): void {
    this.risen.set(target.id, e.seq);
    this.refute(target, "lacking");
  }

  /** True if no reference on an object was taken unseen since an event. */
  steadySince(object: KernelObject, seq: number): boolean {
    return (this.risen.get(object.id) ?? 0) < seq;
  }

  /** Another life begins where this one was not seen to end. */
  protected override endedUnseen(object: KernelObject, e: EventView): void {
    this.refute(object, "kept");
    const end = ENDED_BY[object.kind];
    if (!object.focus || end === undefined || !this.sees(end)) return;
    // An inode's callback can go unseen (a probe misses what interrupts another): its destruction does not.
    if (object.kind === "inode" && object.stage === "destroyed") return;
    this.missed(object.birth || object.met, e);
  }

  protected override remembers(dead: KernelObject): boolean {
    // A second release of a file is known by the file's inode.
    return (
      dead.focus ||
      (this.strangers !== undefined && dead.birth !== 0 && (dead.kind === "file" || dead.kind === "inode"))
    );
  }

  override follow<T extends KernelObject>(object: T): T {
    if (!object.focus) this.strangers?.followed(object.id);
    return super.follow(object);
  }

  protected override forgotten(object: KernelObject): void {
    super.forgotten(object);
    this.risen.delete(object.id);
    this.lowered.delete(object.id);
    if (object.kind === "inode" && object.focus) this.mappings.forget(object.id);
  }

  /** Reads an object past `Store.get`: a conclusion that nothing is wrong does not rest on the object, then. */
  peek<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined {
    const object = this.store.any(id);
    return object?.kind === kind ? (object as OfKind<K>) : undefined;
  }

  /** Records that an event concerns an object. Returns the object as it is now. */
  touch<T extends KernelObject>(object: T, e: EventView, note = ""): T {
    if (!object.focus) return object;
    const now = this.store.apply(object as KernelObject, stepped(e.seq, this.#deed(e.point!.id, e.taskId, note))) as T;
    this.#observer.touched?.(now, e, note);
    return now;
  }

  /** Returns the last deed at a point again if it is alike: trails take most of the memory. */
  #deed(point: number, task: TaskId, note: string): Deed {
    const last = this.#deeds[point];
    if (last && last.task === task && last.note === note) return last;
    return (this.#deeds[point] = { point, task, note });
  }
  readonly #deeds: Deed[] = [];

  /** Takes in a count that a probe printed, which was true before the call took effect. */
  observe<T extends KernelObject>(target: T, printed: number, e: EventView): T {
    const expected = target.count;
    if (expected === printed) {
      this.lowered.delete(target.id);
      return target;
    }
    const owned = target.references.length;
    if (expected !== null) {
      const explanation = this.#explain(target, expected, printed);
      if (explanation === BASE_TAKEN) this.lowered.set(target.id, e.seq);
      else if (printed < expected) {
        // The reference that was given back unseen may be one that a finding says is kept.
        this.refute(target, "kept");
        if (this.since(target.met) && this.putsShow(target)) this.missed(this.lowered.get(target.id) ?? target.met, e);
        this.lowered.delete(target.id);
      }
      // A put at 0 leaves a module's count there (kernel/module/main.c:module_put, atomic_dec_if_positive).
      if (printed > Math.max(0, expected)) this.rose(target, e);
      if (target.focus)
        this.facts({
          type: "count-disagrees",
          event: e,
          certain: target.birth > this.lastLoss,
          object: target,
          expected,
          observed: printed,
          explanation,
        });
      if (explanation === BASE_TAKEN) return target;
    }
    return this.store.apply(target as KernelObject, observed(printed, Math.max(0, printed - owned))) as T;
  }

  #explain(target: KernelObject, expected: number, printed: number): string {
    if (this.lastLoss >= target.met) return "events were lost";
    if (printed > expected) return "references taken by untraced callers";
    if (target.unprobed > 0 || !this.putsShow(target)) return "references given back by untraced callers";
    // At one event only: it lasts for a few instructions.
    if (target.kind === "module" && printed === expected - 1 && !this.lowered.has(target.id)) return BASE_TAKEN;
    return "";
  }

  /** True if every put on this kind of object would have been seen. */
  putsShow(target: KernelObject): boolean {
    const put = RETURNED_BY[target.kind];
    return put === undefined || this.sees(put);
  }

  /** Notices that the end of an object needs the code of a module that was freed. */
  codeNeeded(object: KernelObject, e: EventView): void {
    const module = this.goneCode();
    if (module && object.focus && object.birth < module.death) this.#codeGone(module, e, object);
  }

  /** Notices that an operation whose own code is in the module ran after the module was freed. */
  codeRan(e: EventView): void {
    if (!this.codeFreed) return;
    const module = this.goneCode();
    if (module) this.#codeGone(module, e, undefined);
  }

  /** The module that holds guest_memfd's code, if it was freed and has not been seen since. */
  goneCode(): Module | undefined {
    const module = this.codeModule ? this.at("module", this.codeModule) : undefined;
    return module?.death ? module : undefined;
  }

  #codeGone(module: Module, e: EventView, through: KernelObject | undefined): void {
    // A module that is loaded again shows itself by the references that its loading takes.
    this.facts({
      type: "code-gone",
      event: e,
      certain: this.since(module.death) && this.sees("try_module_get") && (!through || this.sees("destroy_inode")),
      module,
      freed: module.death,
      operation: e.point!.operation.name,
      through,
    });
  }

  /**
   * Reports a fact that rests on these events being recorded: once the recording has shown each of them, now or later,
   * and never if it does not.
   */
  factOnceShown(fact: Fact, ...events: readonly string[]): void {
    const unseen = events.find((event) => !this.shows(event));
    if (unseen === undefined) return this.facts(fact);
    this.waiting.add(this.points.byEvent(unseen)!.id, fact, events);
  }

  /** Reports a fact that rests on an operation which did not happen, although it is probed. */
  factUnless(operation: OperationName, fact: Fact): void {
    if (this.sees(operation)) this.facts(fact);
    else this.factOnceShown(fact, operation);
  }

  /** Takes in the first event of a point: facts that waited for it are reported, or wait for another event. */
  firstSeen(point: number): void {
    if (this.sight.blindTo(this.points.points[point]!.event)) return;
    for (const { fact, events } of this.waiting.take(point)) this.factOnceShown(fact, ...events);
  }

  /**
   * Records that an event contradicts what the recording has shown since event `since`: something happened in between
   * that the recording does not have. Conclusions about that time are in doubt; the state is known again from here on.
   */
  missed(since: number, e: EventView): void {
    // The last gap that the recording states may account for it: conclusions about the time before the gap stand.
    this.lose(Math.max(since, this.lastGap - 1), e.seq - 1);
  }

  /** Records that events were lost some time after event `since` and not after event `last`. */
  lose(since: number, last: number): void {
    this.lastLoss = Math.max(this.lastLoss, last);
    this.doubted(since);
    this.waiting.drop((fact) => fact.event.seq > since);
  }

  /**
   * Withdraws conclusions about an object, as its count or its end contradicts them: a reference on it that was kept
   * was given back after all (`kept`), or one that it lacked was taken (`lacking`).
   */
  refute(object: KernelObject, said: "kept" | "lacking"): void {
    this.refuted(object, said);
    if (this.waiting.isEmpty || said !== "kept") return;
    this.waiting.drop((fact) => {
      const { left, inodes, mounts } = fact as {
        left?: CallFailed["left"];
        inodes?: CallFailed["inodes"];
        mounts?: ModuleExited["mounts"];
      };
      return [...(left ?? []).map(({ target }) => target), ...(inodes ?? []), ...(mounts ?? [])].some(
        ({ id }) => id === object.id,
      );
    });
  }

  /** Takes in that a descriptor is handed out, installed or closed: no call keeps it reserved. */
  descriptorInUse(task: TaskId, fd: number): void {
    const process = this.descriptors.processOf(task);
    this.strangers?.used(process, fd);
    this.descriptorRefuted(process, fd);
  }
  descriptorRefuted: (process: number, fd: number) => void = () => {};
  refuted: (object: KernelObject, said: "kept" | "lacking") => void = () => {};

  /** True if nothing was lost since event `seq`; false for 0, the event of an unknown past. */
  since(seq: number): boolean {
    return seq > 0 && seq > this.lastLoss && !this.lossy;
  }

  /** Records that the recording is only a part of what happened: no absence in it proves anything. */
  markPartial(): void {
    this.lossy = true;
    this.doubted(0);
  }

  /** Takes in an event that does not say what it is about: from here on its operation counts as not probed. */
  lacks(point: Point, returns: number): void {
    this.sight.blind(point, "argument");
    if (point.phase === "entry" && returns) this.sight.blind(this.points.points[returns]!, "argument");
  }

  /** See `Sight.sees`. */
  sees(operation: OperationName): boolean {
    return this.sight.sees(operation);
  }

  /** See `Sight.shows`. */
  shows(event: string): boolean {
    return this.sight.shows(event);
  }

  /** True if a new VM at an old address would be seen: its address is printed at the entry, its birth is the return. */
  get vmBirthsShow(): boolean {
    return this.shows("kvm_arch_init_vm") && this.shows("kvm_arch_init_vm_ret");
  }

  /** Notes a put of a reference that a creation did not have: its error path must not change a count either way. */
  overput(stack: Stack, target: KernelObject, e: EventView): void {
    stack.find("kvm_gmem_create")?.overput.push(target.id, e.seq);
  }

  /** The name of the innermost call around an event, or else of its task. */
  callerName(stack: Stack, e: EventView): string {
    const own = stack.top?.seq === e.seq ? 1 : 0;
    return stack.at(own)?.name ?? this.taskName(e.taskId);
  }

  taskName(task: TaskId): string {
    return this.tables.tasks.get(task).name;
  }
}

export { labelOf, type Lifetimes } from "./identities.js";
export type { Observer } from "./observer.js";
