/**
 * Describes what happened at an event in the words that people read: the operation, the objects that it touched, and
 * the references that changed hands. Call trees, findings and object lives look their steps up here.
 *
 * Only events that touch objects of guest_memfd are noted, and only the latest: what is older than the window has been
 * printed long ago.
 */
import { kinds } from "../../events/kinds/index.js";
import { formatTime } from "../log/time.js";
import type { EventView } from "../log/view.js";
import { valueOf } from "../reduce/call-tree.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Kind, KernelObject, ObjectId, Owner, Reference } from "../reduce/objects.js";
import type { Observer, World } from "../reduce/world.js";
import { type Move, Moves } from "../reduce/moves.js";
import type { Transition } from "../reduce/transitions.js";
import { RecentEvents } from "./recent.js";
import { Window } from "./window.js";
import { call } from "./call-text.js";

/** The changes that one event made to one object and to the references on it. */
export interface Change {
  readonly id: ObjectId;
  readonly kind: Kind;
  readonly label: string;
  readonly note: string;
  /** Null if not known. Equal to `to` if the count stayed. */
  readonly from: number | null;
  readonly to: number | null;
  /** Owners that took a reference, owners that gave one back, and for each reference passed on, its new owner. */
  readonly taken: readonly string[];
  readonly given: readonly string[];
  readonly passed: readonly string[];
}

export interface Row {
  readonly seq: number;
  readonly operation: string;
  readonly phase: "entry" | "return";
  readonly task: string;
  /** 0 if the format has no lines. */
  readonly line: number;
  readonly time: string;
  /** The value that a return returned; empty for other events. */
  readonly result: string;
  readonly changes: readonly Change[];
}

/** An object as the latest event left it. */
interface Snapshot {
  readonly label: string;
  readonly count: number | null;
}

type Hands = Pick<Change, "taken" | "given" | "passed">;
const NO_HANDS: Hands = { taken: [], given: [], passed: [] };

/** The least number of rows that are kept. */
const WINDOW = 1 << 14;

export class Chronicle implements Observer {
  readonly #rows = new Window<Row>(WINDOW);
  readonly #last = new Map<ObjectId, Snapshot>();
  readonly #labels = new Window<string>(WINDOW);
  /** Objects that this event touched: mostly one. */
  readonly #touched: { object: KernelObject; note: string }[] = [];
  /** Objects that a call in progress holds, looked at when it returns. */
  readonly #held: ObjectId[] = [];
  readonly #recent = new RecentEvents();
  readonly #moves = new Moves();
  /** Births of objects that outlive the window. */
  readonly #births = new Map<ObjectId, Row>();

  /** `onRow` is called with each row as it is made, also with rows in which nothing changed. */
  constructor(
    private readonly world: World,
    private readonly onRow?: (row: Row) => void,
  ) {}

  /** Returns what happened at an event; for one that touched no followed object, the event alone. */
  row(seq: number): Row | undefined {
    return this.#rows.get(seq) ?? this.#passing(seq) ?? [...this.#births.values()].find((row) => row.seq === seq);
  }

  #passing(seq: number): Row | undefined {
    const event = this.#recent.get(seq);
    const point = event && this.world.points.points[event.point];
    if (!point) return undefined;
    const time = formatTime(event.timeHigh, event.timeLow, this.#recent.digits);
    return {
      seq,
      operation: point.operation.name,
      phase: point.phase,
      task: this.world.taskName(event.task),
      line: event.line,
      time,
      result: "",
      changes: [],
    };
  }

  labelOf(id: ObjectId): string {
    const object = this.world.store.any(id);
    return object ? this.world.label(object) : (this.#labels.get(id) ?? `object ${id}`);
  }

  changed(object: KernelObject, transition: Transition): void {
    if (object.focus) this.#moves.changed(object, transition);
  }

  touched(object: KernelObject, _event: EventView, note: string): void {
    const before = this.#touched.find((t) => t.object.id === object.id);
    if (!before) this.#touched.push({ object, note });
    else if (note) before.note = before.note ? `${before.note}; ${note}` : note;
  }

  entered(): void {
    this.#touched.length = 0;
    this.#held.length = 0;
  }

  returned(_e: EventView, _stack: Stack, frame: Frame | undefined): void {
    this.entered();
    // What the call took is its own until here, and another owner's from here on; its subject may be the object that it
    // took a reference on.
    if (frame) this.#held.push(...frame.holds, frame.subject);
  }

  reduced(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#note(e, stack, frame);
    this.#moves.over();
  }

  #note(e: EventView, stack: Stack, frame: Frame | undefined): void {
    for (const id of this.#held) {
      const object = this.world.store.any(id);
      if (object?.focus && !this.#touched.some((t) => t.object.id === id)) this.#touched.push({ object, note: "" });
    }
    const point = e.point!;
    this.#recent.add(e);
    if (this.#touched.length === 0 && (point.operation.module === undefined || point.phase === "entry")) return;
    const changes: Change[] = [];
    for (const { object, note } of this.#touched) changes.push(this.#change(object, note, e, stack, frame));
    // Events that changed nothing stand among the recent events.
    const matters = changes.some(isChange) || (point.phase === "return" && point.operation.module !== undefined);
    if (!matters && !this.onRow) return;
    const row = this.#rowOf(e, changes);
    if (matters) this.#rows.set(row.seq, row);
    this.onRow?.(row);
  }

  #rowOf(e: EventView, changes: readonly Change[]): Row {
    const { batch, index } = e;
    const point = e.point!;
    const [high, low, digits] = [batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits];
    return {
      seq: e.seq,
      operation: point.operation.name,
      phase: point.phase,
      task: this.world.taskName(e.taskId),
      line: e.line,
      // Computed on demand: the time of few rows is ever read.
      get time() {
        return formatTime(high, low, digits);
      },
      result:
        point.phase === "return" && point.args.length > 0 ? call.result(valueOf(this.world, e, point.args[0]!, 0)) : "",
      changes,
    };
  }

  #change(object: KernelObject, note: string, e: EventView, stack: Stack, frame: Frame | undefined): Change {
    const now = this.world.store.any(object.id) ?? object;
    const before = this.#last.get(object.id);
    // A module is named by an event later than its first.
    const label = before && !kinds[now.kind].lasting ? before.label : this.world.label(now);
    if (label !== before?.label) this.#labels.set(object.id, label);
    const moves = this.#moves.of(now.id);
    const ownerOf = (owner: Owner): string =>
      owner > 0 ? this.labelOf(owner) : owner < 0 ? callName(-owner, stack, frame) : "";
    const hands = before
      ? handsOf(moves, ownerOf)
      : now.references.length > 0
        ? { ...NO_HANDS, taken: names(now.references, ownerOf) }
        : NO_HANDS;
    const from = printedCount(e, now) ?? before?.count ?? null;
    if (!before && kinds[now.kind].lasting) {
      const birth = this.row(now.birth || now.met);
      if (birth) this.#births.set(now.id, birth);
    }
    if (now.death) this.#last.delete(now.id);
    else this.#last.set(now.id, { label, count: now.count });
    return { id: now.id, kind: now.kind, label, note, from, to: now.count, ...hands };
  }
}

function isChange(change: Change): boolean {
  return (
    change.note !== "" ||
    change.from !== change.to ||
    change.taken.length + change.given.length + change.passed.length > 0
  );
}

function callName(entry: number, stack: Stack, frame: Frame | undefined): string {
  if (frame?.seq === entry) return frame.operation.name;
  for (const open of stack.frames()) if (open.seq === entry) return open.operation.name;
  return `the call at event ${entry}`;
}

/** Names of the owners that are known: a reference of an untraced owner changes the count and is not named. */
function names(references: readonly Reference[], owner: (o: number) => string): string[] {
  return references.flatMap((r) => owner(r.owner) || []);
}

function handsOf(moves: readonly Move[], ownerOf: (o: Owner) => string): Hands {
  if (moves.length === 0) return NO_HANDS;
  const fresh = moves.filter(({ before }) => before === undefined);
  const gone = moves.filter(({ now }) => now === undefined);
  // Every allocation passes its reference from the call to its caller; a reader does not need to see that.
  const heirs = moves.filter(({ before, now }) => before !== undefined && now !== undefined && now.owner > 0);
  return {
    taken: names(
      fresh.map(({ now }) => now!),
      ownerOf,
    ),
    given: names(
      gone.map(({ before }) => before!),
      ownerOf,
    ),
    passed: names(
      heirs.map(({ now }) => now!),
      ownerOf,
    ),
  };
}

/** Returns the count that the event itself prints for this object. */
function printedCount(e: EventView, object: KernelObject): number | undefined {
  const point = e.point!;
  const at = point.args.findIndex((a) => a.unit === "references");
  if (at < 0 || e.isFault(at)) return undefined;
  const of = point.args.findIndex((a) => a.object === object.kind);
  if (of < 0 || e.batch.low[e.base + of] !== object.address) return undefined;
  return e.batch.low[e.base + at]! | 0;
}
