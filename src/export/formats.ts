/** The forms in which a recording can be written, each defined once. Rarely used ones are loaded on demand. */
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
  /** The output is a terminal: each event is one line. */
  readonly oneLine: boolean;
}

/** Writes the whole recording while it is read. */
export interface StreamFormat {
  readonly of: "recording";
  /** A few words for the help. */
  readonly words: string;
  readonly pieces: (recording: Recorded, options: StreamOptions) => Pieces | Promise<Pieces>;
  /** Not text: refused on a terminal. */
  readonly binary?: true;
  /** `--focus` selects its contents. */
  readonly focused?: true;
}

/** Writes the state at a moment. */
export interface GraphFormat {
  readonly of: "moment";
  readonly words: string;
  readonly text: (graph: Graph) => string;
}

/** Writes the probes that would make the same recording again. */
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
