/** The definition of a table: its columns, and their meanings. */

/**
 * `integer`: a whole number; beyond 63 bits, which SQLite does not have, the text of its digits. `text`. `value`: a
 * number or a text, as it comes. Addresses are text, `0xffff888100b08000`.
 */
export type ColumnType = "integer" | "text" | "value";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly meaning: string;
}

export interface Table {
  readonly name: string;
  readonly summary: string;
  /** The first column is the key of the rows. */
  readonly columns: readonly Column[];
}

export function column(name: string, type: ColumnType, meaning: string): Column {
  return { name, type, meaning };
}

const SQL_TYPES: Readonly<Record<ColumnType, string>> = { integer: "ANY", text: "TEXT", value: "ANY" };

export function createTable({ name, columns }: Table): string {
  const definitions = columns.map(
    (c, k) => `${quoted(c.name)} ${k === 0 && c.type === "integer" ? "INTEGER PRIMARY KEY" : SQL_TYPES[c.type]}`,
  );
  return `CREATE TABLE ${quoted(name)} (${definitions.join(", ")}) STRICT`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
