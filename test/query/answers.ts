/** The answer to a statement, as rows of plain values. */
import type { Recorded } from "../../src/read/report.js";
import { query } from "../../src/query/query.js";
import { type Cell, Real } from "../../src/query/sqlite/database.js";

export type Plain = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, Plain>>;

export function plain(cell: Cell): Plain {
  return cell instanceof Real ? cell.value : cell;
}

/** Queries a recording by its path, or one in memory. */
export async function ask(recording: string | Recorded, sql: string, memory?: number): Promise<Row[]> {
  const answer = await query(typeof recording === "string" ? recording : "made", sql, {
    ...(typeof recording === "string" ? {} : { open: async () => recording }),
    ...(memory === undefined ? {} : { memory }),
  });
  try {
    return [...answer.rows].map((row) => Object.fromEntries(row.map((cell, k) => [answer.columns[k]!, plain(cell)])));
  } finally {
    answer.close();
  }
}
