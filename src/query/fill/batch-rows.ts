/** Rows that are written from a batch alone: events, entries of one operation, losses. */
import type { Batch } from "../../log/batch.js";
import type { Database } from "../sqlite/database.js";
import { column, type Table } from "../table.js";
import type { Used } from "../used.js";
import { eventColumns, EventValues } from "./event-columns.js";
import { Insert } from "./insert.js";
import { operationTables } from "./operation-tables.js";
import type { Texts } from "./texts.js";

export const events: Table = {
  name: "events",
  summary: "the events of the recording, as export --to ndjson has them",
  columns: eventColumns,
};

export const losses: Table = {
  name: "losses",
  summary: "where the recording says that events are missing",
  columns: [
    column("event", "integer", "they are missing before this event, on that CPU"),
    column("cpu", "integer", "the CPU"),
    column("count", "integer", "how many; NULL where the recording says only that some are"),
    column("line", "integer", "the line that says so; NULL where the recording has none"),
  ],
};

export class BatchRows {
  readonly #events: EventRows | undefined;
  readonly #losses: Insert | undefined;
  /** By point. */
  readonly #operations: (EventRows | undefined)[] = [];
  readonly #readsOperations: boolean;
  /** Names of the events that rows are made of, if only entries of some operations are read. */
  readonly only: ReadonlySet<string> | undefined;

  constructor(database: Database, used: Used, texts: Texts) {
    const columns = used.get(events.name);
    this.#events = columns && new EventRows(new Insert(database, events, columns), eventColumns, texts);
    const ofLosses = used.get(losses.name);
    this.#losses = ofLosses && new Insert(database, losses, ofLosses);
    for (const { table, point, columns: ofEntry } of operationTables) {
      const read = used.get(table.name);
      if (!read) continue;
      const filled = new Set(ofEntry.map((c) => c.name).filter((name) => read.has(name)));
      this.#operations[point] = new EventRows(new Insert(database, table, filled), ofEntry, texts);
    }
    this.#readsOperations = this.#operations.length > 0;
    const names = operationTables.map(({ table }) => table.name).filter((name) => used.has(name));
    this.only = names.length === used.size ? new Set(names) : undefined;
  }

  add(batch: Batch): void {
    if (this.#events) for (let i = 0; i < batch.length; i++) this.#events.add(batch, i);
    if (this.#readsOperations) for (let i = 0; i < batch.length; i++) this.#operations[batch.point[i]!]?.add(batch, i);
    if (this.#losses)
      for (const { index, cpu, count, line } of batch.losses)
        this.#losses.values({
          event: batch.firstSeq + index,
          cpu,
          count: count === 0 ? null : count,
          line: line > 0 ? line : null,
        });
  }
}

class EventRows {
  readonly #values: EventValues;

  constructor(
    private readonly insert: Insert,
    columns: typeof eventColumns,
    texts: Texts,
  ) {
    this.#values = new EventValues(columns, insert, texts);
  }

  add(batch: Batch, i: number): void {
    this.#values.put(batch, i);
    this.insert.row.insert();
  }
}
