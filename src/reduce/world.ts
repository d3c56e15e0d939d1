/**
 * What a reducer works with: the objects, the calls in progress, the ledger of references, and the facts it notices.
 * Everything that a reducer may do to the state is a method here; state itself changes by transitions only.
 */
import { ENDED_BY, type OperationName, RETURNED_BY } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";
import type { AddressId, Batch, TaskId } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { Cursor, type EventView, viewsOf } from "../log/view.js";
import { Calls, type MissingHalf, type SavedStacks, type Stack } from "./calls.js";
import { DescriptorTables, type SavedDescriptorTables } from "./descriptor-tables.js";
import type { CallFailed, Fact, ModuleExited } from "./facts.js";
import type { SavedIdentities } from "./identities.js";
import { Ledger } from "./ledger.js";
import { Mappings, type SavedMappings } from "./mappings.js";
import type { Deed, Kind, KernelObject, Module, ObjectId, OfKind } from "./objects.js";
import type { Observer } from "./observer.js";
import { RcuQueue, type SavedRcuQueue } from "./rcu-queue.js";
import { observed, stepped } from "./transitions.js";
import { Sight, type SavedSight } from "./sight.js";
import type { Store } from "./store.js";
import { type SavedStrangers, Strangers } from "./strangers.js";

/** Why a module's count can be printed one too low. */
const BASE_TAKEN = "delete_module of another task holds the base reference for a moment";

/** Facts that wait at the most: where so many have waited for nothing, nobody can tell of more. */
const WAITING = 10_000;

/** A fact that waits for events that the recording has not shown. */
interface Waiting {
  readonly fact: Fact;
  readonly events: readonly string[];
}

/** All that the reducers keep between events, but for the objects, which are the store's. */
export interface SavedWorld
  extends Pick<
    World,
    | "lastLoss"
    | "lastGap"
    | "lossy"
    | "overwritten"
    | "missing"
    | "missingHalves"
    | "gmemModule"
    | "codeFreed"
    | "codeModule"
  > {
  readonly identities: SavedIdentities;
  readonly sight: SavedSight;
  readonly outlived: readonly ObjectId[];
  readonly overdrawn: readonly ObjectId[];
  readonly risen: readonly { readonly object: ObjectId; readonly event: number }[];
  readonly lowered: readonly { readonly module: ObjectId; readonly event: number }[];
  readonly gone: readonly Module[];
  readonly exits: readonly { readonly task: TaskId; readonly seq: number }[];
  readonly stacks: SavedStacks;
  readonly closing: readonly { readonly stack: number; readonly file: ObjectId }[];
  readonly ending: readonly { readonly stack: number; readonly vm: ObjectId }[];
  readonly rcu: SavedRcuQueue;
  readonly mappings: SavedMappings;
  readonly descriptors: SavedDescriptorTables;
  readonly strangers?: SavedStrangers;
  /** By the point for which they wait, in its order. */
  readonly waiting: readonly { readonly point: number; readonly facts: readonly Waiting[] }[];
}

export interface WorldOptions {
  /** Follow objects that have nothing to do with guest_memfd too. */
  readonly everything?: boolean;
  /** What is judged of them: `everything` when left out, as far as no knowledge of guest_memfd is needed. */
  readonly judged?: "guest-memfd" | "everything";
}

export class World extends Ledger {
  readonly calls: Calls;
  /** What the recording shows of each operation so far. */
  readonly sight: Sight;
  /** The last event before which events are known to be lost. */
  lastLoss = 0;
  /**
   * The last event before which the recording itself says that events are lost: what follows may be of another boot.
   */
  lastGap = 0;
  missing: readonly MissingHalf[] = [];
  missingHalves = 0;
  /** Events were dropped, nobody knows when, or the recording is a part of what happened. */
  lossy = false;
  /** The oldest events were overwritten: of each CPU, those before its first that is there. */
  overwritten = false;
  #observer: Observer = {};
  facts: (fact: Fact) => void = () => {};
  /** Called when events turn out to be lost: whatever was told of what came after event `since` is in doubt. */
  doubted: (since: number) => void = () => {};
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
  readonly rcu: RcuQueue;
  readonly mappings: Mappings;
  readonly descriptors: DescriptorTables;
  /** Present where everything is to be judged. */
  readonly strangers: Strangers | undefined;
  /** A VM whose last known reference a task has just put: the very next operation destroys it, or there are others. */
  readonly ending = new Map<Stack, ObjectId>();
  /** A file whose last known descriptor a close(2) in progress took: released by the very next operation, or kept. */
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

  /** To be read before the next event: what it holds is the state itself. */
  saved(): SavedWorld {
    const { lastLoss, lastGap, lossy, overwritten, missing, missingHalves, gmemModule, codeFreed, codeModule } = this;
    const identities = this.savedIdentities();
    const objects = [...identities.remembered, ...this.store.live()];
    const known = new Set(objects.map(({ id }) => id));
    const needed = new Set(objects.map((o) => ("module" in o ? o.module : 0)));
    const stacks = this.calls.saved();
    for (const { frames } of stacks) for (const { subject } of frames) needed.add(subject);
    return {
      lastLoss,
      lastGap,
      lossy,
      overwritten,
      missing,
      missingHalves,
      gmemModule,
      codeFreed,
      codeModule,
      identities,
      sight: this.sight.saved(),
      outlived: [...this.outlived].filter((id) => known.has(id)),
      overdrawn: [...this.overdrawn].filter((id) => known.has(id)),
      risen: Array.from(this.risen, ([object, event]) => ({ object, event })).filter(({ object }) => known.has(object)),
      lowered: Array.from(this.lowered, ([module, event]) => ({ module, event })).filter(({ module }) =>
        known.has(module),
      ),
      gone: [...this.gone.values()].filter(({ id }) => needed.has(id)),
      exits: Array.from(this.exits, ([task, seq]) => ({ task, seq })),
      stacks,
      ending: Array.from(this.ending, ([stack, vm]) => ({ stack: this.calls.keyOf(stack), vm })),
      closing: Array.from(this.closing, ([stack, file]) => ({ stack: this.calls.keyOf(stack), file })),
      rcu: this.rcu.saved(),
      mappings: this.mappings.saved(),
      descriptors: this.descriptors.saved(),
      ...(this.strangers ? { strangers: this.strangers.saved() } : {}),
      waiting: Array.from(this.#waiting, ([point, facts]) => ({ point, facts })).sort((a, b) => a.point - b.point),
    };
  }

  /** Goes on where another world was saved; this one is new, with that one's objects in its store. */
  restore(saved: SavedWorld): void {
    const { lastLoss, lastGap, lossy, overwritten, missing, missingHalves, gmemModule, codeFreed, codeModule } = saved;
    Object.assign(this, {
      lastLoss,
      lastGap,
      lossy,
      overwritten,
      missing,
      missingHalves,
      gmemModule,
      codeFreed,
      codeModule,
    });
    this.restoreIdentities(saved.identities);
    this.sight.restore(saved.sight);
    for (const id of saved.outlived) this.outlived.add(id);
    for (const id of saved.overdrawn) this.overdrawn.add(id);
    for (const { object, event } of saved.risen) this.risen.set(object, event);
    for (const { module, event } of saved.lowered) this.lowered.set(module, event);
    for (const module of saved.gone) this.gone.set(module.id, module);
    for (const { task, seq } of saved.exits) this.exits.set(task, seq);
    this.calls.restore(saved.stacks);
    for (const { stack, vm } of saved.ending) this.ending.set(this.calls.stackAt(stack), vm);
    for (const { stack, file } of saved.closing) this.closing.set(this.calls.stackAt(stack), file);
    this.rcu.restore(saved.rcu);
    this.mappings.restore(saved.mappings);
    this.descriptors.restore(saved.descriptors);
    if (saved.strangers) this.strangers?.restore(saved.strangers);
    for (const { point, facts } of saved.waiting) {
      this.#waiting.set(point, [...facts]);
      this.#facts += facts.length;
    }
  }

  /** A view of any event of a batch, of its own: for looking back at an entry when its return comes. */
  viewAt(batch: Batch, index: number, point: number): EventView {
    this.#views ??= viewsOf(this.points, this.#cursor);
    this.#cursor.move(batch, index);
    return this.#views[point]!;
  }
  readonly #cursor = new Cursor();
  #views: EventView[] | undefined;

  /** A reference on it was taken unseen, as an event shows. */
  rose(target: KernelObject, e: EventView): void {
    this.risen.set(target.id, e.seq);
    this.refute(target, "lacking");
  }

  /** No reference on it was taken unseen since an event. */
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
    // A second release of a file is told by its inode.
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
    this.risen.delete(object.id);
    this.lowered.delete(object.id);
    if (object.kind === "inode" && object.focus) this.mappings.forget(object.id);
  }

  /** An object that is looked at in passing: what concludes from it that nothing is wrong does not rest on it. */
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

  /** One for all the steps that are alike and follow each other: trails are most of what is kept. */
  #deed(point: number, task: TaskId, note: string): Deed {
    const last = this.#deeds[point];
    if (last && last.task === task && last.note === note) return last;
    return (this.#deeds[point] = { point, task, note });
  }
  readonly #deeds: Deed[] = [];

  /** A probe printed a count that was true before the call took effect. */
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
        // Whatever was given back unseen, it may have been what was thought to be kept.
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
    // Once: it lasts for a few instructions.
    if (target.kind === "module" && printed === expected - 1 && !this.lowered.has(target.id)) return BASE_TAKEN;
    return "";
  }

  /** Whatever gives back a reference on this kind of object would have been seen. */
  putsShow(target: KernelObject): boolean {
    const put = RETURNED_BY[target.kind];
    return put === undefined || this.sees(put);
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

  // What may be concluded.

  /**
   * A fact that rests on these events being recorded. It is told when the recording has shown each of them, then or
   * later; if it never does, nobody can tell.
   */
  tell(fact: Fact, ...events: readonly string[]): void {
    const unseen = events.find((event) => !this.shows(event));
    if (unseen === undefined) return this.facts(fact);
    const point = this.points.byEvent(unseen)!.id;
    if (this.#facts === WAITING) return;
    this.#facts++;
    const waiting = this.#waiting.get(point);
    const own = { fact: this.kept(fact), events };
    if (waiting) waiting.push(own);
    else this.#waiting.set(point, [own]);
  }
  readonly #waiting = new Map<number, Waiting[]>();
  /** Facts that wait. */
  #facts = 0;

  /** A fact that rests on an operation which did not happen, although it is probed. */
  factUnless(operation: OperationName, fact: Fact): void {
    if (this.sees(operation)) this.facts(fact);
    else this.tell(fact, operation);
  }

  /** A fact that can be told later: its event is a view of its own. */
  kept<T extends Fact>(fact: T): T {
    return { ...fact, event: fact.event.kept() };
  }

  /** The first event of a point. */
  firstSeen(point: number): void {
    if (this.sight.blindTo(this.points.points[point]!.event)) return;
    const waiting = this.#waiting.get(point);
    if (!waiting) return;
    this.#waiting.delete(point);
    this.#facts -= waiting.length;
    for (const { fact, events } of waiting) this.tell(fact, ...events);
  }

  /**
   * What an event shows contradicts what was seen since event `since`: something happened in between that the recording
   * does not hold. From here on it is known again; what was said of the time between is in doubt.
   */
  missed(since: number, e: EventView): void {
    // What the recording says that it lost may account for it: what was said before that stands.
    this.lose(Math.max(since, this.lastGap - 1), e.seq - 1);
  }

  /** Events are lost, some time since event `since` and not after event `last`. */
  lose(since: number, last: number): void {
    this.lastLoss = Math.max(this.lastLoss, last);
    this.doubted(since);
    this.#drop(({ fact }) => fact.event.seq > since);
  }

  /** Facts that wait and will never be told. */
  #drop(which: (waiting: Waiting) => boolean): void {
    for (const [point, waiting] of this.#waiting) {
      const left = waiting.filter((one) => !which(one));
      this.#facts -= waiting.length - left.length;
      if (left.length > 0) this.#waiting.set(point, left);
      else this.#waiting.delete(point);
    }
  }

  /**
   * What was said of an object was not so: what it was said to keep was given back after all, or a reference that it
   * was said to lack was taken, as its count or its end shows.
   */
  refute(object: KernelObject, said: "kept" | "lacking"): void {
    this.refuted(object, said);
    if (this.#facts === 0 || said !== "kept") return;
    this.#drop(({ fact }) => {
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
  /** A descriptor of a task's is handed out, installed or closed: nobody keeps it reserved. */
  descriptorInUse(task: TaskId, fd: number): void {
    const process = this.descriptors.processOf(task);
    this.strangers?.used(process, fd);
    this.descriptorRefuted(process, fd);
  }
  descriptorRefuted: (process: number, fd: number) => void = () => {};
  refuted: (object: KernelObject, said: "kept" | "lacking") => void = () => {};

  /** Nothing was lost since `seq`. */
  since(seq: number): boolean {
    return seq > 0 && seq > this.lastLoss && !this.lossy;
  }

  /** The recording turns out to be a part of what happened: nothing in it proves anything by what is not there. */
  isPart(): void {
    this.lossy = true;
    this.doubted(0);
  }

  /** An event does not say what it is about: from here on it is as if its operation were not probed. */
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

  /** Whether a new VM at an old address would be seen: its address is printed at the entry, its birth is the return. */
  get vmBirthsShow(): boolean {
    return this.shows("kvm_arch_init_vm") && this.shows("kvm_arch_init_vm_ret");
  }

  /** A put inside a call that had nothing to put: the call's error path must not change a count either way. */
  overput(stack: Stack, target: KernelObject, e: EventView): void {
    stack.find("kvm_gmem_create")?.overput.push(target.id, e.seq);
  }

  /** Inside of what an event happens: the innermost call around it, or its task. */
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
