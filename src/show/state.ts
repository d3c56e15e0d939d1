/** The state at a moment: the live objects, their holders, the calls in progress, and pending RCU grace periods. */
import { COUNTED_KINDS } from "../../events/kinds/index.js";
import { printable } from "../base/trouble.js";
import type { Frame } from "../reduce/calls.js";
import {
  countName,
  type Kind,
  type KernelObject,
  leftBehind,
  type ObjectId,
  ofItsOwn,
  ofItsOwnText,
  type Owner,
  type Reference,
} from "../reduce/objects.js";
import type { World } from "../reduce/world.js";
import { factsOf } from "../describe/facts.js";
import type { Json } from "./json.js";
import type { Style } from "./style.js";
import { table } from "../base/text.js";

export interface ShownReference {
  readonly owner: string;
  readonly ownerId: Owner;
  readonly by: string;
  readonly event: number;
  readonly task: string;
}

export interface ShownObject {
  readonly id: ObjectId;
  readonly label: string;
  readonly kind: Kind;
  readonly count: number | null;
  /** Everything else that is known of it: `refcnt 3`, `live`, `2 pages`. */
  readonly facts: readonly string[];
  /** The event of its birth; 0 if it is older than the recording. */
  readonly birth: number;
  readonly references: readonly ShownReference[];
  /** References that a count proves without a probe that showed them taken. */
  readonly unprobed: number;
}

export interface ShownCall {
  readonly task: string;
  readonly operation: string;
  readonly event: number;
  readonly depth: number;
}

export interface ShownState {
  readonly objects: readonly ShownObject[];
  readonly calls: readonly ShownCall[];
  /** Inodes whose memory waits, with the event since which it does. */
  readonly pending: readonly { readonly label: string; readonly since: number }[];
}

/** `everything`: includes objects unrelated to guest_memfd. */
export function stateOf(world: World, everything = false): ShownState {
  const order = new Map<string, number>(COUNTED_KINDS.map((kind, k) => [kind, k]));
  const calls = callsOf(world, everything);
  const live = [...world.store.live()].filter((o) => o.death === 0 && order.has(o.kind) && (everything || o.focus));
  live.sort((a, b) => order.get(a.kind)! - order.get(b.kind)! || a.met - b.met);
  return {
    objects: live.map((o) => shownObject(world, o)),
    calls,
    pending: live.flatMap((o) =>
      o.kind === "inode" && o.pendingRcu > 0 ? [{ label: world.label(o), since: o.pendingRcu }] : [],
    ),
  };
}

/** Lists calls in progress; unless `everything` is set, of tasks that work on guest_memfd. */
function callsOf(world: World, everything: boolean): ShownCall[] {
  const calls: ShownCall[] = [];
  for (const stack of world.calls.stacks()) {
    if (
      !everything &&
      ![...stack.frames()].some(
        (frame) => frame.operation.module !== undefined || world.store.any(frame.subject)?.focus,
      )
    )
      continue;
    let depth = 0;
    for (const frame of stack.frames())
      calls.push({
        task: world.taskName(frame.task),
        operation: frame.operation.name,
        event: frame.seq,
        depth: depth++,
      });
  }
  return calls;
}

function shownObject(world: World, object: KernelObject): ShownObject {
  return {
    id: object.id,
    label: world.label(object),
    kind: object.kind,
    count: object.count,
    facts: [...(object.count === null ? [] : [`${countName(object.kind)} ${object.count}`]), ...factsOf(world, object)],
    birth: object.birth,
    references: object.references.map((reference) => ({
      owner: holderName(world, reference),
      ownerId: reference.owner,
      by: reference.by,
      event: reference.seq,
      task: world.taskName(reference.task),
    })),
    unprobed: object.unprobed,
  };
}

/** Names the holder of a reference, and the call that left it to an untraced caller. */
export function holderName(world: World, reference: Reference): string {
  const left = leftBehind(reference);
  return `${ownerName(world, reference.owner)}${left ? `, since ${left.operation} of event ${left.event} is over` : ""}`;
}

function ownerName(world: World, owner: Owner): string {
  if (owner > 0) return world.labelOf(owner);
  if (owner === 0) return "an untraced caller";
  for (const stack of world.calls.stacks())
    for (const frame of stack.frames()) if (frame.seq === -owner) return inProgress(frame);
  return `a call that began at event ${-owner}`;
}

function inProgress(frame: Frame): string {
  return `${frame.operation.name}, in progress since event ${frame.seq}`;
}

export function stateLines(state: ShownState, style: Style): string[] {
  const lines: string[] = [];
  if (state.objects.length === 0) lines.push("nothing of guest_memfd lives");
  for (const object of state.objects) lines.push(...objectLines(object, style));
  if (state.calls.length > 0) lines.push("", style.bold("calls in progress"), ...callLines(state.calls, style));
  if (state.pending.length > 0)
    lines.push(
      "",
      style.bold("waiting for an RCU grace period"),
      ...state.pending.map((p) => `  ${printable(p.label)}, since event ${p.since}`),
    );
  return lines;
}

function objectLines(object: ShownObject, style: Style): string[] {
  const met = object.birth > 0 ? `born at event ${object.birth}` : "older than the recording";
  const head = `${style.bold(printable(object.label))}: ${printable([...object.facts, met].join(", "))}`;
  const rows = object.references.map((r) => [
    `  held by ${printable(r.owner)}`,
    `${r.by}, event ${r.event}, ${printable(r.task)}`,
  ]);
  return [head, ...table(rows), ...unprobedLines(object)];
}

function unprobedLines(object: ShownObject): string[] {
  const own = ofItsOwnText(object);
  const rest = object.unprobed - ofItsOwn(object);
  return [...(own === "" ? [] : [`  and ${own}`]), ...(rest > 0 ? [`  and ${rest} taken by untraced callers`] : [])];
}

function callLines(calls: readonly ShownCall[], style: Style): string[] {
  const lines: string[] = [];
  let task = "";
  for (const call of calls) {
    if (call.task !== task) lines.push(`  ${style.cyan(printable(call.task))}`);
    task = call.task;
    lines.push(`    ${"  ".repeat(call.depth)}${call.operation}, since event ${call.event}`);
  }
  return lines;
}

/** The document of `replay --at … --json`. */
export function stateJson(
  state: ShownState,
  at: { readonly path: string; readonly event: number; readonly time: string },
): { readonly [name: string]: Json } {
  return {
    kreel: "state",
    version: 1,
    trace: { path: at.path },
    at: { event: at.event, time: at.time },
    objects: state.objects.map(({ label, kind, count, birth, facts, references, unprobed }) => ({
      object: label,
      kind,
      count,
      born: birth,
      facts,
      references: references.map(({ owner, by, event, task }) => ({ owner, by, event, task })),
      unprobed,
    })),
    calls: state.calls.map(({ task, operation, event, depth }) => ({ task, operation, event, depth })),
    pending: state.pending.map(({ label, since }) => ({ object: label, since })),
  };
}
