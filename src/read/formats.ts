/** The formats that kreel reads: the name and the properties of each. `readers.ts` recognises and reads them. */
import { TroubleError } from "../base/trouble.js";

export interface FormatDefinition {
  readonly text: boolean;
  /** Each line is an event or not, independent of the others: a subset of the lines is a recording. */
  readonly linesAreEvents?: true;
  /** It has the calls, but not the objects that they were made on. */
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
  // A directory with the pages of each CPU: no single file has this format.
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

/** Returns the properties of a format; `undefined` if there is none of this name. */
export function formatOf(name: string): FormatDefinition | undefined {
  return Object.hasOwn(formats, name) ? formats[name as Format] : undefined;
}

/**
 * Returns the format that the user named for `path`.
 * @throws {TroubleError} if there is none of this name
 */
export function known(name: string, path: string): Format {
  if (!formatOf(name))
    throw new TroubleError(`--from ${name} is none that kreel reads; it reads ${FORMATS.join(", ")}`, path);
  return name as Format;
}
