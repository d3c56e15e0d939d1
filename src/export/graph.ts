/**
 * The object graph at a moment: what lives, and who holds it. Edges go from who holds to what is held, labelled with
 * the get that took the reference; dotted ones are pointers that hold nothing (a binding, an inode's superblock).
 *
 * Its order is that of kinds and of events, so that the same moment gives the same text.
 */
import { ADDRESSED_KINDS, kinds } from "../../events/kinds/index.js";
import type { Stack } from "../reduce/calls.js";
import {
  countName,
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
  /** What tells it from others at any moment: an object's id, or the words for what is none. */
  readonly key: ObjectId | string;
  /**
   * A kind of object, `call` for a call in progress that holds something, `unseen` for whoever took what no probe
   * shows.
   */
  readonly kind: Kind | "call" | "unseen";
  /** What it is called, a line each: `file 0xffff…`, `[kvm-gmem]`, `f_count 1`. Anybody's words. */
  readonly lines: readonly string[];
}

/** A reference or a pointer from one node to another, by their ids. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** It holds: a reference. Else a pointer. */
  readonly holds: boolean;
}

/** The objects of a moment and who holds them: what `dotText` and `mermaidText` write. */
export interface Graph {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** `everything`: also what has nothing to do with guest_memfd. */
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

/** By what they point to, pointers that need not hold it. */
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
  const values = o as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(kinds[o.kind].fields).flatMap(([name, { arrow }]) =>
    arrow === undefined
      ? []
      : [[values[name] as ObjectId, arrow.replace(/\{(\w+)\}/g, (_, field: string) => String(values[field]))]],
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
