/**
 * Reads the text of `trace` and `trace_pipe`. What the scanner leaves: markers, unknown operations, comments, losses,
 * stack dumps, and events that take more than one line because a task's name or a string holds a line feed.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import type { PointTable } from "../../../events/points.js";
import type { Batch } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import type { ReadReport } from "../report.js";
import { readThrough } from "../stream-reader.js";
import { isWhole } from "../text/body.js";
import { lastOf, type Line, TextReader } from "../text/reader.js";
import { FtraceBodies } from "./bodies.js";
import { COLON, HASH, IS_NAME, LF, QUOTE, SPACE, latin1, utf8 } from "./bytes.js";
import { Comments } from "./comments.js";
import { hashStep, type CompiledPoint, PointsByName } from "./compiled.js";
import { DASH_AT, findHeader, Header, parseHeader } from "./header.js";
import { Scanner } from "./scan.js";
import { isOfAnother } from "./slow-body.js";

const MAX_TEXT_BYTES = 64 * 1024;
const MAX_NAME = 128;
const SHOWN_OF_UNNAMED = 1024;
const UNNAMED = /^(?:([A-Za-z_]\w*)(?:\(| -> )|\S+(?: \[[^\]\s]+\])? +<-\S)/;
const STACK = /^<(?:user )?stack trace>/;
const LOST = /^ *CPU:(\d{1,5}) \[LOST (?:(\d{1,15}) )?EVENTS\] *$/;
/**
 * Printed where a CPU's oldest event stands, once any buffer has overrun: what that CPU did before was overwritten,
 * while the events of others are there already.
 */
const BUFFER_STARTED = /^#+ CPU (\d{1,5}) buffer started #+ *$/;

export async function* readFtrace(
  chunks: AsyncIterable<Buffer>,
  points: PointTable,
  tables: Tables,
  report: ReadReport,
): AsyncGenerator<Batch> {
  yield* readThrough(new FtraceReader(points, tables, report), chunks);
}

/** `more`: an event whose string has no end in these lines. */
type Found = "event" | "more" | "none";

export class FtraceReader extends TextReader {
  readonly #names: PointsByName;
  readonly #header = new Header();
  readonly #scanner: Scanner;
  readonly #comments: Comments;
  readonly #bodies: FtraceBodies;
  /** What the line that waits for the next may be the beginning of. */
  #waiting: "task" | "string" = "task";

  constructor(
    points: PointTable,
    tables: Tables,
    report: ReadReport,
    batchEvents?: number,
    private readonly names = new ArgumentNames(),
  ) {
    super(tables, report, batchEvents);
    this.#bodies = new FtraceBodies(this.builder, tables.places, names, report);
    this.#names = new PointsByName(points);
    this.#scanner = new Scanner(this.builder, this.#names, tables, this.#header, report);
    this.#comments = new Comments(report, this.#header);
  }

  protected override scan(bytes: Uint8Array, start: number, end: number): number {
    const stopped = this.#scanner.run(bytes, start, end);
    if (stopped > start) this.setMarker(this.#scanner.markerBytes);
    return stopped;
  }

  protected override take(line: Line): boolean | "apart" {
    const { bytes, start, end, as } = line;
    if (as === "joined") return this.#joined(line);
    const found = this.#event(line, findHeader(bytes, start, end, this.#header));
    if (found === "more") this.#waiting = "string";
    if (found !== "none") return found === "event";
    const text = latin1(bytes, start, Math.min(end, start + MAX_TEXT_BYTES));
    if (this.#started(text, line.line) || this.#lost(text, line.line)) return true;
    if (!this.inMarker && bytes[start] === HASH) {
      this.report.comments++;
      this.report.events = this.builder.events;
      this.#comments.read(text, line.line);
    } else if (!this.inMarker && text.startsWith(" => ")) {
      this.report.control++;
    } else if (as === "first" && end - start < DASH_AT && bytes[start] === SPACE) {
      this.#waiting = "task";
      return false;
    } else {
      this.leftover(line);
    }
    return true;
  }

  #lost(text: string, line: number): boolean {
    const lost = LOST.exec(text);
    if (lost) this.lose(Number(lost[1]), Number(lost[2] ?? 0), line);
    return lost !== null;
  }

  /**
   * How many are missing is in the recording's header already. Before the first event there is nothing to miss them in.
   */
  #started(text: string, line: number): boolean {
    const started = BUFFER_STARTED.exec(text);
    if (!started) return false;
    this.report.control++;
    this.setMarker(-1);
    if (this.builder.events > 0) this.doubt(Number(started[1]), line);
    return true;
  }

  #joined(line: Line): boolean | "apart" {
    const { bytes, start, end } = line;
    if (this.#waiting === "string")
      return (
        bytes.subarray(bytes.lastIndexOf(LF, end - 1) + 1, end).includes(QUOTE) &&
        this.#event(line, findHeader(bytes, start, end, this.#header)) === "event"
      );
    // A short line is the beginning of a task's name if, with the next, the dash is where the kernel puts it.
    if (end - start < DASH_AT) return false;
    return (
      this.#event({ ...line, as: "alone" }, parseHeader(bytes, start, start + DASH_AT, this.#header)) === "event" ||
      "apart"
    );
  }

  /** Reads the line, whose event's name is at `name`, as an event or as the head of a stack dump. */
  #event(line: Line, name: number): Found {
    const { bytes, end } = line;
    if (name < 0 || name > end) return "none";
    let q = name;
    let hash = 0;
    for (; IS_NAME[bytes[q]!] === 1; q++) hash = hashStep(hash, bytes[q]!);
    if (q === name || q - name > MAX_NAME || bytes[q] !== COLON || (q + 1 < end && bytes[q + 1] !== SPACE))
      return this.#unnamed(line, name);
    const text = Math.min(q + 2, end);
    const point = this.#names.find(hash, bytes, name, q);
    if (point === undefined) {
      this.beginAt(this.#header, bytes, 0, line.line);
      this.unknown(latin1(bytes, name, q), utf8(bytes, text, end));
    } else if (point.isMarker) {
      this.beginAt(this.#header, bytes, point.id, line.line);
      this.builder.pushString(utf8(bytes, text, end));
      this.setMarker(end - text);
    } else {
      return this.#known(line, text, point);
    }
    return "event";
  }

  #known(line: Line, from: number, point: CompiledPoint): Found {
    const { bytes, end, as, cut } = line;
    let text = from;
    while (bytes[text] === SPACE) text++;
    const printed = latin1(bytes, text, end);
    if (isOfAnother(printed, point)) {
      this.beginAt(this.#header, bytes, 0, line.line);
      this.unknown(point.event, utf8(bytes, from, end));
      return "event";
    }
    const body = this.#bodies.parse(printed, point);
    if (as === "joined" && !body.complete) return "more";
    if (cut && !isWhole(body, point)) return "none";
    if (as === "first" && body.unterminated && point.hasStrings) return "more";
    this.beginAt(this.#header, bytes, point.id, line.line);
    this.#bodies.push(printed, body, point, lastOf(line));
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

  /** Events that are printed without a name of their own: of system calls, and of the function tracer. */
  #unnamed(line: Line, from: number): Found {
    const { bytes, end } = line;
    const text = latin1(bytes, from, Math.min(end, from + SHOWN_OF_UNNAMED));
    if (STACK.test(text)) {
      this.setMarker(-1);
      this.report.control++;
      return "event";
    }
    const match = UNNAMED.exec(text);
    if (!match) return "none";
    this.beginAt(this.#header, bytes, 0, line.line);
    this.unknown(match[1] ?? "function", utf8(bytes, from, end));
    return "event";
  }
}
