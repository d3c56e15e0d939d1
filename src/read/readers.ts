/** Recognises and reads each text format. */
import type { PointTable } from "../../events/points.js";
import type { Tables } from "../log/tables.js";
import { ArgumentNames } from "./arguments/names.js";
import { BpftraceReader, looksLikeBpftrace } from "./bpftrace/index.js";
import type { TextFormat } from "./formats.js";
import { FtraceReader } from "./ftrace/index.js";
import { looksLikeFtrace } from "./ftrace/looks-like.js";
import { FunctionGraphReader, looksLikeFunctionGraph } from "./function-graph/index.js";
import { looksLikeNdjson, NdjsonReader } from "./ndjson/index.js";
import { looksLikePerfScript, PerfScriptReader } from "./perf-script/index.js";
import type { ReadReport } from "./report.js";
import type { StreamReader } from "./stream-reader.js";
import { looksLikeTraceCmdReport, TraceCmdReportReader } from "./trace-cmd-report/index.js";

/** A line of a file's beginning, for recognition: formats that look at bytes need not wait for its text. */
export interface FirstLine {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Its first characters, enough to determine its format. */
  readonly text: string;
}

/** What a reader of text needs. */
export interface ReaderOptions {
  readonly points: PointTable;
  readonly tables: Tables;
  readonly report: ReadReport;
  /** The bytes of the recording at hand; they determine the layout of some formats. */
  readonly beginning: Buffer;
  readonly batchEvents?: number | undefined;
  /** The names known for its arguments, shared by the readers of one recording in several files. */
  readonly names?: ArgumentNames;
}

interface TextReader {
  /** True if a line is like this format's and like no other's. */
  readonly looksLike: (line: FirstLine) => boolean;
  readonly open: (options: ReaderOptions & { readonly names: ArgumentNames }) => StreamReader;
}

/**
 * In the order in which a line is tried. perf first: a task's name can make its line look like one of ftrace up to the
 * event's name, but not that. ftrace last: its head is mere comments.
 */
const readers: { readonly [F in TextFormat]: TextReader } = {
  "perf-script": {
    looksLike: ({ bytes, start }) => looksLikePerfScript(bytes, start),
    open: (s) => new PerfScriptReader(s.points, s.tables, s.report, s.beginning, s.batchEvents, s.names),
  },
  bpftrace: {
    looksLike: ({ text }) => looksLikeBpftrace(text),
    open: (s) => new BpftraceReader(s.points, s.tables, s.report, s.batchEvents, s.names),
  },
  ndjson: {
    looksLike: ({ text }) => looksLikeNdjson(text),
    open: (s) => new NdjsonReader(s.points, s.tables, s.report, s.batchEvents, s.names),
  },
  "function-graph": {
    looksLike: ({ text }) => looksLikeFunctionGraph(text),
    open: (s) => new FunctionGraphReader(s.points, s.tables, s.report, s.batchEvents),
  },
  "trace-cmd-report": {
    looksLike: ({ bytes, start, end }) => looksLikeTraceCmdReport(bytes, start, end),
    open: (s) => new TraceCmdReportReader(s.points, s.tables, s.report, s.batchEvents, s.names),
  },
  ftrace: {
    looksLike: ({ bytes, start, end }) => looksLikeFtrace(bytes, start, end),
    open: (s) => new FtraceReader(s.points, s.tables, s.report, s.batchEvents, s.names),
  },
};
const TRIED = Object.keys(readers) as readonly TextFormat[];

export function formatOfLine(line: FirstLine): TextFormat | undefined {
  return TRIED.find((format) => readers[format].looksLike(line));
}

export function readerOf(format: TextFormat, options: ReaderOptions): StreamReader {
  return readers[format].open({ names: new ArgumentNames(), ...options });
}
