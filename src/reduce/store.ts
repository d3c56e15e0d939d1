/**
 * Where objects live. Reducers reach them through this interface only, and change them only by `apply`, which makes of
 * one object what a transition says. Two stores evolve alike: this one plain mutable objects, `persistent-store.ts`
 * immer drafts with structural sharing.
 */
import type { AddressId } from "../log/batch.js";
import type {
  Cache,
  Dentry,
  DescriptorTable,
  File,
  FsType,
  Inode,
  Kind,
  KernelObject,
  Memslot,
  Module,
  Mount,
  ObjectId,
  OfKind,
  Superblock,
  Vm,
} from "./objects.js";
import { evolve, type Transition } from "./transitions.js";

export type TransitionListener = (object: KernelObject, transition: Transition) => void;

/** Where objects live, by id. A transition makes of one object what it says; reads give the object as it is now. */
export interface Store {
  /** A new object; `fields` are what its kind adds to a bare life. */
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

const LIFE = {
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
};
/** Copied rather than written out where one begins: a copy of one object of a known shape costs a fraction of it. */
const INODE: Inode = {
  kind: "inode",
  ...LIFE,
  stage: "live",
  superblock: 0,
  nlink: null,
  pages: 0,
  module: 0,
  ownFree: false,
  pendingRcu: 0,
  callbacks: 0,
  frees: 0,
  cache: 0,
  cacheAddress: 0,
};
const FILE: File = {
  kind: "file",
  ...LIFE,
  stage: "allocated",
  name: "",
  inode: 0,
  dentry: 0,
  mount: 0,
  module: 0,
  vm: 0,
  vmAddress: 0,
  descriptors: 0,
  shared: false,
  kept: [],
  gmem: false,
  made: 0,
};
const DENTRY: Dentry = { kind: "dentry", ...LIFE, inode: 0, superblock: 0 };
const MOUNT: Mount = { kind: "mount", ...LIFE, superblock: 0, fsName: "", module: 0, unmounted: 0 };
const SUPERBLOCK: Superblock = { kind: "superblock", ...LIFE, fsName: "", magic: null, stage: "live", module: 0 };
const FS_TYPE: FsType = { kind: "fs_type", ...LIFE, name: "", module: 0 };
const MODULE: Module = { kind: "module", ...LIFE, name: "", stage: "live", ownsGmem: false, unpinned: 0, cache: 0 };
const CACHE: Cache = { kind: "cache", ...LIFE, name: "", module: 0, destroyed: 0, left: [], barrier: 0 };
const VM: Vm = { kind: "vm", ...LIFE, type: "", stage: "live", slots: [] };
const MEMSLOT: Memslot = { kind: "memslot", ...LIFE, vm: 0, slot: null, file: 0, offset: "0" };
const DESCRIPTORS: DescriptorTable = { kind: "descriptors", ...LIFE, files: {} };

function another(kind: Kind): KernelObject {
  switch (kind) {
    case "inode":
      return { ...INODE };
    case "file":
      return { ...FILE, kept: [] };
    case "dentry":
      return { ...DENTRY };
    case "mount":
      return { ...MOUNT };
    case "superblock":
      return { ...SUPERBLOCK };
    case "fs_type":
      return { ...FS_TYPE };
    case "module":
      return { ...MODULE };
    case "cache":
      return { ...CACHE, left: [] };
    case "vm":
      return { ...VM, slots: [] };
    case "memslot":
      return { ...MEMSLOT };
    case "descriptors":
      return { ...DESCRIPTORS, files: Object.create(null) as Record<number, ObjectId> };
  }
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** A bare life of each kind. */
export function blank(kind: Kind, id: ObjectId, address: AddressId, generation: number, met: number): KernelObject {
  const object: Writable<KernelObject> = another(kind);
  object.id = id;
  object.address = address;
  object.generation = generation;
  object.met = met;
  object.references = [];
  object.trail = [];
  object.deeds = [];
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
