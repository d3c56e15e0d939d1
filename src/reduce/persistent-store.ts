/**
 * The store of which moments can be kept: every version of every object is frozen and shared between moments.
 *
 * A `produce` over a flat map of ten thousand objects copies the map each time. So a transition goes through immer on
 * one object, and the map is a radix tree over object ids: a change copies the path to one object, a few arrays of 32.
 */
import { enablePatches, freeze, type Patch, produce, produceWithPatches, setAutoFreeze } from "immer";
import type { AddressId } from "../log/batch.js";
import type { Kind, KernelObject, ObjectId, OfKind } from "./objects.js";
import { blank, type Store, type TransitionListener } from "./store.js";
import { evolve, type Transition } from "./transitions.js";

enablePatches();
setAutoFreeze(true);

const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;

type Node = readonly (Node | KernelObject | undefined)[];

/** An immutable map from small integers to objects. */
export class ObjectTree {
  static readonly EMPTY = new ObjectTree([], BITS, 0);
  private constructor(
    private readonly root: Node,
    private readonly shift: number,
    readonly size: number,
  ) {}

  get(id: ObjectId): KernelObject | undefined {
    if (id >>> this.shift !== 0) return undefined;
    let node: Node | undefined = this.root;
    for (let shift = this.shift - BITS; shift > 0; shift -= BITS) {
      node = node[(id >>> shift) & MASK] as Node | undefined;
      if (node === undefined) return undefined;
    }
    return node[id & MASK] as KernelObject | undefined;
  }

  with(id: ObjectId, object: KernelObject | undefined): ObjectTree {
    let { root, shift } = this;
    while (id >>> shift !== 0) {
      root = [root];
      shift += BITS;
    }
    const change = (this.get(id) === undefined ? 0 : -1) + (object === undefined ? 0 : 1);
    return new ObjectTree(assoc(root, shift - BITS, id, object), shift, this.size + change);
  }

  *[Symbol.iterator](): Iterator<KernelObject> {
    yield* walk(this.root, this.shift - BITS);
  }
}

function assoc(node: Node | undefined, shift: number, id: ObjectId, object: KernelObject | undefined): Node {
  const copy = node ? node.slice() : [];
  const slot = (id >>> shift) & MASK;
  copy[slot] = shift === 0 ? object : assoc(copy[slot] as Node | undefined, shift - BITS, id, object);
  return copy;
}

function* walk(node: Node, shift: number): Generator<KernelObject> {
  for (const child of node) {
    if (child === undefined) continue;
    if (shift === 0) yield child as KernelObject;
    else yield* walk(child as Node, shift - BITS);
  }
}

/** One change of one object, as immer patches both ways. */
export interface Change {
  readonly id: ObjectId;
  readonly patches: readonly Patch[];
  readonly inverse: readonly Patch[];
}

/**
 * The store whose moments can be kept: each version of an object is frozen (immer), and what did not change is shared.
 */
export class PersistentStore implements Store {
  /** The state now. Keep it to keep the moment: it never changes. */
  objects = ObjectTree.EMPTY;
  next = 1;
  listener: TransitionListener | undefined = undefined;

  /** `onChange` receives every change as patches; without it none are made. */
  constructor(private readonly onChange?: (change: Change) => void) {}

  create<K extends Kind>(kind: K, address: AddressId, generation: number, met: number): OfKind<K> {
    const id = this.next++;
    const object = produce(blank(kind, id, address, generation, met), () => {});
    this.objects = this.objects.with(id, object);
    this.onChange?.({ id, patches: [{ op: "add", path: [], value: object }], inverse: [{ op: "remove", path: [] }] });
    return object as OfKind<K>;
  }

  get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined {
    const object = this.objects.get(id);
    return object?.kind === kind ? (object as OfKind<K>) : undefined;
  }

  any(id: ObjectId): KernelObject | undefined {
    return this.objects.get(id);
  }

  apply<T extends KernelObject>(object: T, transition: Transition<T>): T {
    // A reducer may hold an earlier version: the transition is of the object as it is now.
    const now = (this.objects.get(object.id) ?? object) as T;
    let next: T;
    if (this.onChange) {
      const [state, patches, inverse] = produceWithPatches(now, (draft) =>
        evolve(draft as KernelObject, transition as Transition),
      );
      next = state as T;
      if (patches.length > 0) this.onChange({ id: object.id, patches, inverse });
    } else {
      next = produce(now, (draft) => evolve(draft as KernelObject, transition as Transition)) as T;
    }
    if (next !== now && this.objects.get(object.id) !== undefined) this.objects = this.objects.with(object.id, next);
    this.listener?.(next, transition as Transition);
    return next;
  }

  current<T extends KernelObject>(object: T): T {
    return (this.objects.get(object.id) as T | undefined) ?? object;
  }

  remove(object: KernelObject): void {
    if (this.objects.get(object.id) === undefined) return;
    this.onChange?.({
      id: object.id,
      patches: [{ op: "remove", path: [] }],
      inverse: [{ op: "add", path: [], value: object }],
    });
    this.objects = this.objects.with(object.id, undefined);
  }

  live(): Iterable<KernelObject> {
    return this.objects;
  }

  restore(objects: readonly KernelObject[], next: ObjectId): void {
    for (const object of objects) {
      this.objects = this.objects.with(object.id, freeze(object, true));
      this.onChange?.({
        id: object.id,
        patches: [{ op: "add", path: [], value: object }],
        inverse: [{ op: "remove", path: [] }],
      });
    }
    this.next = next;
  }
}
