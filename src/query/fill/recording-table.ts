/** A table of facts about the recording as a whole. */
import type { Span } from "../../log/span.js";
import type { Recorded } from "../../read/report.js";
import { type Cell, Real } from "../sqlite/database.js";
import { column, type Table } from "../table.js";
import { exact } from "./numbers.js";

export const recording: Table = {
  name: "recording",
  summary: "the recording itself",
  columns: [
    column(
      "key",
      "text",
      "path, format, events, lost, skipped, unknown, tasks, seconds, clock, digits, begin, end, warning",
    ),
    column("value", "value", "its value; begin and end are times, clock is seconds or counter"),
  ],
};

export function recordingRows({ origin, report, tables }: Recorded, span: Span): [string, Cell][] {
  const { first, last } = span.saved();
  const { kind = "seconds", digits = null } = report.clock ?? {};
  return [
    ["path", origin.path],
    ["format", origin.format],
    ["events", report.events],
    ["lost", report.lost],
    ["skipped", report.skipped],
    ["unknown", report.unknown],
    ["tasks", tables.tasks.size],
    ["seconds", new Real(kind === "counter" ? 0 : span.seconds)],
    ["clock", kind],
    ["digits", digits],
    ["begin", first ? exact(first) : null],
    ["end", first ? exact(last) : null],
    ...report.warnings.map((warning): [string, Cell] => ["warning", warning]),
  ];
}
