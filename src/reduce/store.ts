/**
 * Where objects live. Reducers reach them through this interface only, and change them only by `apply`, which makes of
 * one object what a transition says. Two stores evolve alike: this one plain mutable objects, `persistent-store.ts`
 * immer drafts with structural sharing.
 */
import { byKind, type Kind } from "../../events/kinds/index.js";
import type { AddressId } from "../log/batch.js";
import type { KernelObject, ObjectId, OfKind } from "./objects.js";
import { evolve, type Transition } from "./transitions.js";

export type TransitionListener = (object: KernelObject, transition: Transition) => void;

/** Where objects live, by id. A transition makes of one object what it says; reads give the object as it is now. */
export interface Store {
  /** A new object, of which nothing is known but where it is. */
  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K>;
  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined;
  any(id: ObjectId): KernelObject | undefined;
  /** Makes of an object what a transition says, and returns the object as it is now. */
  apply<T extends KernelObject>(object: T, transition: Transition<T>): T;
  /** Told of every transition, with the object as it is then. */
  listener: TransitionListener | undefined;
  /** The latest version of an object that was held for a while. */
  current<T extends KernelObject>(object: T): T;
  /** Forgets a dead object. */
  remove(object: KernelObject): void;
  /** In the order of their ids. */
  live(): Iterable<KernelObject>;
  /** The id of the object that is created next. */
  readonly next: ObjectId;
  /** Takes over, into a store that has no object yet, those of another, and the id that its next would have had. */
  restore(objects: readonly KernelObject[], next: ObjectId): void;
}

/** A life of which nothing is known. Copied rather than written out: a copy of a known shape costs a fraction of it. */
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

/** Of each kind, the fields whose values no two objects may share. */
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
