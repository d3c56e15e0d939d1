/** Columns that an event alone fills: those of every event, and the arguments of an operation. */
import type { ArgumentDefinition } from "../../../events/definition.js";
import { points } from "../../../events/index.js";
import { argsText } from "../../export/ndjson.js";
import { jsonString } from "../../base/json-text.js";
import type { Batch } from "../../log/batch.js";
import { timeOf } from "../../log/span.js";
import type { Statement } from "../sqlite/database.js";
import { type Column, column, type ColumnType } from "../table.js";
import type { Insert } from "./insert.js";
import { exact, putWords } from "./numbers.js";
import type { Texts } from "./texts.js";

export interface EventColumn extends Column {
  put(row: Statement, at: number, batch: Batch, i: number, texts: Texts): void;
}

function filled(name: string, type: ColumnType, meaning: string, put: EventColumn["put"]): EventColumn {
  return { ...column(name, type, meaning), put };
}

export const eventColumns: readonly EventColumn[] = [
  filled("seq", "integer", "number of the event, from 1, in the order of the recording", (row, at, batch, i) =>
    row.integer(at, batch.firstSeq + i),
  ),
  filled("time", "integer", "nanoseconds of the recording's clock; of a counter, its ticks", (row, at, batch, i) =>
    row.number(at, exact(timeOf(batch, i))),
  ),
  filled("cpu", "integer", "the CPU", (row, at, batch, i) => row.integer(at, batch.cpu[i]!)),
  filled("task", "text", "the task, as gmemrun-138", (row, at, batch, i, { tasks }) =>
    tasks.put(row, at, batch.task[i]!),
  ),
  filled("comm", "text", "the task's name", (row, at, batch, i, { comms }) => comms.put(row, at, batch.task[i]!)),
  filled("pid", "integer", "its pid", (row, at, batch, i, { tables }) => {
    const { pid: number, comm, name } = tables.tasks.get(batch.task[i]!);
    if (Number.isSafeInteger(number)) row.integer(at, number);
    else row.text(at, name.slice(comm.length + 1));
  }),
  filled(
    "tgid",
    "integer",
    "its thread group; NULL where the recording does not say",
    (row, at, batch, i, { tables }) => {
      const { tgid } = tables.tasks.get(batch.task[i]!);
      if (tgid === undefined) row.null(at);
      else row.integer(at, tgid);
    },
  ),
  filled(
    "context",
    "text",
    "what was interrupted: task (nothing), hardirq, softirq, nmi, several with a + between them, or unknown",
    (row, at, batch, i, { contexts }) => contexts.put(row, at, batch.context[i]! & 15),
  ),
  filled(
    "kind",
    "text",
    "entry, return, or unknown: an event that is not in the catalogue",
    (row, at, batch, i, { kinds }) => kinds.put(row, at, batch.point[i]!),
  ),
  filled("name", "text", "the operation; of an unknown event, its own name", (row, at, batch, i, { names }) => {
    const unknown = batch.unknown.get(i);
    if (unknown) row.text(at, unknown.name);
    else names.put(row, at, batch.point[i]!);
  }),
  filled("line", "integer", "line of the recording; NULL where it has none", (row, at, batch, i) =>
    batch.line[i]! > 0 ? row.integer(at, batch.line[i]!) : row.null(at),
  ),
  filled(
    "place",
    "text",
    "where the probe was hit, iput+0x4/0x260; NULL where the recording has none",
    (row, at, batch, i, { places }) => (batch.place[i]! === 0 ? row.null(at) : places.put(row, at, batch.place[i]!)),
  ),
  filled(
    "args",
    "text",
    "its arguments, or its result, as JSON: args ->> 'inode'; of an unknown event its text",
    (row, at, batch, i, { tables }) => {
      const point = points.points[batch.point[i]!];
      row.once(
        at,
        point ? argsText(point, batch, i, tables) : `{"text":${jsonString(batch.unknown.get(i)?.text ?? "")}}`,
      );
    },
  ),
];

/** Returns a column that every event has, perhaps with another meaning in words. */
export function eventColumn(name: string, meaning?: string): EventColumn {
  const found = eventColumns.find((c) => c.name === name)!;
  return meaning === undefined ? found : { ...found, meaning };
}

/** The columns of a row that an event alone fills and that the statement reads. */
export class EventValues {
  readonly #columns: readonly EventColumn[];
  readonly #at: readonly number[];

  constructor(
    columns: readonly EventColumn[],
    private readonly insert: Insert,
    private readonly texts: Texts,
  ) {
    this.#columns = columns.filter((c) => insert.at(c.name) > 0);
    this.#at = this.#columns.map((c) => insert.at(c.name));
  }

  put(batch: Batch, i: number): void {
    const { row } = this.insert;
    for (let k = 0; k < this.#columns.length; k++) this.#columns[k]!.put(row, this.#at[k]!, batch, i, this.texts);
  }
}

/** Returns the column of an argument, by its place in the event. */
export function argumentColumn(definition: ArgumentDefinition, k: number, name: string): EventColumn {
  const put = putArgument(definition);
  return filled(name, columnType(definition), definition.meaning, (row, at, batch, i, texts) => {
    if ((batch.fault[i]! & (1 << k)) !== 0) row.null(at);
    else put(row, at, batch, batch.argStart[i]! + k, texts);
  });
}

export function columnType({ type }: ArgumentDefinition): ColumnType {
  return type === "string" || type === "ptr" ? "text" : "integer";
}

/** Returns a function that binds a readable value of an event; `base` is its index in the batch. */
export function putArgument({
  type,
}: ArgumentDefinition): (row: Statement, at: number, batch: Batch, base: number, texts: Texts) => void {
  if (type === "string") return (row, at, batch, base) => row.text(at, batch.strings[batch.low[base]!]!);
  if (type === "ptr") return (row, at, batch, base, { addresses }) => addresses.put(row, at, batch.low[base]!);
  const signed = type === "s32" || type === "s64";
  return (row, at, batch, base) => putWords(row, at, batch.low[base]!, batch.high[base]!, signed);
}
