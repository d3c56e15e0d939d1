/**
 * Every line that the scanner leaves: markers, unknown operations, comments, losses, stack dumps, and events that take more
 * than one line because a task's name, a string or a marker's text holds a line feed. Each line ends up counted in the
 * report as exactly one thing.
 */
import type { Batch } from "../../log/batch.js";
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import { COLON, CR, HASH, IS_NAME, LF, QUOTE, SPACE, latin1, utf8 } from "./bytes.js";
import type { Comments } from "./comments.js";
import { ADDRESS, hashStep, type CompiledPoint, type PointsByName } from "./compiled.js";
import { DASH_AT, findHeader, parseHeader, type Header } from "./header.js";
import { parseBody, pushBody, type Body } from "./slow-body.js";

/** Lines, and bytes, that the text of one event may take. */
const MAX_STRING_LINES = 8;
const MAX_TEXT_BYTES = 64 * 1024;
const MAX_NAME = 128;
const UNNAMED = /^(?:([A-Za-z_]\w*)(?:\(| -> )|\S+(?: \[[^\]\s]+\])? +<-\S)/;
const STACK = /^<(?:user )?stack trace>/;
const LOST = /^ *CPU:(\d{1,5}) \[LOST (?:(\d{1,15}) )?EVENTS\] *$/;
/**
 * Printed where a CPU's oldest event stands, once any buffer has overrun: what that CPU did before was overwritten, while
 * the events of others are there already.
 */
const BUFFER_STARTED = /^#+ CPU (\d{1,5}) buffer started #+ *$/;

/** A line that waits for the next: its bytes with a line feed behind them, and without a carriage return. */
interface HeldLine {
  readonly bytes: Buffer;
  readonly line: number;
  readonly cut: boolean;
}

export class LineReader {
  /** Batches that are ready. */
  readonly batches: Batch[] = [];
  #held: HeldLine[] = [];
  /** What the held lines may be the beginning of. */
  #holding: "nothing" | "task" | "string" = "nothing";
  /** The last event is a marker, and what follows may be more of its text. */
  #marker = false;
  #markerBytes = 0;
  #markerBlanks = 0;

  constructor(
    private readonly builder: BatchBuilder,
    private readonly points: PointsByName,
    private readonly tables: Tables,
    private readonly header: Header,
    private readonly report: ReadReport,
    private readonly comments: Comments,
  ) {}

  /** Whether no line waits for the next, so that the scanner may go on. */
  get idle(): boolean {
    return this.#holding === "nothing";
  }

  get inMarker(): boolean {
    return this.#marker;
  }

  /** Says that the scanner read on: the last event now is a marker with so many bytes of text, or, below 0, is none. */
  setMarker(bytes: number): void {
    this.#marker = bytes >= 0;
    this.#markerBytes = bytes;
    this.#markerBlanks = 0;
  }

  sealIfFull(): void {
    if (this.builder.full) this.batches.push(this.builder.seal());
  }

  /** Takes the line `bytes[start, end)`, with a line feed at `end`; `cut` if the file's end stands there in its place. */
  take(bytes: Uint8Array, start: number, end: number, line: number, cut = false): void {
    const content = end > start && bytes[end - 1] === CR ? end - 1 : end;
    if (this.#holding === "task") this.#afterTask(hold(bytes, start, content, line, cut));
    else if (this.#holding === "string") this.#afterString(hold(bytes, start, content, line, cut));
    else this.#classify(bytes, start, content, line, cut, true);
  }

  /** No line follows: decides on those that waited. */
  finish(): void {
    while (this.#holding !== "nothing") this.#release();
  }

  #classify(bytes: Uint8Array, start: number, end: number, line: number, cut: boolean, mayHold: boolean): void {
    const { report } = this;
    if (this.#event(bytes, start, end, line, cut, mayHold, false)) return;
    if (start === end) {
      report.blank++;
      this.#markerBlanks++;
      return;
    }
    const text = latin1(bytes, start, Math.min(end, start + MAX_TEXT_BYTES));
    if (bytes[start] === HASH && this.#started(text, line)) {
      this.#marker = false;
    } else if (bytes[start] === HASH && !this.#marker) {
      report.comments++;
      report.events = this.builder.events;
      this.comments.read(text, line);
    } else if (this.#loss(text, line)) {
      this.#marker = false;
    } else if (text.startsWith(" => ") && !this.#marker) {
      report.control++;
    } else if (mayHold && !cut && end - start < DASH_AT && bytes[start] === SPACE) {
      this.#hold("task", hold(bytes, start, end, line, cut));
    } else if (this.#marker && (this.#markerBytes += end - start + 1) <= MAX_TEXT_BYTES) {
      report.continuations++;
      this.builder.extendString("\n".repeat(this.#markerBlanks + 1) + utf8(bytes, start, end));
      this.#markerBlanks = 0;
    } else {
      this.#marker = false;
      if (text.trim() === "") report.blank++;
      else report.skip(line, utf8(bytes, start, Math.min(end, start + 800)));
    }
  }

  #loss(text: string, line: number): boolean {
    const lost = LOST.exec(text);
    if (!lost) return false;
    const count = Number(lost[2] ?? 0);
    this.report.control++;
    this.report.lostLines += count;
    if (count === 0) this.report.uncountedLoss = true;
    this.#lose(Number(lost[1]), count, line);
    return true;
  }

  /** How many are missing is in the recording's header already. Before the first event there is nothing to miss them in. */
  #started(text: string, line: number): boolean {
    const started = BUFFER_STARTED.exec(text);
    if (!started) return false;
    this.report.control++;
    if (this.builder.events > 0) this.#lose(Number(started[1]), 0, line);
    return true;
  }

  #lose(cpu: number, count: number, line: number): void {
    this.sealIfFull();
    this.builder.loss(cpu, count, line);
  }

  /**
   * Reads the line as an event, or as the head of a stack dump. `padded`: only with the dash where the kernel puts it.
   * Returns whether the line is dealt with.
   */
  #event(bytes: Uint8Array, start: number, end: number, line: number, cut: boolean, mayHold: boolean, padded: boolean): boolean {
    const { header } = this;
    const name = padded ? (end > start + DASH_AT ? parseHeader(bytes, start, start + DASH_AT, header) : -1) : findHeader(bytes, start, end, header);
    if (name < 0 || name > end) return false;
    let q = name;
    let hash = 0;
    for (; IS_NAME[bytes[q]!] === 1; q++) hash = hashStep(hash, bytes[q]!);
    if (q === name || q - name > MAX_NAME || bytes[q] !== COLON || (q + 1 < end && bytes[q + 1] !== SPACE)) return this.#unnamed(bytes, name, end, line);
    const text = Math.min(q + 2, end);
    const point = this.points.find(hash, bytes, name, q);
    if (point === undefined) {
      this.#unknown(latin1(bytes, name, q), utf8(bytes, text, end), line, bytes);
      return true;
    }
    if (point.isMarker) {
      this.#begin(bytes, line, point.id);
      this.builder.pushString(utf8(bytes, text, end));
      this.setMarker(end - text);
      return true;
    }
    return this.#known(bytes, start, text, end, line, cut, mayHold, point);
  }

  #known(bytes: Uint8Array, start: number, from: number, end: number, line: number, cut: boolean, mayHold: boolean, point: CompiledPoint): boolean {
    let text = from;
    while (bytes[text] === SPACE) text++;
    const body = parseBody(latin1(bytes, text, end), point);
    if (cut && !isWhole(body, point)) return false;
    if (body.unterminated && point.hasStrings && mayHold && !cut && end - start < MAX_TEXT_BYTES) {
      this.#hold("string", hold(bytes, start, end, line, cut));
      return true;
    }
    this.#commit(bytes, line, point, body);
    return true;
  }

  #commit(bytes: Uint8Array, line: number, point: CompiledPoint, body: Body): void {
    this.#begin(bytes, line, point.id);
    if (body.place !== undefined) {
      const place = Buffer.from(body.place, "latin1");
      this.builder.setPlace(this.tables.places.internBytes(place, 0, place.length));
    }
    if (!pushBody(body, point, this.builder)) this.report.malformed++;
  }

  /** Events that are printed without a name of their own: of system calls, and of the function tracer. */
  #unnamed(bytes: Uint8Array, from: number, end: number, line: number): boolean {
    const text = latin1(bytes, from, Math.min(end, from + 1024));
    if (STACK.test(text)) {
      this.#marker = false;
      this.report.control++;
      return true;
    }
    const match = UNNAMED.exec(text);
    if (!match) return false;
    this.#unknown(match[1] ?? "function", utf8(bytes, from, end), line, bytes);
    return true;
  }

  #unknown(name: string, text: string, line: number, bytes: Uint8Array): void {
    this.#begin(bytes, line, 0);
    this.builder.unknown(name, text);
    this.report.countUnknown(name);
  }

  /** Begins the event whose header was read last. */
  #begin(bytes: Uint8Array, line: number, point: number): void {
    const { header, report, builder } = this;
    this.#marker = false;
    if (builder.full || (header.digits !== builder.timeDigits && builder.length > 0)) this.batches.push(builder.seal());
    builder.timeDigits = header.digits;
    report.clock ??= { kind: header.digits === 0 ? "counter" : "seconds", digits: header.digits };
    report.sawCpu(header.cpu);
    const task = this.tables.tasks.internBytes(bytes, header.task, header.pidEnd, header.tgid);
    builder.begin(point, task, header.cpu, header.context, header.timeHigh, header.timeLow, line);
  }

  #hold(what: "task" | "string", line: HeldLine): void {
    this.#holding = what;
    this.#held.push(line);
  }

  /** A short line waits: it is the beginning of a task's name if, with this line, the dash is where it must be. */
  #afterTask(line: HeldLine): void {
    const joined = Buffer.concat([...this.#held.map((h) => h.bytes), line.bytes]);
    const end = joined.length - 1;
    if (end < DASH_AT && !line.cut) {
      this.#held.push(line);
      return;
    }
    const held = this.#held;
    this.#held = [];
    this.#holding = "nothing";
    if (this.#event(joined, 0, end, held[0]!.line, line.cut, false, true)) {
      this.report.continuations += held.length;
      return;
    }
    for (const h of held) this.#classify(h.bytes, 0, h.bytes.length - 1, h.line, h.cut, false);
    this.#classify(line.bytes, 0, line.bytes.length - 1, line.line, line.cut, true);
  }

  /** An event whose string has no end waits: this line may hold the end, and the arguments behind it. */
  #afterString(line: HeldLine): void {
    this.#held.push(line);
    if (line.bytes.includes(QUOTE)) {
      const joined = Buffer.concat(this.#held.map((h) => h.bytes));
      const end = joined.length - 1;
      const first = this.#held[0]!;
      if (this.#completes(joined, end, first.line, line.cut)) {
        this.report.continuations += this.#held.length - 1;
        this.#held = [];
        this.#holding = "nothing";
        return;
      }
    }
    const bytes = this.#held.reduce((sum, h) => sum + h.bytes.length, 0);
    if (this.#held.length >= MAX_STRING_LINES || bytes > MAX_TEXT_BYTES) this.#release();
  }

  #completes(joined: Buffer, end: number, line: number, cut: boolean): boolean {
    let q = findHeader(joined, 0, end, this.header);
    const name = q;
    let hash = 0;
    for (; IS_NAME[joined[q]!] === 1; q++) hash = hashStep(hash, joined[q]!);
    const point = this.points.find(hash, joined, name, q);
    q += 2;
    while (joined[q] === SPACE) q++;
    const body = point && parseBody(latin1(joined, q, end), point);
    if (!point || !body?.complete || (cut && !isWhole(body, point))) return false;
    this.#commit(joined, line, point, body);
    return true;
  }

  /** Gives up on joining: the first line is what it is, and those behind it stand for themselves. */
  #release(): void {
    const held = this.#held;
    const wasTask = this.#holding === "task";
    this.#held = [];
    this.#holding = "nothing";
    held.forEach((h, k) => {
      const end = h.bytes.length - 1;
      if (wasTask || k === 0) this.#classify(h.bytes, 0, end, h.line, h.cut, false);
      else this.take(h.bytes, 0, end, h.line, h.cut);
    });
  }
}

/** Whether an event that the end of the file may have cut is beyond doubt: of a kernel address, all 16 digits are there. */
function isWhole(body: Body, point: CompiledPoint): boolean {
  if (!body.complete) return false;
  const last = point.args.length - 1;
  return last < 0 || point.args[last]!.kind !== ADDRESS || /^(?:0x(?:0|[0-9a-fA-F]{16})|\(fault\))$/.test(body.values[last] ?? "");
}

function hold(bytes: Uint8Array, start: number, end: number, line: number, cut: boolean): HeldLine {
  const copy = Buffer.allocUnsafe(end - start + 1);
  copy.set(bytes.subarray(start, end));
  copy[end - start] = LF;
  return { bytes: copy, line, cut };
}
