/** Inserts rows of one table, with only the columns that a statement reads. */
import type { Cell, Database, Statement } from "../sqlite/database.js";
import { quoted, type Table } from "../table.js";

/** A statement that binds columns by their names. */
abstract class Binding {
  readonly row: Statement;
  readonly #at: ReadonlyMap<string, number>;

  constructor(database: Database, columns: readonly string[], sql: string) {
    this.#at = new Map(columns.map((c, k) => [c, k + 1]));
    this.row = database.prepare(sql).statement!;
  }

  /** Returns the parameter's index; 0 for a column that the statement does not read. */
  at(column: string): number {
    return this.#at.get(column) ?? 0;
  }

  put(column: string, bind: (at: number) => void): void {
    const at = this.#at.get(column);
    if (at !== undefined) bind(at);
  }

  /** Inserts a whole row, by column; an absent column is NULL. */
  values(values: Readonly<Record<string, Cell | undefined>>): void {
    for (const [column, at] of this.#at) this.row.value(at, values[column] ?? null);
    this.row.insert();
  }
}

export class Insert extends Binding {
  constructor(database: Database, { name, columns }: Table, used: ReadonlySet<string>) {
    const names = columns.map((c) => c.name).filter((c) => used.has(c));
    super(
      database,
      names,
      `INSERT INTO ${quoted(name)} (${names.map(quoted).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
  }
}

/** Changes columns of an existing row, found by the first column of its table. */
export class Update extends Binding {
  /** The parameter's index of that column. */
  readonly key: number;

  constructor(database: Database, { name, columns }: Table, changed: readonly string[]) {
    super(
      database,
      changed,
      `UPDATE ${quoted(name)} SET ${changed.map((c) => `${quoted(c)} = ?`).join(", ")} WHERE ${quoted(columns[0]!.name)} = ?`,
    );
    this.key = changed.length + 1;
  }
}
