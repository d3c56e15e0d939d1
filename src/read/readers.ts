/** The reader of each format that is text. */
import type { PointTable } from "../../events/points.js";
import type { Tables } from "../log/tables.js";
import { ArgumentNames } from "./arguments/names.js";
import { BpftraceReader } from "./bpftrace/index.js";
import type { TextFormat } from "./detect.js";
import { FtraceReader } from "./ftrace/index.js";
import { FunctionGraphReader } from "./function-graph/index.js";
import { NdjsonReader } from "./ndjson/index.js";
import { PerfScriptReader } from "./perf-script/index.js";
import type { ReadReport } from "./report.js";
import type { StreamReader } from "./stream-reader.js";
import { TraceCmdReportReader } from "./trace-cmd-report/index.js";

/**
 * `beginning`: of the recording, as much as is at hand; the layout of some formats is told by it. `names`: what is
 * known of its arguments' names, shared by the readers of one recording in several files.
 */
export function readerOf(
  format: TextFormat,
  beginning: Buffer,
  points: PointTable,
  tables: Tables,
  report: ReadReport,
  batchEvents?: number,
  names = new ArgumentNames(),
): StreamReader {
  switch (format) {
    case "ftrace":
      return new FtraceReader(points, tables, report, batchEvents, names);
    case "perf-script":
      return new PerfScriptReader(points, tables, report, beginning, batchEvents, names);
    case "trace-cmd-report":
      return new TraceCmdReportReader(points, tables, report, batchEvents, names);
    case "function-graph":
      return new FunctionGraphReader(points, tables, report, batchEvents);
    case "bpftrace":
      return new BpftraceReader(points, tables, report, batchEvents, names);
    case "ndjson":
      return new NdjsonReader(points, tables, report, batchEvents, names);
  }
}
