/** The forms in which a recording can be written, each once. Those that few need are loaded when they are. */
import { argumentRemarks } from "../read/arguments/remark.js";
import type { Recorded } from "../read/report.js";
import { ftraceTextOf } from "../write/ftrace.js";
import { dotText } from "./dot.js";
import type { Graph } from "./graph.js";
import { mermaidText } from "./mermaid.js";
import { ndjsonText } from "./ndjson.js";

type Pieces = AsyncIterable<string | Uint8Array>;

export interface StreamOptions {
  readonly everything: boolean;
  /** A terminal shows it: an event is one line. */
  readonly oneLine: boolean;
}

/** The whole recording, written while it is read. */
export interface StreamFormat {
  readonly of: "recording";
  /** What it is, in a few words. */
  readonly words: string;
  readonly pieces: (recording: Recorded, options: StreamOptions) => Pieces | Promise<Pieces>;
  /** No text: a terminal is no place for it. */
  readonly binary?: true;
  /** `--focus` says what is in it. */
  readonly focused?: true;
}

/** The state at a moment. */
export interface GraphFormat {
  readonly of: "moment";
  readonly words: string;
  readonly text: (graph: Graph) => string;
}

/** The probes that record the same again. */
export interface ProbesFormat {
  readonly of: "probes";
  readonly words: string;
}

export const EXPORTS: { readonly [format: string]: StreamFormat | GraphFormat | ProbesFormat } = {
  perfetto: {
    of: "recording",
    words: "Chrome trace events for the Perfetto UI",
    pieces: async (recording, { everything }) =>
      (await import("./perfetto/index.js")).perfettoText(recording, { everything }),
    focused: true,
  },
  ndjson: {
    of: "recording",
    words: "every event, lossless; kreel reads it back",
    pieces: (recording) => ndjsonText(recording),
  },
  arrow: {
    of: "recording",
    words: "an IPC stream for pandas, Polars and DuckDB",
    pieces: async (recording) => (await import("./arrow/index.js")).arrowStream(recording),
    binary: true,
  },
  dot: { of: "moment", words: "the object graph at a moment, for Graphviz", text: dotText },
  mermaid: { of: "moment", words: "the object graph at a moment, for Markdown", text: mermaidText },
  "kprobe-events": { of: "probes", words: "the probes that record it again" },
  ftrace: {
    of: "recording",
    words: "the text of tracefs",
    pieces: (recording, { oneLine }) =>
      ftraceTextOf(recording.batches(), recording.tables, {
        oneLine,
        report: recording.report,
        remarks: () => (recording.report.isConcluded ? argumentRemarks(recording.report.arguments) : []),
      }),
  },
};
