/**
 * Reads what the program of `kreel record --bpftrace` prints under `bpftrace -f json`: a tuple a line, see
 * `events/bpftrace.ts`. What bpftrace says itself (probes attached, maps) is accounted for; a line that is no JSON is
 * skipped and told.
 *
 * bpftrace hands over what each CPU recorded in turn, so lines can be out of order: then nothing is concluded across
 * the place where time goes back, and a warning says how to sort them. When it loses events it says so some time later:
 * a loss counts from the beginning, and to the end. bpftrace from 0.24 on quotes the numbers that a double does not
 * hold.
 */
import { BPFTRACE_HEAD, BPFTRACE_LAYOUT } from "../../../events/bpftrace.js";
import type { PointTable } from "../../../events/points.js";
import { ANY_CPU, type Batch, CONTEXT_UNKNOWN } from "../../log/batch.js";
import { MAX_COMM, type Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import { Offer, STRING as TEXT } from "../arguments/offer.js";
import { pushMatched } from "../arguments/push.js";
import { CR, LF, QUOTE, SPACE, latin1 } from "../ftrace/bytes.js";
import { ADDRESS, type CompiledPoint, hashStep, PointsByName, STRING } from "../ftrace/compiled.js";
import type { ReadReport } from "../report.js";
import { type Line, TextReader } from "../text/reader.js";
import { nameIn, PrintedTasks } from "../text/tasks.js";
import { Decimal, EXACT_DIGITS } from "./decimal.js";
import { type Element, parseMessage } from "./message.js";

const PREFIX = Uint8Array.from(Buffer.from('{"type": "value", "data": ['));
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const BRACE = 0x7d;
const MAX_CPU = 65535;
const MAX_PID = 9999999999;
/** Bytes of a name that has no more than `MAX_COMM`, whatever it is: one that is no UTF-8 becomes a sign of three. */
const PLAIN_COMM = Math.floor(MAX_COMM / 3);
const MAX_MARKER = Number.MAX_SAFE_INTEGER;
const DIGITS = 9;
const SORT = "sort -s -t[ -k2n FILE";

export class BpftraceReader extends TextReader {
  readonly #names: PointsByName;
  readonly #tasks: PrintedTasks;
  readonly #number = new Decimal();
  readonly #time = new Decimal();
  #lastHigh = 0;
  #lastLow = 0;
  #back = 0;
  #lost = false;
  #notJson = 0;
  #firstNotJson = 0;
  #otherLayout = false;

  constructor(
    points: PointTable,
    tables: Tables,
    report: ReadReport,
    batchEvents?: number,
    private readonly names = new ArgumentNames(),
  ) {
    super(tables, report, batchEvents);
    this.#names = new PointsByName(points);
    this.#tasks = new PrintedTasks(tables.tasks);
  }

  protected override scan(bytes: Uint8Array, start: number, end: number): number {
    const { builder, report } = this;
    const number = this.#number;
    const time = this.#time;
    let line = report.lines;
    let p = start;
    let cpu = -1;
    while (p < end && !builder.full && builder.timeDigits === DIGITS) {
      let q = p;
      let k = 0;
      while (k < PREFIX.length && bytes[q] === PREFIX[k]) {
        q++;
        k++;
      }
      if (k < PREFIX.length) break;
      q = separator(bytes, readNumber(time, bytes, q));
      const cpuEnd = q < 0 ? -1 : number.read(bytes, q);
      const onCpu = number.low;
      if (cpuEnd < 0 || number.high !== 0 || onCpu > MAX_CPU) break;
      q = separator(bytes, cpuEnd);
      if (q < 0 || bytes[q] !== QUOTE) break;
      const name = q + 1;
      const nameEnd = plainString(bytes, name);
      if (nameEnd < 0 || nameEnd - name > PLAIN_COMM) break;
      q = separator(bytes, nameEnd + 1);
      const tidEnd = q < 0 ? -1 : number.read(bytes, q);
      const tid = number.low;
      if (tidEnd < 0 || number.high !== 0) break;
      q = separator(bytes, tidEnd);
      const pidEnd = q < 0 ? -1 : number.read(bytes, q);
      if (pidEnd < 0 || number.high !== 0) break;
      const pid = number.low;
      q = separator(bytes, pidEnd);
      if (q < 0 || bytes[q] !== QUOTE) break;
      const event = ++q;
      let hash = 0;
      for (; bytes[q] !== QUOTE && bytes[q]! > SPACE; q++) hash = hashStep(hash, bytes[q]!);
      const point = bytes[q] === QUOTE ? this.#names.find(hash, bytes, event, q) : undefined;
      if (point === undefined || point.isMarker) break;
      if (time.billions < this.#lastHigh || (time.billions === this.#lastHigh && time.rest < this.#lastLow)) break;
      builder.begin(point.id, 0, onCpu, CONTEXT_UNKNOWN, time.billions, time.rest, line + 1);
      const next = this.#args(bytes, q + 1, point);
      if (next < 0) {
        builder.abandon();
        break;
      }
      // Not sooner: a line that is no event after all says nothing of times, tasks and CPUs.
      builder.setTask(this.#tasks.intern(bytes, name, pidEnd, nameEnd, tid, pid));
      if (onCpu !== cpu) report.sawCpu((cpu = onCpu));
      this.#lastHigh = time.billions;
      this.#lastLow = time.rest;
      line++;
      p = next;
    }
    report.lines = line;
    return p;
  }

  /** The arguments from behind the event's name. Returns where the next line starts, or -1. */
  #args(bytes: Uint8Array, from: number, point: CompiledPoint): number {
    const { builder } = this;
    const number = this.#number;
    let p = from;
    for (const { kind } of point.args) {
      p = separator(bytes, p);
      if (p < 0) return -1;
      if (kind === STRING) {
        const end = bytes[p] === QUOTE ? plainString(bytes, p + 1) : -1;
        if (end < 0) return -1;
        builder.pushStringBytes(bytes, p + 1, end);
        p = end + 1;
      } else {
        p = readNumber(number, bytes, p);
        if (p < 0) return -1;
        if (kind === ADDRESS) builder.pushAddress(number.low, number.high);
        else builder.pushNumber(number.low, number.high);
      }
    }
    if (bytes[p] !== CLOSE || bytes[p + 1] !== BRACE) return -1;
    p += 2;
    if (bytes[p] === CR) p++;
    return bytes[p] === LF ? p + 1 : -1;
  }

  protected override take(line: Line): boolean {
    const { bytes, start, end } = line;
    const { report } = this;
    if (start === end) {
      this.leftover(line);
      return true;
    }
    const message = parseMessage(latin1(bytes, start, end));
    switch (message.what) {
      case "tuple":
        if (message.elements.length === 2) this.#head(message.elements, line);
        else if (!this.#event(message.elements, line)) this.leftover(line);
        break;
      case "lost":
        this.lose(ANY_CPU, message.count, line.line);
        this.#lost = true;
        break;
      case "other":
        report.control++;
        break;
      case "no JSON":
        if (latin1(bytes, start, end).trim() !== "" && this.#notJson++ === 0) this.#firstNotJson = line.line;
        this.leftover(line);
    }
    return true;
  }

  override restart(): Batch[] {
    this.names.forget();
    return super.restart();
  }

  protected override finish(): void {
    const { warnings } = this.report;
    if (this.#notJson > 0)
      warnings.push(
        `${this.#notJson === 1 ? "a line is" : `${this.#notJson} lines are`} no JSON (${this.#notJson === 1 ? "" : "the first is "}line ${this.#firstNotJson}): bpftrace -f json prints one object a line`,
      );
    if (this.#otherLayout)
      warnings.push(
        "the lines were printed by the program of another kreel; record again with the one that this kreel prints (kreel record --bpftrace)",
      );
    if (this.#back > 0)
      warnings.push(
        `time goes back ${this.#back === 1 ? "once" : `${this.#back} times`}, because bpftrace printed what each CPU recorded in turn; nothing is concluded across that. Sort the lines first: ${SORT}`,
      );
    // How late bpftrace said it is not known: what came until the end is in doubt as well.
    if (this.#lost && this.builder.events > 0) this.doubt(ANY_CPU, this.report.lines);
  }

  /** `["kreel", 1]`: who prints, and how. */
  #head([who, layout]: readonly Element[], line: Line): void {
    if (!who || !layout || !("string" in who) || who.string !== BPFTRACE_HEAD || !("number" in layout))
      this.leftover(line);
    else {
      this.report.control++;
      if (layout.number !== String(BPFTRACE_LAYOUT)) this.#otherLayout = true;
    }
  }

  /** Returns whether it is one. */
  #event([time, cpu, comm, tid, pid, event, ...args]: readonly Element[], line: Line): boolean {
    const at = this.#decimal(time, this.#time) ? this.#time : undefined;
    const [onCpu, thread, group] = [this.#small(cpu, MAX_CPU), this.#small(tid, MAX_PID), this.#small(pid, MAX_PID)];
    if (
      !at ||
      onCpu === undefined ||
      thread === undefined ||
      group === undefined ||
      !comm ||
      !("string" in comm) ||
      !event ||
      !("string" in event)
    )
      return false;
    const taskName = decoded(comm.string);
    if (Buffer.byteLength(taskName) > MAX_COMM) return false;
    const name = Buffer.from(event.string, "latin1");
    const point = this.#names.find(name.reduce(hashStep, 0), name, 0, name.length);
    this.#inOrder(at, line.line);
    this.report.clock ??= { kind: "seconds", digits: DIGITS };
    this.report.sawCpu(onCpu);
    const task = this.tables.tasks.intern(nameIn(taskName), thread, group);
    this.begin(point?.id ?? 0, task, onCpu, CONTEXT_UNKNOWN, at.billions, at.rest, DIGITS, line.line);
    if (!point) {
      this.unknown(
        decoded(event.string),
        args.map((arg) => ("number" in arg ? arg.number : JSON.stringify(decoded(arg.string)))).join(" "),
      );
      return true;
    }
    // How long a marker is stands behind it, for bpftrace may have taken a byte more than was written.
    const written = point.isMarker && args.length === 2 ? this.#small(args.pop(), MAX_MARKER) : undefined;
    if (args.length !== point.args.length && !point.isMarker) {
      this.#others(args, point, line.line);
      return true;
    }
    let understood = args.length === point.args.length;
    point.args.forEach(({ kind }, k) => {
      const arg = args[k];
      if (kind === STRING && arg && "string" in arg) {
        const text = point.isMarker ? arg.string.slice(0, written).replace(/\n$/, "") : arg.string;
        const bytes = Buffer.from(text, "latin1");
        this.builder.pushStringBytes(bytes, 0, bytes.length);
      } else if (kind !== STRING && this.#decimal(arg, this.#number)) {
        if (kind === ADDRESS) this.builder.pushAddress(this.#number.low, this.#number.high);
        else this.builder.pushNumber(this.#number.low, this.#number.high);
      } else {
        this.builder.pushFault();
        understood = false;
      }
    });
    if (!understood) this.report.malformed++;
    return true;
  }

  /**
   * The values of another program. Of more than the catalogue has the first are its own, if they can be; of fewer,
   * those are taken that can be no other.
   */
  #others(all: readonly Element[], { point }: CompiledPoint, line: number): void {
    const { builder, names } = this;
    const report = this.report.arguments;
    const args = all.slice(0, point.args.length);
    const offers = args.map((arg, i) => {
      const offer = new Offer(`arg${i + 1}`);
      const number = this.#number;
      // Only numbers that a double does not hold are quoted.
      const isNumber = ("number" in arg || arg.string.length > EXACT_DIGITS) && this.#decimal(arg, number);
      const isNegative = "number" in arg && arg.number.startsWith("-");
      if (isNumber) offer.setNumber(number.low, number.high, "unknown", isNegative);
      else offer.setKind(TEXT);
      return offer;
    });
    const matched = names.of(point).match(offers, offers.length, report, line);
    pushMatched(point, offers, matched, { names, builder, report }, (i) => {
      const arg = args[i]!;
      const bytes = Buffer.from("string" in arg ? arg.string : arg.number, "latin1");
      builder.pushStringBytes(bytes, 0, bytes.length);
    });
    this.report.malformed++;
  }

  /** Notes where time goes back: what was concluded of what came before is in doubt. */
  #inOrder({ billions, rest }: Decimal, line: number): void {
    if (billions < this.#lastHigh || (billions === this.#lastHigh && rest < this.#lastLow)) {
      this.#back++;
      this.doubt(ANY_CPU, line);
    }
    this.#lastHigh = billions;
    this.#lastLow = rest;
  }

  #decimal(element: Element | undefined, into: Decimal): boolean {
    if (!element) return false;
    const bytes = Buffer.from(`${"number" in element ? element.number : element.string}\n`, "latin1");
    return into.read(bytes, 0) === bytes.length - 1;
  }

  #small(element: Element | undefined, most: number): number | undefined {
    if (!element || !("number" in element)) return undefined;
    const value = Number(element.number);
    return value >= 0 && value <= most ? value : undefined;
  }
}

/** Reads the number at `p`, quoted or not. Returns where it ends; -1 if there is none. */
function readNumber(into: Decimal, bytes: Uint8Array, p: number): number {
  if (bytes[p] !== QUOTE) return into.read(bytes, p);
  const end = into.read(bytes, p + 1);
  return end >= 0 && bytes[end] === QUOTE ? end + 1 : -1;
}

/** Behind the comma at `p` and a space that may follow it; -1 if there is none. */
function separator(bytes: Uint8Array, p: number): number {
  if (p < 0 || bytes[p] !== COMMA) return -1;
  return bytes[p + 1] === SPACE ? p + 2 : p + 1;
}

/** Where the string that begins at `p` ends, if nothing in it is escaped; else -1. */
function plainString(bytes: Uint8Array, from: number): number {
  let p = from;
  for (let byte = bytes[p]!; byte !== QUOTE; byte = bytes[++p]!) if (byte === BACKSLASH || byte < SPACE) return -1;
  return p;
}

function decoded(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** Whether a line is one that `bpftrace -f json` prints. */
export function looksLikeBpftrace(line: string): boolean {
  return /^\{"type": ?"(?:value|attached_probes|lost_events|printf|map|time)", ?"data": ?/.test(line);
}
