/**
 * The object graph at a moment: the objects that live, and the references on them. Edges go from the holder to the
 * object held, labelled with the get that took the reference; dotted ones are pointers that hold nothing (a binding, an
 * inode's superblock).
 *
 * Its order is that of kinds and of events, so that the same moment gives the same text.
 */
import { ADDRESSED_KINDS, kinds } from "../../events/kinds/index.js";
import type { Stack } from "../reduce/calls.js";
import {
  countName,
  fieldOf,
  type KernelObject,
  type Kind,
  leftBehind,
  nameOf,
  type ObjectId,
  ofItsOwn,
  type Reference,
} from "../reduce/objects.js";
import type { World } from "../reduce/world.js";

/** An object, a call in progress that holds something, or an owner that no probe shows. */
export interface GraphNode {
  /** `n1`, `n2`, …: safe in every format. */
  readonly id: string;
  /** Identifies the node at any moment: an object's id, or a text for other nodes. */
  readonly key: ObjectId | string;
  /** A kind of object, `call` for a call in progress that holds a reference, `unseen` for an untraced owner. */
  readonly kind: Kind | "call" | "unseen";
  /** Its label, a line each: `file 0xffff…`, `[kvm-gmem]`, `f_count 1`. Not trusted: not escaped yet. */
  readonly lines: readonly string[];
}

/** A reference or a pointer from one node to another, by their ids. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** True for a reference, false for a pointer. */
  readonly holds: boolean;
}

/** The objects of a moment and who holds them: what `dotText` and `mermaidText` write. */
export interface Graph {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Builds the graph. `everything`: also objects that have nothing to do with guest_memfd. */
export function graphOf(world: World, title: string, everything = false): Graph {
  const live = [...world.store.live()].filter(
    (o) => o.death === 0 && ADDRESSED_KINDS.includes(o.kind) && (everything || o.focus),
  );
  live.sort(
    (a, b) => ADDRESSED_KINDS.indexOf(a.kind) - ADDRESSED_KINDS.indexOf(b.kind) || a.met - b.met || a.id - b.id,
  );
  const nodes: GraphNode[] = [];
  const ids = new Map<ObjectId | string, string>();
  const node = (key: ObjectId | string, kind: GraphNode["kind"], lines: readonly string[]): string => {
    let id = ids.get(key);
    if (id === undefined) {
      ids.set(key, (id = `n${nodes.length + 1}`));
      nodes.push({ id, key, kind, lines });
    }
    return id;
  };
  for (const object of live) node(object.id, object.kind, linesOf(world, object));
  const calls = callsIn(world);
  const pointers = pointersIn(live);
  const edges: GraphEdge[] = [];
  for (const object of live) {
    const to = ids.get(object.id)!;
    const held = new Set<string>();
    for (const reference of [...object.references].sort((a, b) => a.seq - b.seq)) {
      const { by, seq } = reference;
      const from = holder(world, reference, calls, ids, node);
      held.add(from);
      edges.push({ from, to, label: `${by}, event ${seq}`, holds: true });
    }
    for (const { owner, label } of pointers.get(object.id) ?? [])
      if (!held.has(ids.get(owner)!)) edges.push({ from: ids.get(owner)!, to, label, holds: false });
  }
  return { title, nodes, edges };
}

function holder(
  world: World,
  reference: Reference,
  calls: ReadonlyMap<number, string>,
  ids: ReadonlyMap<ObjectId | string, string>,
  node: (key: string, kind: GraphNode["kind"], lines: readonly string[]) => string,
): string {
  const { owner } = reference;
  const left = leftBehind(reference);
  if (left) return node(`left ${left.event}`, "unseen", [left.operation, `over, event ${left.event}`]);
  if (owner === 0) return node("unseen", "unseen", ["an untraced", "caller"]);
  if (owner < 0)
    return node(`call ${-owner}`, "call", [calls.get(-owner) ?? "a call", `in progress since event ${-owner}`]);
  const known = ids.get(owner);
  if (known !== undefined) return known;
  const object = world.store.any(owner);
  return object
    ? node(`object ${owner}`, object.kind, linesOf(world, object))
    : node(`object ${owner}`, "unseen", ["an object that is gone"]);
}

function linesOf(world: World, object: KernelObject): string[] {
  const { named, fields } = kinds[object.kind];
  const name = named?.inLabel ? "" : nameOf(object);
  const unprobed = object.unprobed - ofItsOwn(object);
  return [
    world.label(object),
    ...(name === "" ? [] : [name]),
    ...(object.count === null ? [] : [`${countName(object.kind)} ${object.count}`]),
    ...(unprobed > 0 ? [`${unprobed} taken by untraced callers`] : []),
    ...("stage" in object && !fields["stage"]!.usual?.includes(object.stage) ? [object.stage] : []),
  ];
}

interface Pointer {
  readonly owner: ObjectId;
  readonly label: string;
}

/** Returns pointers that need not hold their target, by target. */
function pointersIn(live: readonly KernelObject[]): Map<ObjectId, Pointer[]> {
  const found = new Map<ObjectId, Pointer[]>();
  for (const o of live) {
    for (const [target, label] of pointersOf(o)) {
      const others = found.get(target);
      if (others) others.push({ owner: o.id, label });
      else found.set(target, [{ owner: o.id, label }]);
    }
  }
  return found;
}

function pointersOf(o: KernelObject): (readonly [target: ObjectId, label: string])[] {
  return Object.entries(kinds[o.kind].fields).flatMap(([name, { arrow }]) =>
    arrow === undefined
      ? []
      : [[fieldOf(o, name) as ObjectId, arrow.replace(/\{(\w+)\}/g, (_, field: string) => String(fieldOf(o, field)))]],
  );
}

function callsIn(world: World): Map<number, string> {
  const calls = new Map<number, string>();
  const add = (stack: Stack): void => {
    for (const frame of stack.frames())
      calls.set(frame.seq, `${frame.operation.name} of ${world.taskName(frame.task)}`);
  };
  for (const stack of world.calls.stacks()) add(stack);
  return calls;
}
