/**
 * Where objects live. Reducers reach them through this interface only, and change them only by `update`, which runs a
 * recipe on one object. Two stores run the same recipes: this one on plain mutable objects, `persistent-store.ts` on
 * immer drafts with structural sharing.
 */
import type { AddressId } from "../log/batch.js";
import type { Kind, KernelObject, ObjectId, OfKind } from "./objects.js";

export interface Store {
  /** A new object; `fields` are what its kind adds to a bare life. */
  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K>;
  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined;
  any(id: ObjectId): KernelObject | undefined;
  /** Runs a recipe on one object and returns the object as it is now. */
  update<T extends KernelObject, A extends unknown[]>(object: T, recipe: (draft: T, ...args: A) => void, ...args: A): T;
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

/** A bare life of each kind. */
export function blank(kind: Kind, id: ObjectId, address: AddressId, generation: number, met: number): KernelObject {
  const life = { id, address, generation, birth: 0, met, death: 0, focus: false, references: [], count: null, unprobed: 0, trail: [], steps: 0 };
  switch (kind) {
    case "inode":
      return { kind, ...life, stage: "live", superblock: 0, nlink: null, pages: 0, module: 0, ownFree: false, pendingRcu: 0, callbacks: 0, frees: 0 };
    case "file":
      return { kind, ...life, stage: "allocated", name: "", inode: 0, dentry: 0, mount: 0, module: 0, vm: 0, vmAddress: 0, descriptors: 0, shared: false, kept: [], gmem: false, made: 0 };
    case "dentry":
      return { kind, ...life, inode: 0, superblock: 0 };
    case "mount":
      return { kind, ...life, superblock: 0, fsName: "", module: 0, unmounted: 0 };
    case "superblock":
      return { kind, ...life, fsName: "", magic: null, stage: "live", module: 0 };
    case "fs_type":
      return { kind, ...life, name: "", module: 0 };
    case "module":
      return { kind, ...life, name: "", stage: "live", ownsGmem: false, unpinned: 0 };
    case "vm":
      return { kind, ...life, type: "", stage: "live", slots: [] };
    case "memslot":
      return { kind, ...life, vm: 0, slot: null, file: 0, offset: "0" };
    case "descriptors":
      return { kind, ...life, files: Object.create(null) as Record<number, ObjectId> };
  }
}

export class MutableStore implements Store {
  readonly #objects = new Map<ObjectId, KernelObject>();
  next = 1;

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

  update<T extends KernelObject, A extends unknown[]>(object: T, recipe: (draft: T, ...args: A) => void, ...args: A): T;
  /** Without rest parameters, which would make an array for every change: no recipe takes more than these. */
  update<T extends KernelObject>(object: T, recipe: (draft: T, ...args: unknown[]) => void, a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown): T {
    recipe(object, a, b, c, d, e);
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
