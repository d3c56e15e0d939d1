/**
 * A store that kreel does not use, for comparison: all objects in one flat container, and one `produce` over it for
 * every change. immer copies the container each time, so a change costs as much as there are objects.
 */
import { enableMapSet, produce } from "immer";
import type { AddressId } from "../src/log/batch.js";
import type { Kind, KernelObject, ObjectId, OfKind } from "../src/reduce/objects.js";
import { blank, type Store } from "../src/reduce/store.js";
import { evolve, type Transition } from "../src/reduce/transitions.js";

enableMapSet();

abstract class NaiveStore implements Store {
  next = 1;
  listener = undefined;

  abstract any(id: ObjectId): KernelObject | undefined;
  abstract live(): Iterable<KernelObject>;
  protected abstract put(object: KernelObject): void;
  protected abstract drop(id: ObjectId): void;
  /** Changes the draft of one object, inside a `produce` over all. */
  protected abstract change(id: ObjectId, to: (draft: KernelObject) => void): void;

  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K> {
    const object = blank(kind, this.next++, address, generation, met);
    this.put(object);
    return this.any(object.id) as OfKind<K>;
  }

  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined {
    const object = this.any(id);
    return object?.kind === kind ? (object as OfKind<K>) : undefined;
  }

  apply<T extends KernelObject>(object: T, transition: Transition<T>): T {
    const change = (draft: KernelObject): void => evolve(draft, transition as Transition);
    if (this.any(object.id) === undefined) return produce(object, (draft) => change(draft as KernelObject)) as T;
    this.change(object.id, change);
    return this.any(object.id) as T;
  }

  current<T extends KernelObject>(object: T): T {
    return (this.any(object.id) as T | undefined) ?? object;
  }

  remove(object: KernelObject): void {
    this.drop(object.id);
  }

  restore(objects: readonly KernelObject[], next: ObjectId): void {
    for (const object of objects) this.put(object);
    this.next = next;
  }
}

export class NaiveMapStore extends NaiveStore {
  #state: ReadonlyMap<ObjectId, KernelObject> = new Map();

  any(id: ObjectId): KernelObject | undefined {
    return this.#state.get(id);
  }
  live(): Iterable<KernelObject> {
    return this.#state.values();
  }
  protected put(object: KernelObject): void {
    this.#state = produce(this.#state, (draft) => void (draft as Map<ObjectId, KernelObject>).set(object.id, object));
  }
  protected drop(id: ObjectId): void {
    this.#state = produce(this.#state, (draft) => void (draft as Map<ObjectId, KernelObject>).delete(id));
  }
  protected change(id: ObjectId, to: (draft: KernelObject) => void): void {
    this.#state = produce(this.#state, (draft) => to((draft as Map<ObjectId, KernelObject>).get(id)!));
  }
}

export class NaiveRecordStore extends NaiveStore {
  #state: Readonly<Record<ObjectId, KernelObject>> = {};

  any(id: ObjectId): KernelObject | undefined {
    return this.#state[id];
  }
  live(): Iterable<KernelObject> {
    return Object.values(this.#state);
  }
  protected put(object: KernelObject): void {
    this.#state = produce(this.#state, (draft) => void ((draft as Record<ObjectId, KernelObject>)[object.id] = object));
  }
  protected drop(id: ObjectId): void {
    this.#state = produce(this.#state, (draft) => void delete (draft as Record<ObjectId, KernelObject>)[id]);
  }
  protected change(id: ObjectId, to: (draft: KernelObject) => void): void {
    this.#state = produce(this.#state, (draft) => to((draft as Record<ObjectId, KernelObject>)[id]!));
  }
}
