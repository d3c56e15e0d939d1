/**
 * The lives of objects and the references on them, by watching the store: only transitions change an object, so that
 * every get, put and hand-over passes here. Only live objects and the references on them are held; a row is written
 * when its life is over.
 */
import { byKind, kinds } from "../../../events/kinds/index.js";
import type { Batch } from "../../log/batch.js";
import { type Time, timeOf } from "../../log/span.js";
import type { EventView } from "../../log/view.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import { fieldOf, type KernelObject, nameOf, type ObjectId, type Owner, type Reference } from "../../reduce/objects.js";
import type { Observer } from "../../reduce/observer.js";
import { MutableStore } from "../../reduce/store.js";
import type { LeftBehind, Passed, Taken, Transition } from "../../reduce/transitions.js";
import { labelOf } from "../../reduce/world.js";
import type { Tables } from "../../log/tables.js";
import type { Insert } from "./insert.js";
import { elapsed, exact } from "./numbers.js";

/** The event at which something happened, with its time, operation and task. */
interface Moment {
  readonly seq: number;
  readonly time: Time;
  readonly operation: string;
  readonly task: string;
  /** The entry of the call around it. */
  readonly call: number;
}

/** A reference that is held, and a name for its owner. */
interface Held {
  readonly id: number;
  readonly get: Moment;
  readonly by: string;
  owner: Owner;
  ownerObject: KernelObject | undefined;
  ownerCall: { readonly seq: number; readonly name: string } | undefined;
}

/** Descriptor tables are stored like objects and are none: nothing holds a reference on one. */
/** By kind, the fields that are the kernel's own state. */
const STATE = byKind(({ fields }) => Object.entries(fields).filter(([, { remembered }]) => !remembered));

function stateOf(object: KernelObject): string {
  const known = STATE[object.kind].map(([name, { type }]) => {
    const value = fieldOf(object, name);
    return [name, value === 0 && (type === "pointer" || type === "event") ? null : value];
  });
  return JSON.stringify(Object.fromEntries(known));
}

function isObject({ kind }: KernelObject): boolean {
  return kinds[kind].numbered === undefined;
}

export class Lives extends MutableStore implements Observer {
  readonly #births = new Map<ObjectId, Moment>();
  readonly #held = new Map<ObjectId, Map<Reference, Held>>();
  #references = 0;
  #event: EventView | undefined;
  #stack: Stack | undefined;
  #frame: Frame | undefined;
  #last: Time = { high: 0, low: 0 };

  constructor(
    private readonly tables: Tables,
    private readonly objects: Insert | undefined,
    private readonly references: Insert | undefined,
  ) {
    super();
  }

  /** Called before a batch is reduced. */
  batch(batch: Batch): void {
    if (batch.length > 0) this.#last = timeOf(batch, batch.length - 1);
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#event = e;
    this.#stack = stack;
    this.#frame = frame;
  }

  returned(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.entered(e, stack, frame);
  }

  closed(frame: Frame, stack: Stack, e: EventView): void {
    this.entered(e, stack, frame);
  }

  /** Called at the end of the recording: writes the rows of live objects and held references. */
  finish(): void {
    for (const object of this.live()) this.#over(object, undefined);
  }

  changed(object: KernelObject, transition: Transition): void {
    switch (transition.type) {
      case "born":
        this.#births.set(object.id, this.#now());
        break;
      case "taken":
        this.#take(object, transition);
        break;
      case "given":
        this.#put(object, transition.reference);
        break;
      case "passed":
      case "left":
        this.#pass(object, transition);
        break;
      default:
      // The transition changes neither lives nor references.
    }
  }

  override remove(object: KernelObject): void {
    super.remove(object);
    this.#over(object, this.#now());
  }

  #now(): Moment {
    const e = this.#event!;
    return {
      seq: e.seq,
      time: timeOf(e.batch, e.index),
      operation: e.point!.operation.name,
      task: this.tables.tasks.get(e.taskId).name,
      call: this.#frame?.operation === e.point!.operation ? this.#frame.seq : e.seq,
    };
  }

  #take(object: KernelObject, { reference }: Taken): void {
    if (!this.references) return;
    const held: Held = {
      id: ++this.#references,
      get: this.#now(),
      by: reference.by,
      owner: 0,
      ownerObject: undefined,
      ownerCall: undefined,
    };
    this.#own(held, reference);
    const all = this.#held.get(object.id);
    if (all) all.set(reference, held);
    else this.#held.set(object.id, new Map([[reference, held]]));
  }

  #pass(object: KernelObject, { before, reference }: Passed | LeftBehind): void {
    const all = this.#held.get(object.id);
    const held = all?.get(before);
    if (!held) return;
    all!.delete(before);
    all!.set(reference, held);
    this.#own(held, reference);
  }

  #own(held: Held, { owner }: Reference): void {
    held.owner = owner;
    // The owner became an untraced caller: the last known owner stays.
    if (owner === 0 && held.ownerCall !== undefined) return;
    held.ownerObject = owner > 0 ? this.any(owner) : undefined;
    held.ownerCall = owner < 0 ? this.#call(-owner) : undefined;
  }

  #call(seq: number): Held["ownerCall"] {
    const frames = [this.#frame, ...(this.#stack?.frames() ?? [])];
    const name = frames.find((frame) => frame?.seq === seq)?.operation.name;
    return name === undefined ? undefined : { seq, name };
  }

  /** Ends a reference; `undefined` for one that no probe saw taken. */
  #put(object: KernelObject, reference: Reference | undefined): void {
    if (!this.references) return;
    const all = this.#held.get(object.id);
    const held = reference && all?.get(reference);
    if (reference) all?.delete(reference);
    this.#reference(object, held, this.#now(), true);
  }

  /** Writes a row; `end` is absent if the recording ended first. */
  #reference(object: KernelObject, held: Held | undefined, end: Moment | undefined, given: boolean): void {
    const owner = held?.ownerObject;
    const put = given ? end : undefined;
    this.references!.values({
      id: held?.id ?? ++this.#references,
      object: this.#label(object),
      object_id: object.id,
      kind: object.kind,
      owner: owner ? this.#label(owner) : held?.ownerCall?.name,
      owner_id: owner && isObject(owner) ? owner.id : undefined,
      owner_call: held?.ownerCall?.seq,
      get: held?.get.seq,
      get_by: held?.by,
      get_task: held?.get.task,
      put: put?.seq,
      put_by: put?.operation,
      put_task: put?.task,
      begin: held && exact(held.get.time),
      end: end && exact(end.time),
      duration: held && elapsed(held.get.time, end?.time ?? this.#last),
    });
  }

  #over(object: KernelObject, end: Moment | undefined): void {
    const held = this.#held.get(object.id)?.values() ?? [];
    const birth = this.#births.get(object.id);
    this.#held.delete(object.id);
    this.#births.delete(object.id);
    if (!isObject(object)) return;
    for (const one of held) this.#reference(object, one, end, false);
    this.objects?.values({
      id: object.id,
      kind: object.kind,
      label: this.#label(object),
      name: nameOf(object) || undefined,
      address: this.tables.addresses.hex(object.address),
      generation: object.generation,
      guest_memfd: object.focus && (object.kind !== "file" || object.gmem) ? 1 : 0,
      met: object.met,
      born: birth?.seq,
      died: end?.seq,
      unseen: end && object.death === 0 ? 1 : 0,
      begin: birth && exact(birth.time),
      end: end && exact(end.time),
      duration: birth && elapsed(birth.time, end?.time ?? this.#last),
      maker: birth?.operation,
      maker_call: birth?.call,
      maker_task: birth?.task,
      count: object.count,
      // Computed only if a statement reads it.
      get state() {
        return stateOf(object);
      },
    });
  }

  #label(object: KernelObject): string {
    return labelOf(object, this.tables.addresses);
  }
}
