/** `query --schema`: the tables and their columns. */
import { quoted, type Table } from "../query/table.js";
import { tables } from "../query/tables.js";
import type { Json } from "./json.js";
import type { Style } from "./style.js";

/** Columns that are SQLite keywords. `references` is none of them here. */
const KEYWORDS = new Set(["from", "index", "order", "group", "to"]);

function* columnLines({ columns }: Table, style: Style): Generator<string> {
  const names = columns.map(({ name }) => (KEYWORDS.has(name) ? quoted(name) : name));
  const width = Math.max(...names.map((name) => name.length));
  for (const [k, { type, meaning }] of columns.entries())
    yield `  ${names[k]!.padEnd(width)}  ${style.dim(type.padEnd("integer".length))}  ${meaning}`;
}

export function* schemaLines(style: Style): Generator<string> {
  yield "-- Times are nanoseconds of the recording's clock, or ticks of a counter. Addresses are text, 0xffff888100b08000.";
  yield "-- Whole numbers beyond 63 bits are text of their digits. What the kernel could not read is NULL.";
  for (const table of tables) {
    yield "";
    yield `${style.bold(table.name)}: ${table.summary}`;
    yield* columnLines(table, style);
  }
}

export function schemaJson(): { readonly [name: string]: Json } {
  return {
    kreel: "schema",
    version: 1,
    tables: tables.map(({ name, summary, columns }) => ({
      name,
      summary,
      columns: columns.map(({ name: column, type, meaning }) => ({ name: column, type, meaning })),
    })),
  };
}
