/** Formatters for the events of the catalogue, made once from the definitions. */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Batch } from "../log/batch.js";
import { Recent } from "../log/recent.js";
import type { Tables } from "../log/tables.js";
import { signed64, unsigned64 } from "../log/view.js";
import { CompiledPoint } from "../read/ftrace/compiled.js";
import { markerText, oneLine, placeText, quotable, readsBack } from "./ftrace-text.js";

export interface EventFormat {
  /** `iput: `, before the text. */
  readonly name: string;
  readonly isMarker: boolean;
  /** Returns the text of the event at an index. `single`: the reader will not join a second line to it. */
  format(batch: Batch, index: number, tables: Tables, single: boolean): string;
}

/** Formats an argument; `at` is the index of its words in the batch. */
type NumberFormat = (batch: Batch, at: number, tables: Tables) => string;

/** Places that are cached for each point: a probe is hit in one, and returns come from a few. */
const PLACES = 256;
const FAULT = "(fault)";
/** The kernel's text for a marker that it could not read. */
const FAULTED_MARKER = "<faulted>";

/** Returns formatters by point; point 0 has none. */
export function eventFormats(points: PointTable): (EventFormat | undefined)[] {
  return points.points.map((point) => {
    if (!point) return undefined;
    const name = `${point.event}: `;
    switch (point.operation.probe) {
      case "marker":
        return { name, isMarker: true, format: formatMarker };
      case "tracepoint":
        return { name, isMarker: false, format: tracepointFormat(point) };
      case "kprobe":
        return { name, isMarker: false, format: kprobeFormat(point) };
    }
  });
}

function formatMarker(batch: Batch, index: number): string {
  if (batch.fault[index] !== 0) return FAULTED_MARKER;
  return markerText(batch.strings[batch.low[batch.argStart[index]!]!]!);
}

/** `(place) name=value …` */
function kprobeFormat(point: Point): EventFormat["format"] {
  const unknownPlace = `(${madeUpPlace(point)})`;
  const places = new Recent<string>(PLACES);
  const keys = point.args.map((arg) => ` ${arg.name}=`);
  const formats = point.args.map(numberFormat);
  const compiled = new CompiledPoint(point);
  return (batch, index, tables, single) => {
    const place = batch.place[index]!;
    let text =
      place === 0
        ? unknownPlace
        : (places.get(place) ?? places.set(place, `(${placeText(tables.places.text(place))})`));
    const base = batch.argStart[index]!;
    const fault = batch.fault[index]!;
    let careful = false;
    for (let k = 0; k < keys.length; k++) {
      text += keys[k]!;
      if (fault !== 0 && (fault & (1 << k)) !== 0) text += FAULT;
      else if (formats[k] === undefined) {
        const string = quotable(batch.strings[batch.low[base + k]!]!);
        careful ||= /["\n]/.test(string);
        text += `"${string}"`;
      } else text += formats[k]!(batch, base + k, tables);
    }
    return careful ? carefully(batch, index, tables, single) : text;
  };

  /**
   * Formats an event whose strings have quotes or line feeds: those are replaced, line feeds first, until it reads
   * back.
   */
  function carefully(batch: Batch, index: number, tables: Tables, single: boolean): string {
    const number = batch.place[index]!;
    const place = number === 0 ? unknownPlace : `(${placeText(tables.places.text(number))})`;
    const base = batch.argStart[index]!;
    const written = (unreadable: RegExp): string[] =>
      formats.map((format, k) => {
        if ((batch.fault[index]! & (1 << k)) !== 0) return FAULT;
        return format
          ? format(batch, base + k, tables)
          : `"${quotable(batch.strings[batch.low[base + k]!]!).replaceAll(unreadable, "?")}"`;
      });
    const body = (values: readonly string[]): string => place + values.map((value, k) => keys[k]! + value).join("");
    for (const unreadable of single ? [/\n/g] : [/(?!)/g, /\n/g]) {
      const values = written(unreadable);
      const text = body(values);
      if (readsBack(text, values, compiled)) return text;
    }
    return body(written(/["\n]/g));
  }
}

/**
 * Returns a place where the probe could have been hit, for a log that has no places: the caller is named as the kernel
 * names one that it does not know.
 */
function madeUpPlace({ operation, phase }: Point): string {
  if (phase === "return") return `[unknown/kretprobe'd] <- ${operation.symbol}`;
  return `${operation.symbol}+0x0/0x0${operation.module === undefined ? "" : ` [${operation.module}]`}`;
}

/**
 * Formats the template with its arguments, strings bare. The reader does not know these formats, so a quote could
 * mislead it.
 */
function tracepointFormat(point: Point): EventFormat["format"] {
  const parts = (point.operation.tracepoint?.print ?? "").split(/\{(\w+)\}/);
  const args = parts.map((name, n) => (n % 2 === 1 ? point.args.findIndex((arg) => arg.name === name) : -1));
  // By the kernel's habit `%lx` stands alone and `0x%lx` after a name: `ino 1a pfn=0x2b`.
  const bare = parts.map((_, n) => n % 2 === 1 && !parts[n - 1]!.endsWith("="));
  const formats = point.args.map(numberFormat);
  return (batch, index, tables) => {
    const base = batch.argStart[index]!;
    const text = parts.map((part, n) => {
      const k = args[n]!;
      if (k < 0) return part;
      if ((batch.fault[index]! & (1 << k)) !== 0) return FAULT;
      const value = formats[k]?.(batch, base + k, tables) ?? batch.strings[batch.low[base + k]!]!.replaceAll('"', "?");
      return bare[n] && point.args[k]!.type.startsWith("x") ? value.replace(/^0x/, "") : value;
    });
    return oneLine(text.join(""));
  };
}

/** Returns the format that the type's suffix gives a kprobe; `undefined` for a string. */
function numberFormat({ type }: ArgumentDefinition): NumberFormat | undefined {
  switch (type) {
    case "ptr":
      return (batch, at, { addresses }) => hex(addresses.low(batch.low[at]!), addresses.high(batch.low[at]!));
    case "x64":
      return (batch, at) => hex(batch.low[at]!, batch.high[at]!);
    case "x32":
      return (batch, at) => hex(batch.low[at]!, 0);
    case "u8":
    case "u32":
      return (batch, at) => String(batch.low[at]!);
    case "s32":
      return (batch, at) => String(batch.low[at]! | 0);
    case "u64":
      return (batch, at) =>
        batch.high[at] === 0 ? String(batch.low[at]!) : String(unsigned64(batch.low[at]!, batch.high[at]!));
    case "s64":
      return (batch, at) =>
        batch.high[at] === 0 ? String(batch.low[at]!) : String(signed64(batch.low[at]!, batch.high[at]!));
    case "string":
      return undefined;
  }
}

function hex(low: number, high: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
}
