/**
 * Reads the text of `trace-cmd report` in its dialects: times rounded to microseconds or in full (`-t`), latency format
 * (`-l`), fields without their print format (`-R`), with flags or without. What differs from ftrace's own text: places
 * are addresses, `(function <- caller)` of a return; markers are events called `print`; and what is missing is
 * `CPU:1 [35 EVENTS DROPPED]`.
 *
 * The names of events have no group: one that a kernel's own event shares with a probe (`kvm_exit`) is the probe's only
 * if it was hit at a place.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import type { PointTable } from "../../../events/points.js";
import type { Batch } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import { COLON, HASH, IS_NAME, LF, OPEN, SPACE, latin1, utf8 } from "../ftrace/bytes.js";
import { type CompiledPoint, hashStep, PointsByName } from "../ftrace/compiled.js";
import { DASH_AT, Header, parseHeader } from "../ftrace/header.js";
import type { Body } from "../ftrace/slow-body.js";
import type { ReadReport } from "../report.js";
import { isWhole, PrintedBodies } from "../text/body.js";
import { markerText } from "../text/marker.js";
import { lastOf, type Line, TextReader } from "../text/reader.js";
import { findReportHeader, parseLatencyHeader } from "./header.js";
import { parseRawBody } from "./raw-body.js";

const LATENCY_DASH_AT = 8;
const MAX_NAME = 128;
const DROPPED = /^CPU:(\d{1,5}) \[(?:(\d{1,15}) )?EVENTS DROPPED\] *$/;
/** What trace-cmd says before the events. */
const PREAMBLE = /^(?:cpus=\d+|CPU \d+ is empty|version = \d+|\s*CPU\d* data (?:recorded at )?offset.*)$/;
/** How the body of a probe's event begins, unlike in ftrace's own text: an address without 0x, or a field of `-R`. */
const BODY = /^ *(?:\([\da-f]{8,16}(?: <- [\da-f]{8,16})?\)|__probe_(?:ip|func)=[\da-f]{8,16} |ip=\S+ buf=)/;

export class TraceCmdReportReader extends TextReader {
  readonly #names: PointsByName;
  readonly #bodies: ReportBodies;
  readonly #header = new Header();
  /** Points that the kernel defines itself, which print no place. */
  readonly #tracepoints: ReadonlySet<number>;
  readonly #marker: number;
  #task = -1;
  #cpu = -1;

  constructor(
    points: PointTable,
    tables: Tables,
    report: ReadReport,
    batchEvents?: number,
    private readonly names = new ArgumentNames(),
  ) {
    super(tables, report, batchEvents);
    this.#names = new PointsByName(points);
    this.#bodies = new ReportBodies(this.builder, tables.places, names, report);
    this.#tracepoints = new Set(points.points.flatMap((point) => (point?.operation.tracepoint ? [point.id] : [])));
    this.#marker = points.byEvent("tracing_mark_write")?.id ?? 0;
  }

  protected override scan(bytes: Uint8Array, start: number, end: number): number {
    const { builder, report, tables } = this;
    const header = this.#header;
    let line = report.lines;
    let p = start;
    while (p < end && !builder.full) {
      let name = parseHeader(bytes, p, p + DASH_AT, header);
      if (name < 0) name = parseLatencyHeader(bytes, p, p + LATENCY_DASH_AT, header);
      if (name < 0 || header.digits !== builder.timeDigits) break;
      let q = name;
      let hash = 0;
      for (; IS_NAME[bytes[q]!] === 1; q++) hash = hashStep(hash, bytes[q]!);
      if (bytes[q] !== COLON || bytes[q + 1] !== SPACE) break;
      const point = this.#names.find(hash, bytes, name, q);
      if (point === undefined || point.isMarker || this.#tracepoints.has(point.id)) break;
      for (q++; bytes[q] === SPACE; ) q++;
      if (bytes[q] !== OPEN) break;
      const sameTask =
        this.#task >= 0 && tables.tasks.isBytes(this.#task, bytes, header.task, header.pidEnd, header.tgid);
      if (!sameTask && hasLineFeed(bytes, p, header.pidEnd)) break;
      builder.begin(
        point.id,
        sameTask ? this.#task : 0,
        header.cpu,
        header.context,
        header.timeHigh,
        header.timeLow,
        line + 1,
      );
      const next = this.#bodies.fast(bytes, q, point);
      if (next < 0) {
        builder.abandon();
        break;
      }
      if (!sameTask)
        builder.setTask((this.#task = tables.tasks.internBytes(bytes, header.task, header.pidEnd, header.tgid)));
      if (header.cpu !== this.#cpu) report.sawCpu((this.#cpu = header.cpu));
      line++;
      p = next;
    }
    if (p > start) this.setMarker(-1);
    report.lines = line;
    return p;
  }

  protected override take(line: Line): boolean {
    const { bytes, start, end, as } = line;
    const taken = this.#event(line);
    if (taken !== "none") return taken === "event";
    // The beginning of a task's name that holds a line feed: with the next line, the dash may be where it must be.
    if (as === "joined") return false;
    if (as === "first" && end > start && end - start < DASH_AT && bytes[start] === SPACE) return false;
    const text = latin1(bytes, start, Math.min(end, start + 200));
    const dropped = DROPPED.exec(text);
    if (dropped) this.lose(Number(dropped[1]), Number(dropped[2] ?? 0), line.line);
    else if (!this.inMarker && (PREAMBLE.test(text) || bytes[start] === HASH)) this.report.comments++;
    else this.leftover(line);
    return true;
  }

  /** `none`: not an event. `more`: one whose string has no end in this line. */
  #event(line: Line): "event" | "more" | "none" {
    const { bytes, start, end, as, cut } = line;
    const name = findReportHeader(bytes, start, end, this.#header);
    if (name < 0 || name > end) return "none";
    if (as !== "joined" && hasLineFeed(bytes, start, name)) return "none";
    let q = name;
    let hash = 0;
    for (; IS_NAME[bytes[q]!] === 1; q++) hash = hashStep(hash, bytes[q]!);
    if (q === name || q - name > MAX_NAME || bytes[q] !== COLON || (q + 1 < end && bytes[q + 1] !== SPACE))
      return "none";
    const event = latin1(bytes, name, q);
    let from = Math.min(q + 1, end);
    while (from < end && bytes[from] === SPACE) from++;
    if (event === "print") {
      const text = markerText(utf8(bytes, from, end));
      if (text !== undefined && this.#marker > 0) {
        if (as === "joined") return "none";
        this.beginAt(this.#header, bytes, this.#marker, line.line);
        this.builder.pushString(text);
        this.setMarker(Buffer.byteLength(text));
        return "event";
      }
    }
    const found = this.#names.find(hash, bytes, name, q);
    const text = latin1(bytes, from, end);
    const body = found && !found.isMarker ? this.#parse(text, found) : undefined;
    if (!found || !body) {
      if (as === "joined" || cut) return "none";
      this.beginAt(this.#header, bytes, 0, line.line);
      this.unknown(event, utf8(bytes, from, end));
      return "event";
    }
    if ((as === "joined" || cut) && !isWhole(body, found)) return as === "joined" ? "more" : "none";
    if (as === "first" && body.unterminated && found.hasStrings) return "more";
    this.beginAt(this.#header, bytes, found.id, line.line);
    this.#bodies.push(text, body, found, lastOf(line));
    return "event";
  }

  protected override rejoin(text: string, line: number): boolean {
    return this.#bodies.rejoin(text, line);
  }

  protected override get openArgs(): readonly ArgumentDefinition[] | undefined {
    return this.#bodies.openArgs;
  }

  override restart(): Batch[] {
    this.names.forget();
    return super.restart();
  }

  /** `undefined`: it is another event of that name, one without a place. */
  #parse(text: string, point: CompiledPoint): Body | undefined {
    if (this.#tracepoints.has(point.id) || text.startsWith("(")) return this.#bodies.parse(text, point);
    return parseRawBody(text, point);
  }
}

class ReportBodies extends PrintedBodies {
  override parse(text: string, point: CompiledPoint): Body {
    return (text.startsWith("__probe_") ? parseRawBody(text, point) : undefined) ?? super.parse(text, point);
  }
}

function hasLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === LF) return true;
  return false;
}

/** Whether the line `[start, end)` is one that trace-cmd prints and ftrace does not. */
export function looksLikeTraceCmdReport(bytes: Uint8Array, start: number, end: number): boolean {
  const header = new Header();
  const text = latin1(bytes, start, Math.min(end, start + 400));
  if (/^cpus=\d+$/.test(text) || DROPPED.test(text)) return true;
  const name = findReportHeader(bytes, start, end, header);
  if (name < 0) return false;
  if (parseLatencyHeader(bytes, start, start + LATENCY_DASH_AT, header) >= 0) return true;
  const event = /^[\w.$-]+:( .*)$/.exec(latin1(bytes, name, Math.min(end, name + 400)));
  return event !== null && BODY.test(event[1]!);
}
