/**
 * The formats that kreel reads: of each, its name and its nature. `readers.ts` has how one is recognised and read.
 */
import { TroubleError } from "../base/trouble.js";

export interface FormatDefinition {
  readonly text: boolean;
  /** A line is an event wherever it stands: lines can be left out, and the others are a recording still. */
  readonly linesAreEvents?: true;
  /** It shows which calls were made, and nothing of what they were made on. */
  readonly callsOnly?: true;
  /** Why it cannot be read while it is written, and what to do. */
  readonly cannotFollow?: string;
}

export const formats = {
  ftrace: { text: true, linesAreEvents: true },
  "perf-script": { text: true, linesAreEvents: true },
  "trace-cmd-report": { text: true, linesAreEvents: true },
  "function-graph": { text: true, linesAreEvents: true, callsOnly: true },
  bpftrace: { text: true, linesAreEvents: true },
  ndjson: { text: true },
  "trace-dat": {
    text: false,
    cannotFollow:
      "a trace.dat cannot be followed: where its events are is written into it when the recording ends; follow /sys/kernel/tracing/trace_pipe, or leave --follow away when it is complete",
  },
  "kreel-log": {
    text: false,
    cannotFollow: "a log of kreel's own cannot be followed; follow what it is made from, or leave --follow away",
  },
  // Of a directory with the pages of each CPU: no file tells it.
  "trace-pipe-raw": {
    text: false,
    cannotFollow: "pages of the ring buffer cannot be followed; follow the text of trace_pipe",
  },
} as const satisfies { readonly [name: string]: FormatDefinition };

export type Format = keyof typeof formats;
export type TextFormat = { [F in Format]: (typeof formats)[F]["text"] extends true ? F : never }[Format];
export type BinaryFormat = Exclude<Format, TextFormat>;

export const FORMATS = Object.keys(formats) as readonly Format[];

export function isText(format: Format): format is TextFormat {
  return formats[format].text;
}

/** What a format is like; `undefined` for the name of none. */
export function formatOf(name: string): FormatDefinition | undefined {
  return Object.hasOwn(formats, name) ? formats[name as Format] : undefined;
}

/** The format of a name that somebody gave for `path`; throws a `TroubleError` for none. */
export function known(name: string, path: string): Format {
  if (!formatOf(name))
    throw new TroubleError(`--from ${name} is none that kreel reads; it reads ${FORMATS.join(", ")}`, path);
  return name as Format;
}
