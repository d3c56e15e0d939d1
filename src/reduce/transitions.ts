/**
 * Transitions: all changes of one object's state, as a closed set of immutable plain values. Reducers decide them from
 * a recorded event; `evolve` alone writes state, on immer drafts (if moments are kept) as on plain objects (bulk
 * replay); observers receive them.
 */
import type { FieldOf } from "../../events/kinds/index.js";
import type { TaskId } from "../log/batch.js";
import type {
  Deed,
  DescriptorTable,
  KernelObject,
  Left,
  LifeField,
  ObjectId,
  Owner,
  Reference,
  Step,
} from "./objects.js";
import { UNSEEN } from "./objects.js";

/** It was made at event `seq`. `count`: its references from then on; `null` if unknown. */
export interface Born {
  readonly type: "born";
  readonly seq: number;
  readonly count: number | null;
}

export interface Died {
  readonly type: "died";
  readonly seq: number;
}

/** It turned out to be guest_memfd's, or an object that guest_memfd depends on. */
export interface Followed {
  readonly type: "followed";
}

/** An event concerned it. */
export interface Stepped {
  readonly type: "stepped";
  readonly seq: number;
  readonly deed: Deed;
}

/** A reference on it was taken. */
export interface Taken {
  readonly type: "taken";
  readonly reference: Reference;
}

/** A reference on it was given back: the one at `index`, or (-1) one that no probe saw taken. */
export interface Given {
  readonly type: "given";
  readonly index: number;
  readonly reference: Reference | undefined;
}

/** A reference on it passed to another owner: a call's to the object that it made, or to its caller. */
export interface Passed {
  readonly type: "passed";
  readonly index: number;
  readonly before: Reference;
  readonly reference: Reference;
}

/**
 * The call that held a reference on it is over, and its caller, which has the reference now, is untraced.
 */
export interface LeftBehind {
  readonly type: "left";
  readonly index: number;
  readonly before: Reference;
  readonly reference: Reference;
}

/** A probe printed its count, which is the truth from here on. `unprobed`: references in it that no probe saw taken. */
export interface Observed {
  readonly type: "observed";
  readonly count: number;
  readonly unprobed: number;
}

type Own<T extends KernelObject> = Omit<T, LifeField>;

/** Fields that only its kind has took other values. */
export interface Set<T extends KernelObject = KernelObject> {
  readonly type: "set";
  readonly fields: Readonly<Partial<Own<T>>>;
}

/** A counter that only its kind has went up or down. */
export interface Counted {
  readonly type: "counted";
  readonly what: FieldOf<"tally">;
  readonly by: number;
}

/** A list of its own got another item: a VM's a memslot, a file's list of the calls that kept a reference a call. */
export interface Listed {
  readonly type: "listed";
  readonly on: FieldOf<"pointers" | "events">;
  readonly item: number;
}

export interface Unlisted {
  readonly type: "unlisted";
  readonly on: FieldOf<"pointers">;
  readonly item: number;
}

/** A descriptor of a table names a file from here on. */
export interface Installed {
  readonly type: "installed";
  readonly fd: number;
  readonly file: ObjectId;
}

export interface Closed {
  readonly type: "closed";
  readonly fd: number;
}

/** One change of one object, as plain data: what reducers decide, `evolve` applies and observers are given. */
export type Transition<T extends KernelObject = KernelObject> =
  | Born
  | Died
  | Followed
  | Stepped
  | Taken
  | Given
  | Passed
  | LeftBehind
  | Observed
  | Set<T>
  | Counted
  | Listed
  | Unlisted
  | Installed
  | Closed;

export const born = (seq: number, count: number | null): Born => ({ type: "born", seq, count });
export const died = (seq: number): Died => ({ type: "died", seq });
export const FOLLOWED: Followed = { type: "followed" };
export const stepped = (seq: number, deed: Deed): Stepped => ({ type: "stepped", seq, deed });
export const taken = (owner: Owner, seq: number, by: string, task: TaskId): Taken => ({
  type: "taken",
  reference: { owner, seq, by, task, left: undefined },
});
export const given = (index: number, { references }: KernelObject): Given => ({
  type: "given",
  index,
  reference: index < 0 ? undefined : references[index]!,
});
export const passed = (index: number, before: Reference, owner: Owner): Passed => ({
  type: "passed",
  index,
  before,
  reference: { owner, seq: before.seq, by: before.by, task: before.task, left: undefined },
});
export const leftTo = (index: number, before: Reference, left: Left): LeftBehind => ({
  type: "left",
  index,
  before,
  reference: { owner: UNSEEN, seq: before.seq, by: before.by, task: before.task, left },
});
export const observed = (count: number, unprobed: number): Observed => ({ type: "observed", count, unprobed });
export const set = <T extends KernelObject>(fields: Readonly<Partial<Own<T>>>): Set<T> => ({ type: "set", fields });
export const counted = (what: Counted["what"], by: number): Counted => ({ type: "counted", what, by });
export const listed = (on: Listed["on"], item: number): Listed => ({ type: "listed", on, item });
export const unlisted = (on: Unlisted["on"], item: number): Unlisted => ({ type: "unlisted", on, item });
export const installed = (fd: number, file: ObjectId): Installed => ({ type: "installed", fd, file });
export const closed = (fd: number): Closed => ({ type: "closed", fd });

/** Applies a transition to an object, or to a draft of it; nothing else ever writes state. */
export function evolve(o: KernelObject, t: Transition): void {
  switch (t.type) {
    case "stepped": {
      const at = o.steps < TRAIL_FIRST ? o.steps : TRAIL_FIRST + ((o.steps - TRAIL_FIRST) % TRAIL_LATEST);
      o.trail[at] = t.seq;
      o.deeds[at] = t.deed;
      o.steps++;
      return;
    }
    case "set":
      Object.assign(o, t.fields);
      return;
    case "taken":
      // Most objects have one reference, and a list that grows gets room for seventeen.
      if (o.references.length === 0) o.references = [t.reference];
      else o.references.push(t.reference);
      if (o.count !== null) o.count++;
      return;
    case "given":
      if (t.index < 0) o.unprobed = Math.max(0, o.unprobed - 1);
      else if (t.index === o.references.length - 1) o.references.pop();
      else o.references.splice(t.index, 1);
      if (o.count !== null) o.count--;
      return;
    case "passed":
    case "left":
      o.references[t.index] = t.reference;
      return;
    case "observed":
      o.count = t.count;
      o.unprobed = t.unprobed;
      return;
    case "born":
      o.birth = t.seq;
      o.count = t.count;
      return;
    case "died":
      o.death = t.seq;
      return;
    case "followed":
      o.focus = true;
      return;
    case "counted":
      (o as unknown as Record<Counted["what"], number>)[t.what] += t.by;
      return;
    case "listed":
      (o as unknown as Record<Listed["on"], number[]>)[t.on].push(t.item);
      return;
    case "unlisted": {
      const list = (o as unknown as Record<Unlisted["on"], number[]>)[t.on];
      const at = list.indexOf(t.item);
      if (at >= 0) list.splice(at, 1);
      return;
    }
    case "installed":
      (o as DescriptorTable).files[t.fd] = t.file;
      return;
    case "closed":
      delete (o as DescriptorTable).files[t.fd];
  }
}

/** Steps that a trail keeps: the first, which say where the object came from, and the latest. */
const TRAIL_FIRST = 8;
const TRAIL_LATEST = 56;
/** Steps that a trail has at most. */
export const TRAIL = TRAIL_FIRST + TRAIL_LATEST;

/** The steps that a trail holds, in order. */
export function trailOf(o: KernelObject): Step[] {
  return o.trail.map((seq, at) => ({ seq, ...o.deeds[at]! })).sort((a, b) => a.seq - b.seq);
}
