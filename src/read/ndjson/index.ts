/**
 * Reads the output of `kreel export --to ndjson`, see `format.ts`. A stream: only a chunk, a line, and the batch that
 * is being filled are held at any time.
 *
 * Other tools (`grep`, `jq`, `cat`) may have removed or joined lines. If the numbers of the events show it, nothing is
 * concluded across the place, as if the recording itself had lost events there.
 */
import type { Point, PointTable } from "../../../events/points.js";
import { ANY_CPU, type Batch } from "../../log/batch.js";
import { BATCH_EVENTS, BatchBuilder } from "../../log/batch-builder.js";
import type { TaskId } from "../../log/batch.js";
import { MAX_COMM, type Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import { FAULT, Offer, OTHER, STRING as TEXT } from "../arguments/offer.js";
import { pushMatched } from "../arguments/push.js";
import { entriesOf, type ReadReport } from "../report.js";
import type { StreamReader } from "../stream-reader.js";
import { TroubleError } from "../../base/trouble.js";
import { CONTEXTS, NDJSON, NDJSON_VERSION } from "./format.js";
import { Lines, type TextLine } from "./lines.js";
import { integerWords, isNatural, parseTime } from "./numbers.js";

/** Bytes: an event of a megabyte, each of whose bytes is escaped as six. */
const MAX_LINE = 8 << 20;
const MAX_CPU = 65535;
/** Ten digits, as in every format. */
const MAX_PID = 9_999_999_999;
/** Lines of a file: two petabytes have no more, and a log holds the distance between any two exactly. */
const MAX_LINES = 2 ** 51;
const UNKNOWN = CONTEXTS.indexOf("unknown");
/** Places that are recognised when they repeat. A kernel has a few thousand. */
const MAX_PLACES = 1 << 16;
/** An address, or a number that a double does not hold. */
const NUMBER_TEXT = /^(?:0x[\da-f]{1,16}|-?\d{16,20})$/;
/** Half of a character beyond the 16 bits: it has no bytes, so it is kept as it is. */
const SURROGATE = /[\ud800-\udfff]/;

type Fields = Readonly<Record<string, unknown>>;

export class NdjsonReader implements StreamReader {
  readonly #builder: BatchBuilder;
  readonly #lines = new Lines(MAX_LINE);
  #batches: Batch[] = [];
  readonly #places = new Map<string, number>();
  /** Equal to nothing, itself included, before the first task: a line that names no task has none. */
  #lastComm: unknown = Number.NaN;
  #lastPid: unknown;
  #lastTgid: unknown;
  #lastTask: TaskId = 0;
  /** Number of the event that follows. */
  #next = 1;
  /** Events that lines since the last event reported missing, on any CPU. */
  #announced = 0;
  #hasHead = false;
  #ended = false;

  constructor(
    private readonly points: PointTable,
    private readonly tables: Tables,
    private readonly report: ReadReport,
    batchEvents = BATCH_EVENTS,
    private readonly names = new ArgumentNames(),
  ) {
    this.#builder = new BatchBuilder(tables.addresses, batchEvents);
  }

  push(chunk: Buffer): Batch[] {
    this.report.bytes += chunk.length;
    for (const line of this.#lines.push(chunk)) this.#line(line);
    return this.#taken();
  }

  flush(): Batch[] {
    if (!this.#builder.isEmpty) this.#seal();
    return this.#taken();
  }

  restart(): Batch[] {
    const rest = this.#lines.end();
    if (rest) this.#line(rest);
    if (this.#builder.full) this.#seal();
    this.#builder.breakOff();
    this.report.restart();
    this.#next = 1;
    this.#announced = 0;
    this.#hasHead = false;
    // Events are missing before the new file, even if it does not report so.
    this.#gap = true;
    this.names.forget();
    return this.#taken();
  }

  end(): Batch[] {
    const { report } = this;
    const rest = this.#lines.end();
    if (rest) this.#line(rest);
    if (!this.#ended) {
      report.truncated = true;
      report.warnings.push("ends without the line that ends an export: it was cut off, or lines were taken out");
    }
    if (!this.#builder.isEmpty) this.#seal();
    return this.#taken();
  }

  #line({ text, tooLong }: TextLine): void {
    const { report } = this;
    const line = ++report.lines;
    if (text.trim() === "") report.blank++;
    else if (tooLong || !this.#object(text, line)) report.skip(line, text);
  }

  /** Reads a line; returns true if it is one of an export. */
  #object(text: string, line: number): boolean {
    const fields = parsed(text);
    if (!fields) return false;
    if (fields["seq"] !== undefined) return this.#event(fields);
    const known = this.#lost(fields) || this.#end(fields) || this.#head(fields, line);
    if (known) this.report.control++;
    return known;
  }

  #head({ kreel, version, origin, clock, environment, entries }: Fields, line: number): boolean {
    if (kreel !== NDJSON || !isNatural(version)) return false;
    if (version > NDJSON_VERSION)
      throw new TroubleError(
        `events as version ${version} of this format has them, and this kreel reads version ${NDJSON_VERSION}; export them again, or use the kreel that wrote them`,
        this.report.file,
        line,
      );
    // A second one: the files of two recordings, one after the other.
    if (this.#hasHead || this.#next > 1) this.#doubt(ANY_CPU, 0, line);
    else {
      this.report.exportedFrom = originOf(origin);
      this.report.clock = clockOf(clock);
      this.report.entries = entriesOf(entries);
      this.report.restoreEnvironment(environment);
    }
    this.#next = 1;
    this.#announced = 0;
    this.#hasHead = true;
    this.#ended = false;
    return true;
  }

  #end({ end }: Fields): boolean {
    const fields = asFields(end);
    if (!fields) return false;
    const { report } = this;
    const { events, lost, overrun, uncounted } = fields;
    report.arguments.restore(fields["arguments"]);
    if (isNatural(events) && events !== this.#next - 1)
      report.warnings.push(
        `${events} events were exported, and ${this.#next - 1} are here: lines were taken out or put in`,
      );
    report.lostLines = isNatural(lost) ? Math.max(lost, report.lostLines) : report.lostLines;
    report.overrun = isNatural(overrun) ? overrun : report.overrun;
    if (typeof uncounted === "boolean" && !this.#gap) report.uncountedLoss = uncounted;
    this.#ended = true;
    return true;
  }
  #gap = false;

  #lost({ lost, cpu, line }: Fields): boolean {
    if ((lost !== null && !isNatural(lost)) || !isNatural(cpu) || cpu > MAX_CPU) return false;
    const count = lost ?? 0;
    this.report.lostLines += count;
    if (count === 0) this.report.uncountedLoss = true;
    if (cpu === ANY_CPU) this.#announced += count;
    this.#doubt(cpu, count, lineOf(line));
    return true;
  }

  /** Records a loss: the next event does not follow directly on the last. */
  #doubt(cpu: number, count: number, line: number): void {
    if (this.#builder.full) this.#seal();
    this.#builder.loss(cpu, count, line);
  }

  #event(fields: Fields): boolean {
    const { seq, cpu, comm, pid, tgid, operation, phase } = fields;
    const time = typeof fields["time"] === "string" ? parseTime(fields["time"], fields["digits"]) : undefined;
    if (!time || !isNatural(seq) || !isNatural(cpu) || cpu > MAX_CPU || typeof operation !== "string") return false;
    const task = this.#task(comm, pid, tgid);
    if (task === undefined) return false;
    const { report } = this;
    const builder = this.#builder;
    const line = lineOf(fields["line"]);
    // In an export of a damaged log, a line has the number of missing events, and the events after it keep their
    // numbers.
    if (seq !== this.#next && seq - this.#next !== this.#announced) this.#missing(seq, line);
    this.#next = seq + 1;
    this.#announced = 0;
    if (builder.full || (time.digits !== builder.timeDigits && builder.length > 0)) this.#seal();
    builder.timeDigits = time.digits;
    if (!this.#hasHead) report.clock ??= { kind: time.digits === 0 ? "counter" : "seconds", digits: time.digits };
    report.sawCpu(cpu);
    const context = CONTEXTS.indexOf(fields["context"] as string);
    const event = phase === "return" ? `${operation}_ret` : operation;
    const point = phase === "unknown" ? undefined : this.points.byEvent(event);
    builder.begin(
      point?.id ?? 0,
      task,
      cpu,
      context < 0 ? UNKNOWN : context,
      time.high,
      time.low,
      line,
      this.#place(fields["place"]),
    );
    if (!point || (point.phase !== phase && phase !== undefined)) this.#unknown(event, fields);
    else if (!this.#args(point, asFields(fields["args"]) ?? {}, report.lines)) report.malformed++;
    return true;
  }

  /** Notes that events were removed, or are not in order. */
  #missing(seq: number, line: number): void {
    const count = Math.max(0, seq - this.#next);
    this.#gap = true;
    this.report.lostLines += count;
    if (count === 0) this.report.uncountedLoss = true;
    this.#doubt(ANY_CPU, count, line);
  }

  /** Appends an event that was unknown when it was exported, or that only another kreel knows. */
  #unknown(event: string, { text, args }: Fields): void {
    this.#builder.unknown(event, typeof text === "string" ? text : args === undefined ? "" : JSON.stringify(args));
    this.report.countUnknown(event);
  }

  /** Returns true if every argument is present and of its kind. */
  #args(point: Point, args: Fields, line: number): boolean {
    const builder = this.#builder;
    const isWhole = point.operation.probe !== "kprobe" || point.args.every(({ name }) => Object.hasOwn(args, name));
    if (!isWhole) return this.#others(point, args, line);
    let understood = true;
    for (const { name, type } of point.args) {
      const value = Object.hasOwn(args, name) ? args[name] : undefined;
      if (type === "string" && typeof value === "string") this.#string(value);
      else {
        const words = type === "string" || value === null ? undefined : integerWords(value);
        if (words === undefined) builder.pushFault();
        else if (type === "ptr") builder.pushAddress(words.low, words.high);
        else builder.pushNumber(words.low, words.high);
        if (words === undefined && value !== null) understood = false;
      }
    }
    return understood;
  }

  /** Reads arguments of which some have other names than in the catalogue, or are absent. */
  #others(point: Point, args: Fields, line: number): boolean {
    const { names } = this;
    const builder = this.#builder;
    const report = this.report.arguments;
    const values = Object.entries(args);
    const known = names.of(point);
    const offers = values.map(([name, value]) => {
      const offer = new Offer(name);
      const type = point.args[known.shape.named(name)]?.type;
      const isText = typeof value === "string" && (type === undefined ? !NUMBER_TEXT.test(value) : type === "string");
      const words = isText ? undefined : integerWords(value);
      if (words !== undefined) offer.setNumber(words.low, words.high, "unknown", String(value).startsWith("-"));
      else offer.setKind(isText ? TEXT : value === null ? FAULT : OTHER);
      return offer;
    });
    const matched = known.match(offers, offers.length, report, line);
    const matching = { names, builder, report };
    return pushMatched(point, offers, matched, matching, (i) => this.#string(values[i]![1] as string));
  }

  #string(text: string): void {
    if (SURROGATE.test(text)) return this.#builder.pushString(text);
    const bytes = Buffer.from(text);
    this.#builder.pushStringBytes(bytes, 0, bytes.length);
  }

  #task(comm: unknown, pid: unknown, tgid: unknown): TaskId | undefined {
    if (comm === this.#lastComm && pid === this.#lastPid && tgid === this.#lastTgid) return this.#lastTask;
    if (
      typeof comm !== "string" ||
      !((isNatural(pid) && pid <= MAX_PID) || (typeof pid === "string" && /^\d{1,10}$/.test(pid)))
    )
      return undefined;
    const name = Buffer.from(`${comm}-${pid}`);
    if (name.length > MAX_COMM + String(pid).length + 1) return undefined;
    const task = this.tables.tasks.internBytes(
      name,
      0,
      name.length,
      isNatural(tgid) && tgid <= MAX_PID ? tgid : undefined,
    );
    this.#lastComm = comm;
    this.#lastPid = pid;
    this.#lastTgid = tgid;
    this.#lastTask = task;
    return task;
  }

  #place(text: unknown): number {
    if (typeof text !== "string") return 0;
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.tables.places.intern(text);
      if (this.#places.size < MAX_PLACES) this.#places.set(text, place);
    }
    return place;
  }

  #seal(): void {
    this.#batches.push(this.#builder.seal());
  }

  #taken(): Batch[] {
    this.report.events = this.#builder.events;
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }
}

function parsed(text: string): Fields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function lineOf(value: unknown): number {
  return isNatural(value) && value <= MAX_LINES ? value : 0;
}

function originOf(value: unknown): { readonly path: string; readonly format: string } | undefined {
  const { path, format } = asFields(value) ?? {};
  return typeof path === "string" && typeof format === "string" ? { path, format } : undefined;
}

function clockOf(value: unknown): { readonly kind: "seconds" | "counter"; readonly digits: number } | undefined {
  const { kind, digits } = asFields(value) ?? {};
  return (kind === "seconds" || kind === "counter") && isNatural(digits) && digits <= 9 ? { kind, digits } : undefined;
}

/** True if a line is the first of an export, or an event of one. */
export function looksLikeNdjson(line: string): boolean {
  return /^\{"kreel": ?"events", ?"version": ?\d|^\{"seq": ?\d+, ?"time": ?"\d/.test(line);
}
