/**
 * Calls: entries with their returns, by watching the reducer pair them. A row is inserted at its entry and updated at
 * the return, so that only calls in progress are held.
 */
import { points } from "../../../events/index.js";
import { type Time, timeOf } from "../../log/span.js";
import type { EventView } from "../../log/view.js";
import type { Frame, Stack } from "../../reduce/calls.js";
import type { Observer } from "../../reduce/observer.js";
import type { Database } from "../sqlite/database.js";
import { column, type Table } from "../table.js";
import { type EventColumn, eventColumn, EventValues } from "./event-columns.js";
import { Insert, Update } from "./insert.js";
import { elapsed, exact } from "./numbers.js";
import { Result } from "./result.js";
import type { Texts } from "./texts.js";

const ofEvent: readonly EventColumn[] = [
  eventColumn("seq", "event of the entry; of the return, where the recording lacks the entry"),
  eventColumn("name", "the operation"),
  eventColumn("task", "the task that called it"),
  eventColumn("pid"),
  eventColumn("cpu", "the CPU at that event"),
  eventColumn("line"),
];

export const calls: Table = {
  name: "calls",
  summary: "calls of the operations: an entry, and the return where it is traced",
  columns: [
    ...ofEvent,
    column("begin", "integer", "time of the entry; NULL without one"),
    column("end", "integer", "time of the return; NULL where none is probed or was seen"),
    column("duration", "integer", "nanoseconds between them"),
    column("returned", "integer", "event of the return"),
    column("depth", "integer", "calls that it is inside of; 0 of an outermost one"),
    column("parent", "integer", "the innermost call around it: its seq"),
    column("outermost", "integer", "the outermost call around it, or itself: its seq"),
    column("result", "value", "what it returned: a number or an address"),
    column("error", "text", "the error that it returned, as ENOMEM; NULL of a call that did not fail with one"),
  ],
};

/** The columns that a call's return fills, in `calls` as in the tables of operations. */
const RETURNED: readonly string[] = ["end", "duration", "returned", "result", "error"];

export function readsReturns(used: ReadonlySet<string>): boolean {
  return RETURNED.some((name) => used.has(name));
}

const results: readonly (Result | undefined)[] = points.points.map((point) =>
  point?.phase === "return" && point.args[0] ? new Result(point.args[0]) : undefined,
);

/** Updates rows with what their calls returned. */
class Returns {
  readonly #update: Update;

  constructor(
    database: Database,
    table: Table,
    used: ReadonlySet<string>,
    private readonly texts: Texts,
  ) {
    this.#update = new Update(
      database,
      table,
      RETURNED.filter((name) => used.has(name)),
    );
  }

  /** Updates the call of entry `key`; `begin` is absent if the recording lacks it. */
  put(key: number, begin: Time | undefined, e: EventView): void {
    const { row } = this.#update;
    const end = timeOf(e.batch, e.index);
    const result = results[e.point!.id];
    this.#update.put("end", (at) => row.number(at, exact(end)));
    this.#update.put("duration", (at) => (begin ? row.number(at, elapsed(begin, end)) : row.null(at)));
    this.#update.put("returned", (at) => row.integer(at, e.seq));
    this.#update.put("result", (at) => (result ? result.put(row, at, e, this.texts) : row.null(at)));
    this.#update.put("error", (at) => (result ? result.putError(row, at, e, this.texts) : row.null(at)));
    row.integer(this.#update.key, key);
    row.insert();
  }
}

/** Watches calls, for `calls` and for the tables of operations of which a statement reads return columns. */
export class CallWatcher implements Observer {
  /** Begin of each open call, by its place on the stack. */
  readonly #begun = new Map<Stack, Time[]>();
  /** By point of a return: the table of its operation. */
  readonly #operations: (Returns | undefined)[] = [];
  #calls: CallRows | undefined;

  constructor(
    private readonly database: Database,
    private readonly texts: Texts,
  ) {}

  calls(used: ReadonlySet<string>): void {
    this.#calls = new CallRows(this.database, used, this.texts);
  }

  operation(table: Table, used: ReadonlySet<string>): void {
    this.#operations[points.byEvent(`${table.name}_ret`)!.id] = new Returns(this.database, table, used, this.texts);
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    if (frame) {
      let begun = this.#begun.get(stack);
      if (!begun) this.#begun.set(stack, (begun = []));
      begun[stack.depth - 1] = timeOf(e.batch, e.index);
    }
    this.#calls?.entered(e, stack, frame);
  }

  returned(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const begin = frame && this.#begun.get(stack)?.[stack.depth];
    this.#calls?.returned(e, stack, frame, begin);
    if (frame) this.#operations[e.point!.id]?.put(frame.seq, begin, e);
  }
}

class CallRows {
  readonly #insert: Insert;
  readonly #values: EventValues;
  readonly #returns: Returns | undefined;

  constructor(database: Database, used: ReadonlySet<string>, texts: Texts) {
    this.#insert = new Insert(database, calls, new Set([...used].filter((name) => !RETURNED.includes(name))));
    this.#values = new EventValues(ofEvent, this.#insert, texts);
    this.#returns = readsReturns(used) ? new Returns(database, calls, used, texts) : undefined;
  }

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    // User space writes markers: they are no calls of the kernel's.
    if (e.point!.operation.probe !== "marker") this.#put(e, stack, frame ? 1 : 0, timeOf(e.batch, e.index));
  }

  returned(e: EventView, stack: Stack, frame: Frame | undefined, begin: Time | undefined): void {
    if (!frame) this.#put(e, stack, 0, undefined);
    this.#returns?.put(frame?.seq ?? e.seq, begin, e);
  }

  /** `own`: frames of the stack that are the call's own. */
  #put(e: EventView, stack: Stack, own: number, begin: Time | undefined): void {
    const { row } = this.#insert;
    this.#values.put(e.batch, e.index);
    this.#insert.put("begin", (at) => (begin ? row.number(at, exact(begin)) : row.null(at)));
    this.#insert.put("depth", (at) => row.integer(at, stack.depth - own));
    this.#insert.put("parent", (at) => {
      const parent = stack.at(own);
      if (parent) row.integer(at, parent.seq);
      else row.null(at);
    });
    this.#insert.put("outermost", (at) => row.integer(at, stack.depth > 0 ? stack.at(stack.depth - 1)!.seq : e.seq));
    row.insert();
  }
}
