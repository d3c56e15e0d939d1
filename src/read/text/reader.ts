/**
 * What the readers of text have in common: chunks become lines, lines become events in batches, and every line ends up
 * counted in the report as exactly one thing. A stream: what is held at any time is a chunk, the batch that is being
 * filled, and at most one line of a megabyte or the few lines of one event whose string holds line feeds.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import { ANY_CPU, type Batch } from "../../log/batch.js";
import { BATCH_EVENTS, BatchBuilder } from "../../log/batch-builder.js";
import type { Tables } from "../../log/tables.js";
import { CR, LF, latin1, utf8 } from "../ftrace/bytes.js";
import type { Header } from "../ftrace/header.js";
import type { ReadReport } from "../report.js";
import type { StreamReader } from "../stream-reader.js";

/** A longer line is no event: the kernel prints an event into a page or two. */
export const MAX_LINE = 1 << 20;
const SHOWN_OF_LONG = 800;
/** A line may come in pieces of a byte: so many are kept apart. */
const MAX_PIECES = 1024;
/** Lines, and bytes, that the text of one event may take. What has no more bytes than this may be of more lines. */
const MAX_HELD_LINES = 8;
const SHORT = 16;
const MAX_HELD_BYTES = 64 * 1024;
const MAX_MARKER_BYTES = 64 * 1024;
const MARKER_ARGS = [{ type: "string" }] as const;

/**
 * One line, or several that may be one event: `bytes[start, end)`, a line feed at `end`, no carriage return before it.
 * `first`: it may be the beginning of an event that goes on in the next line. `joined`: it has such lines put together,
 * and is an event or nothing. `alone`: no further line belongs to it.
 */
export interface Line {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** From 1; of several, the first. */
  readonly line: number;
  readonly as: "first" | "joined" | "alone";
  /** The file ends here, where the line feed should be. */
  readonly cut: boolean;
}

/** The number of the last of them. */
export function lastOf({ bytes, start, end, line }: Line): number {
  let last = line;
  for (let feed = bytes.indexOf(LF, start); feed >= 0 && feed < end; feed = bytes.indexOf(LF, feed + 1)) last++;
  return last;
}

export abstract class TextReader implements StreamReader {
  protected readonly builder: BatchBuilder;
  readonly #batches: Batch[] = [];
  /** The beginning of a line whose end is in a chunk to come. */
  #carry: Buffer[] = [];
  #carried = 0;
  /** The line is longer than any event's; the rest of it is let go. */
  #tooLong = false;
  #held: Line[] = [];
  /** Bytes of the last event's text if it is a marker, which the next lines may go on with; else -1. */
  #marker = -1;
  #markerBlanks = 0;
  /** Something was read since the last flush. */
  #fresh = false;

  protected constructor(
    protected readonly tables: Tables,
    protected readonly report: ReadReport,
    batchEvents = BATCH_EVENTS,
  ) {
    this.builder = new BatchBuilder(tables.addresses, batchEvents);
  }

  /**
   * The hot loop: reads lines of `bytes[start, end)`, whole ones, as long as they are plain events, and counts them in
   * the report. Returns where it stopped: at `end`, at the start of a line for `take`, or where the batch is full.
   */
  protected abstract scan(bytes: Uint8Array, start: number, end: number): number;

  /**
   * Takes one line of any kind and counts it as what it is. Returns `false`, with nothing done, if it is the beginning
   * of an event whose end may be in the next line (never when `as` is `alone`), and `apart`, also with nothing done, if
   * lines that were joined are no event whatever the next is.
   */
  protected abstract take(line: Line): boolean | "apart";

  push(chunk: Buffer): Batch[] {
    // No line that is too long is whole in a chunk, so none is taken for an event, however much comes at once.
    if (chunk.length > MAX_LINE)
      return Array.from({ length: Math.ceil(chunk.length / MAX_LINE) }, (_, k) =>
        this.push(chunk.subarray(k * MAX_LINE, (k + 1) * MAX_LINE)),
      ).flat();
    this.#fresh = true;
    this.report.bytes += chunk.length;
    const last = chunk.lastIndexOf(LF);
    if (last < 0) {
      this.#keep(chunk);
      return [];
    }
    let start = 0;
    if (this.#carried > 0) {
      start = chunk.indexOf(LF) + 1;
      this.#keep(chunk.subarray(0, start - 1));
      this.#endCarried(false);
    }
    this.#region(chunk, start, last + 1);
    if (last + 1 < chunk.length) this.#keep(chunk.subarray(last + 1));
    return this.#taken();
  }

  /**
   * Hands over what was read, though the batch is not full. A marker whose text may go on in the next line stays, and
   * so does an event whose rest may be there, if anything was read since the last time.
   */
  flush(): Batch[] {
    const { builder } = this;
    const open = this.#marker >= 0 ? MARKER_ARGS : this.openArgs;
    const sealed = open && this.#fresh ? builder.sealButLast(open) : builder.isEmpty ? undefined : builder.seal();
    this.#fresh = false;
    if (sealed) this.#batches.push(sealed);
    return this.#taken();
  }

  /** The file begins anew; what may have stood in it behind what was read is lost. */
  restart(): Batch[] {
    if (this.#carried > 0) this.#endCarried(true);
    this.#releaseAll();
    this.#marker = -1;
    if (this.builder.full) this.#seal();
    this.builder.breakOff();
    this.report.restart();
    return this.#taken();
  }

  /** The recording is over. */
  end(): Batch[] {
    if (this.#carried > 0) {
      this.report.truncated = true;
      this.#endCarried(true);
    }
    this.#releaseAll();
    this.finish();
    if (!this.builder.isEmpty) this.#batches.push(this.builder.seal());
    return this.#taken();
  }

  /** Called when all lines are read: what is to be said of the recording as a whole. */
  protected finish(): void {}

  /** Whether a line that is no event was the rest of the last one, which a mailer broke; then it is that now. */
  protected rejoin(_text: string, _line: number): boolean {
    return false;
  }

  /** The arguments of the last event's operation, if the event may be one of those. */
  protected get openArgs(): readonly ArgumentDefinition[] | undefined {
    return undefined;
  }

  /** Begins an event at a time of so many digits. */
  protected begin(
    point: number,
    task: number,
    cpu: number,
    context: number,
    timeHigh: number,
    timeLow: number,
    digits: number,
    line: number,
  ): void {
    const { builder } = this;
    this.#marker = -1;
    if (builder.full || (digits !== builder.timeDigits && builder.length > 0)) this.#seal();
    builder.timeDigits = digits;
    builder.begin(point, task, cpu, context, timeHigh, timeLow, line);
  }

  /** Begins an event whose header stands in `bytes`. */
  protected beginAt(header: Header, bytes: Uint8Array, point: number, line: number): void {
    const { report } = this;
    report.clock ??= { kind: header.digits === 0 ? "counter" : "seconds", digits: header.digits };
    report.sawCpu(header.cpu);
    const task = this.tables.tasks.internBytes(bytes, header.task, header.pidEnd, header.tgid);
    this.begin(point, task, header.cpu, header.context, header.timeHigh, header.timeLow, header.digits, line);
  }

  /**
   * Says that the last event is a marker with so many bytes of text: what follows may be more of it. Below 0: it is
   * none.
   */
  protected setMarker(bytes: number): void {
    this.#marker = bytes;
    this.#markerBlanks = 0;
  }

  protected get inMarker(): boolean {
    return this.#marker >= 0;
  }

  /** An operation that is not in the catalogue; the event has begun. */
  protected unknown(name: string, text: string): void {
    this.builder.unknown(name, text);
    this.report.countUnknown(name);
  }

  /** Events missing on `cpu`; `count` 0 when only known that there were some. */
  protected lose(cpu: number, count: number, line: number): void {
    this.report.control++;
    this.report.lostLines += count;
    if (count === 0) this.report.uncountedLoss = true;
    this.doubt(cpu, line, count);
  }

  /** The next event does not follow on the last: whatever happened between on `cpu` is not known. */
  protected doubt(cpu: number, line: number, count = 0): void {
    this.#marker = -1;
    if (this.builder.full) this.#seal();
    // No kernel has a CPU of such a number: what is missing may be on any.
    this.builder.loss(Math.min(cpu, ANY_CPU), count, line);
  }

  /** A line that is no event: empty, the rest of one, more of a marker's text, or skipped. */
  protected leftover({ bytes, start, end, line, cut }: Line): void {
    const { report } = this;
    if (start === end) {
      report.blank++;
      this.#markerBlanks++;
    } else if (!cut && this.openArgs && this.rejoin(latin1(bytes, start, end), line)) {
      report.continuations++;
    } else if (this.#marker >= 0 && (this.#marker += end - start + 1) <= MAX_MARKER_BYTES) {
      report.continuations++;
      this.builder.extendString("\n".repeat(this.#markerBlanks + 1) + utf8(bytes, start, end));
      this.#markerBlanks = 0;
    } else {
      this.#marker = -1;
      const text = utf8(bytes, start, Math.min(end, start + SHOWN_OF_LONG));
      if (text.trim() === "") report.blank++;
      else report.skip(line, text);
    }
  }

  #seal(): void {
    this.#batches.push(this.builder.seal());
  }

  #taken(): Batch[] {
    this.report.events = this.builder.events;
    return this.#batches.splice(0);
  }

  #region(bytes: Uint8Array, start: number, end: number): void {
    const { report } = this;
    let p = start;
    while (p < end) {
      if (this.#held.length === 0) {
        p = this.scan(bytes, p, end);
        // While an event's text may go on, it stays within reach; the event behind it seals the batch then.
        if (this.builder.full && this.#marker < 0 && !this.openArgs) {
          this.#seal();
          continue;
        }
        if (p >= end) return;
      }
      const feed = bytes.indexOf(LF, p);
      if (feed - p > MAX_LINE) this.#dropLine(bytes.subarray(p, p + SHOWN_OF_LONG));
      else this.#line(bytes, p, feed, ++report.lines, false);
      p = feed + 1;
    }
  }

  #line(bytes: Uint8Array, start: number, feed: number, line: number, cut: boolean): void {
    this.#whole(bytes, start, feed > start && bytes[feed - 1] === CR ? feed - 1 : feed, line, cut);
  }

  /** A line up to where its end begins: a carriage return in front of that is its text's. */
  #whole(bytes: Uint8Array, start: number, end: number, line: number, cut: boolean): void {
    if (this.#held.length > 0) this.#join(held(bytes, start, end, line, cut));
    else if (!this.take({ bytes, start, end, line, as: cut ? "alone" : "first", cut }))
      this.#held.push(held(bytes, start, end, line, cut));
  }

  /** A line behind one whose string has no end: the end may be here. */
  #join(next: Line): void {
    this.#held.push(next);
    const first = this.#held[0]!;
    const bytes = Buffer.concat(this.#held.map((h) => h.bytes));
    const taken = this.take({ bytes, start: 0, end: bytes.length - 1, line: first.line, as: "joined", cut: next.cut });
    if (taken === true) {
      this.report.continuations += this.#held.length - 1;
      this.#held = [];
    } else if (
      taken === "apart" ||
      (this.#held.length >= MAX_HELD_LINES && bytes.length > SHORT) ||
      bytes.length > MAX_HELD_BYTES
    )
      this.#release();
  }

  /** Gives up on joining: the first line is what it is, and those behind it stand for themselves. */
  #release(): void {
    const [first, ...rest] = this.#held;
    this.#held = [];
    if (first) this.take({ ...first, as: "alone" });
    for (const { bytes, start, end, line, cut } of rest) this.#whole(bytes, start, end, line, cut);
  }

  /** No further line belongs to those that wait. Each round decides on one of them at least. */
  #releaseAll(): void {
    while (this.#held.length > 0) this.#release();
  }

  #keep(piece: Buffer): void {
    this.#carried += piece.length;
    if (this.#tooLong || piece.length === 0) return;
    // A copy: the chunk is the caller's, and may be big.
    this.#carry.push(Buffer.from(piece));
    if (this.#carry.length > MAX_PIECES) this.#carry = [Buffer.concat(this.#carry)];
    if (this.#carried > MAX_LINE) {
      this.#tooLong = true;
      this.#carry = [Buffer.concat(this.#carry).subarray(0, SHOWN_OF_LONG)];
    }
  }

  #endCarried(cut: boolean): void {
    const line = Buffer.concat([...this.#carry, Buffer.of(LF)]);
    const tooLong = this.#tooLong;
    this.#carry = [];
    this.#carried = 0;
    this.#tooLong = false;
    if (tooLong) this.#dropLine(line.subarray(0, -1));
    else if (cut) this.#line(line, 0, line.length - 1, ++this.report.lines, true);
    else this.#region(line, 0, line.length);
  }

  #dropLine(beginning: Uint8Array): void {
    this.#releaseAll();
    this.#marker = -1;
    this.report.skip(++this.report.lines, Buffer.from(beginning).toString("utf8"));
  }
}

function held(bytes: Uint8Array, start: number, end: number, line: number, cut: boolean): Line {
  const copy = Buffer.allocUnsafe(end - start + 1);
  copy.set(bytes.subarray(start, end));
  copy[end - start] = LF;
  return { bytes: copy, start: 0, end: end - start, line, as: "first", cut };
}
