/**
 * The store of the objects. Reducers reach objects through this interface only, and change them only by `apply`, which
 * applies a transition to one object. Two stores evolve alike: this one plain mutable objects, `persistent-store.ts`
 * immer drafts with structural sharing.
 */
import { byKind, type Kind } from "../../events/kinds/index.js";
import type { AddressId } from "../log/batch.js";
import type { KernelObject, ObjectId, OfKind } from "./objects.js";
import { evolve, type Transition } from "./transitions.js";

export type TransitionListener = (object: KernelObject, transition: Transition) => void;

/** The objects by id. `apply` applies a transition to one of them; reads return an object as it is now. */
export interface Store {
  /** Makes an object of which only the address is known. */
  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K>;
  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined;
  any(id: ObjectId): KernelObject | undefined;
  /** Applies a transition to an object, and returns the object as it is now. */
  apply<T extends KernelObject>(object: T, transition: Transition<T>): T;
  /** Called after every transition, with the object as it is then. */
  listener: TransitionListener | undefined;
  /** The latest version of an object, of which the caller may have an earlier one. */
  current<T extends KernelObject>(object: T): T;
  /** Forgets a dead object. */
  remove(object: KernelObject): void;
  /** In the order of their ids. */
  live(): Iterable<KernelObject>;
  /** The id of the object that is created next. */
  readonly next: ObjectId;
  /** Fills a store that has no objects yet with those of another, and with the id that its next object would get. */
  restore(objects: readonly KernelObject[], next: ObjectId): void;
}

/** A life of each kind of which nothing is known. A copy of it costs a fraction of an object that is built anew. */
const BLANKS = byKind(({ name: kind, fields }) => ({
  kind,
  id: 0,
  address: 0,
  generation: 0,
  birth: 0,
  met: 0,
  death: 0,
  focus: false,
  references: [],
  count: null,
  unprobed: 0,
  trail: [],
  deeds: [],
  steps: 0,
  ...Object.fromEntries(Object.entries(fields).map(([name, { blank }]) => [name, blank])),
})) as unknown as { readonly [K in Kind]: KernelObject };

/** The fields of each kind whose values no two objects may share. */
const OWNED = byKind(({ fields }) =>
  Object.entries(fields).flatMap(([name, { blank }]) =>
    typeof blank === "object" && blank !== null ? [{ name, isList: Array.isArray(blank) }] : [],
  ),
);

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** A bare life of each kind. */
export function blank(kind: Kind, id: ObjectId, address: AddressId, generation: number, met: number): KernelObject {
  const object: Writable<KernelObject> = { ...BLANKS[kind] };
  object.id = id;
  object.address = address;
  object.generation = generation;
  object.met = met;
  object.references = [];
  object.trail = [];
  object.deeds = [];
  for (const { name, isList } of OWNED[kind])
    (object as unknown as Record<string, unknown>)[name] = isList ? [] : Object.create(null);
  return object as KernelObject;
}

/** The store of plain objects, for a replay that keeps no moments: the fastest. */
export class MutableStore implements Store {
  readonly #objects = new Map<ObjectId, KernelObject>();
  next = 1;
  listener: TransitionListener | undefined = undefined;

  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K> {
    const object = blank(kind, this.next++, address, generation, met);
    this.#objects.set(object.id, object);
    return object as OfKind<K>;
  }

  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined {
    if (id === 0) return undefined;
    const object = this.#objects.get(id);
    return object?.kind === kind ? (object as OfKind<K>) : undefined;
  }

  any(id: ObjectId): KernelObject | undefined {
    return this.#objects.get(id);
  }

  apply<T extends KernelObject>(object: T, transition: Transition<T>): T {
    evolve(object, transition as Transition);
    if (this.listener !== undefined) this.listener(object, transition as Transition);
    return object;
  }

  current<T extends KernelObject>(object: T): T {
    return object;
  }

  remove(object: KernelObject): void {
    this.#objects.delete(object.id);
  }

  live(): Iterable<KernelObject> {
    return this.#objects.values();
  }

  restore(objects: readonly KernelObject[], next: ObjectId): void {
    for (const object of objects) this.#objects.set(object.id, object);
    this.next = next;
  }
}
