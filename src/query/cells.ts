/** Values of a result as text and as JSON. */
import { jsonString } from "../base/json-text.js";
import { type Cell, Real } from "./sqlite/database.js";

/** Formats a value as SQLite's own shell does: NULL is empty, a real number has a point, bytes are hexadecimal. */
export function cellText(cell: Cell): string {
  if (cell === null) return "";
  if (cell instanceof Real) return realText(cell.value);
  return cell instanceof Uint8Array ? `x'${Buffer.from(cell).toString("hex")}'` : String(cell);
}

/**
 * Formats a value as JSON: whole numbers beyond 2^53 as strings of digits, as in `export --to ndjson`; bytes as
 * hexadecimal.
 */
export function cellJson(cell: Cell): string {
  if (cell === null) return "null";
  if (typeof cell === "number") return String(cell);
  if (cell instanceof Real)
    return Number.isFinite(cell.value) ? realText(cell.value) : `${cell.value < 0 ? "-" : ""}1e999`;
  return jsonString(cell instanceof Uint8Array ? Buffer.from(cell).toString("hex") : String(cell));
}

function realText(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Makes names of columns unique, as fields need: the second `seq` is `seq:1`. */
export function fieldNames(columns: readonly string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let name = column;
    for (let k = 1; taken.has(name); k++) name = `${column}:${k}`;
    taken.add(name);
    return name;
  });
}
