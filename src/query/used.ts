/**
 * Finds the tables and columns that a statement reads, in the program that SQLite made of it, which opens each table
 * that it reads and names every column that it takes from there. (The authorizer is not called for columns that USING
 * or NATURAL compare.)
 */
import type { Database } from "./sqlite/database.js";
import type { Table } from "./table.js";

/** By name of a table, the names of its columns. */
export type Used = ReadonlyMap<string, ReadonlySet<string>>;

export function usedBy(database: Database, sql: string, tables: readonly Table[]): Used {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const byRoot = new Map(
    [...database.rows("SELECT rootpage, name FROM sqlite_schema WHERE type = 'table'")].map(([root, name]) => [
      root,
      byName.get(name as string),
    ]),
  );
  const used = new Map<string, Set<string>>();
  /** By cursor of the program. */
  const open = new Map<unknown, Table>();
  for (const [, opcode, p1, p2] of database.rows(`EXPLAIN ${sql}`)) {
    const table = opcode === "OpenRead" ? byRoot.get(p2!) : undefined;
    if (table) {
      open.set(p1, table);
      if (!used.has(table.name)) used.set(table.name, new Set([table.columns[0]!.name]));
    }
    if (opcode === "Column" && open.has(p1))
      used.get(open.get(p1)!.name)!.add(open.get(p1)!.columns[p2 as number]!.name);
  }
  return used;
}
