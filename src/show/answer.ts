/**
 * Formats the rows of a query: aligned for people, in lines for programs. Everything is streamed but the widths of
 * columns.
 */
import { jsonString } from "../base/json-text.js";
import { printable } from "../base/trouble.js";
import { cellJson, cellText, fieldNames } from "../query/cells.js";
import type { Cell } from "../query/sqlite/database.js";
import type { Style } from "./style.js";

type Rows = Iterable<readonly Cell[]>;

/** Most rows measured for the widths, and most characters of their texts; later rows may be wider. */
const MEASURED = 1000;
const MEASURED_TEXT = 2 ** 22;
/** Greatest width of a column; longer texts exceed it. */
const WIDEST = 4096;
const GAP = "  ";

/** Aligns columns below their names, numbers to the right. */
export function* tableLines(columns: readonly string[], rows: Rows, style: Style, header: boolean): Generator<string> {
  let first: (readonly Cell[])[] | undefined = [];
  let text = 0;
  let layout: Layout | undefined;
  for (const row of rows) {
    if (layout) {
      yield layout.line(row);
      continue;
    }
    first!.push(row);
    for (const cell of row) text += typeof cell === "string" || cell instanceof Uint8Array ? cell.length : 0;
    if (first!.length < MEASURED && text < MEASURED_TEXT) continue;
    layout = new Layout(columns, first!);
    yield* layout.lines(first!, style, header);
    first = undefined;
  }
  if (!layout) yield* new Layout(columns, first!).lines(first!, style, header);
}

class Layout {
  readonly #names: readonly string[];
  readonly #widths: readonly number[];
  /** By column, true if it holds only numbers. */
  readonly #right: readonly boolean[];

  constructor(columns: readonly string[], rows: readonly (readonly Cell[])[]) {
    this.#names = columns.map(printable);
    this.#right = columns.map(
      (_, k) => rows.some((row) => row[k] !== null) && rows.every((row) => row[k] === null || isNumber(row[k]!)),
    );
    this.#widths = this.#names.map((name, k) =>
      rows.reduce(
        (width, row) => Math.max(width, Math.min(WIDEST, widthOf(shown(row[k]!)))),
        Math.min(WIDEST, widthOf(name)),
      ),
    );
  }

  *lines(rows: readonly (readonly Cell[])[], style: Style, header: boolean): Generator<string> {
    if (header) yield style.bold(this.#join(this.#names));
    for (const row of rows) yield this.line(row);
  }

  line(row: readonly Cell[]): string {
    return this.#join(row.map(shown));
  }

  #join(texts: readonly string[]): string {
    return texts
      .map((text, k) => padded(text, this.#widths[k]!, this.#right[k]!))
      .join(GAP)
      .trimEnd();
  }
}

function isNumber(cell: Cell): boolean {
  return typeof cell !== "string" && !(cell instanceof Uint8Array);
}

function shown(cell: Cell): string {
  return printable(cellText(cell));
}

function widthOf(text: string): number {
  let width = 0;
  // A character beyond the first plane is two units.
  for (let k = 0; k < text.length; k++) if ((text.charCodeAt(k) & 0xfc00) !== 0xdc00) width++;
  return width;
}

function padded(text: string, width: number, right: boolean): string {
  const room = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? room + text : text + room;
}

/** Separates values by tabs; tabs, line feeds and other control characters within a value are shown as `\x09`. */
export function* tsvLines(columns: readonly string[], rows: Rows, header: boolean): Generator<string> {
  if (header) yield columns.map(printable).join("\t");
  for (const row of rows) yield row.map(shown).join("\t");
}

/** RFC 4180 except for the line ends: values as they are, quoted if they need it. */
export function* csvLines(columns: readonly string[], rows: Rows, header: boolean): Generator<string> {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  if (header) yield columns.map(field).join(",");
  for (const row of rows) yield row.map((cell) => field(cellText(cell))).join(",");
}

/** Writes one object per row. */
export function* ndjsonLines(columns: readonly string[], rows: Rows): Generator<string> {
  const fields = fieldNames(columns).map(jsonString);
  for (const row of rows) yield `{${row.map((cell, k) => `${fields[k]!}:${cellJson(cell)}`).join(",")}}`;
}

/** Writes one document with one row per line; `head` holds the fields before the rows. */
export function* documentLines(columns: readonly string[], rows: Rows, head: readonly string[]): Generator<string> {
  yield "{";
  for (const field of head) yield `  ${field},`;
  yield `  "columns": [${fieldNames(columns).map(jsonString).join(", ")}],`;
  let before: string | undefined;
  for (const line of ndjsonLines(columns, rows)) {
    yield before === undefined ? '  "rows": [' : `    ${before},`;
    before = line;
  }
  if (before !== undefined) yield `    ${before}`;
  yield before === undefined ? '  "rows": []' : "  ]";
  yield "}";
}
