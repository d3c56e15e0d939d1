/**
 * Reads the text of `trace` and `trace_pipe`. A stream: what is held at any time is a chunk, the batch that is being filled
 * and at most one line of a megabyte.
 */
import type { PointTable } from "../../../events/points.js";
import type { Batch } from "../../log/batch.js";
import { BATCH_EVENTS, BatchBuilder } from "../../log/batch-builder.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import { readThrough, type StreamReader } from "../stream-reader.js";
import { LF } from "./bytes.js";
import { Comments } from "./comments.js";
import { PointsByName } from "./compiled.js";
import { Header } from "./header.js";
import { LineReader } from "./lines.js";
import { Scanner } from "./scan.js";

/** A longer line is no event: the kernel prints an event into a page or two. */
export const MAX_LINE = 1 << 20;
const SHOWN_OF_LONG = 800;
/** A line may come in pieces of a byte: so many are kept apart. */
const MAX_PIECES = 1024;

export async function* readFtrace(chunks: AsyncIterable<Buffer>, points: PointTable, tables: Tables, report: ReadReport): AsyncGenerator<Batch> {
  yield* readThrough(new FtraceReader(points, tables, report), chunks);
}

/** The reader without the waiting: chunks in, batches out. */
export class FtraceReader implements StreamReader {
  readonly #builder: BatchBuilder;
  readonly #scanner: Scanner;
  readonly #lines: LineReader;
  /** The beginning of a line whose end is in a chunk to come. */
  #carry: Buffer[] = [];
  #carried = 0;
  /** The line is longer than any event's; the rest of it is let go. */
  #tooLong = false;
  /** Something was read since the last flush. */
  #fresh = false;

  constructor(
    points: PointTable,
    tables: Tables,
    private readonly report: ReadReport,
    batchEvents = BATCH_EVENTS,
  ) {
    const header = new Header();
    const names = new PointsByName(points);
    this.#builder = new BatchBuilder(tables.addresses, batchEvents);
    this.#scanner = new Scanner(this.#builder, names, tables, header, report);
    this.#lines = new LineReader(this.#builder, names, tables, header, report, new Comments(report, header));
  }

  push(chunk: Buffer): Batch[] {
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

  flush(): Batch[] {
    const builder = this.#builder;
    // A marker's text may go on in the next line: waited for once.
    const sealed = this.#lines.inMarker && this.#fresh ? builder.sealButLast() : builder.isEmpty ? undefined : builder.seal();
    this.#fresh = false;
    if (sealed) this.#lines.batches.push(sealed);
    return this.#taken();
  }

  restart(): Batch[] {
    if (this.#carried > 0) this.#endCarried(true);
    this.#lines.finish();
    this.#lines.setMarker(-1);
    this.#lines.sealIfFull();
    this.#builder.breakOff();
    this.report.restart();
    return this.#taken();
  }

  end(): Batch[] {
    if (this.#carried > 0) {
      this.report.truncated = true;
      this.#endCarried(true);
    }
    this.#lines.finish();
    if (!this.#builder.isEmpty) this.#lines.batches.push(this.#builder.seal());
    return this.#taken();
  }

  #taken(): Batch[] {
    this.report.events = this.#builder.events;
    return this.#lines.batches.splice(0);
  }

  /** Reads `bytes[start, end)`, whole lines. */
  #region(bytes: Buffer, start: number, end: number): void {
    const { report } = this;
    const lines = this.#lines;
    let p = start;
    while (p < end) {
      if (lines.idle) {
        const stopped = this.#scanner.run(bytes, p, end);
        if (stopped > p) lines.setMarker(this.#scanner.markerBytes);
        p = stopped;
        // While a marker's text may go on, its event stays within reach; the event behind it seals the batch then.
        if (this.#builder.full && !lines.inMarker) {
          lines.sealIfFull();
          continue;
        }
        if (p >= end) return;
      }
      const feed = bytes.indexOf(LF, p);
      if (feed - p > MAX_LINE) this.#dropLine(bytes.subarray(p, p + SHOWN_OF_LONG));
      else lines.take(bytes, p, feed, ++report.lines);
      p = feed + 1;
    }
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
    else if (cut) this.#lines.take(line, 0, line.length - 1, ++this.report.lines, true);
    else this.#region(line, 0, line.length);
  }

  #dropLine(beginning: Buffer): void {
    this.#lines.finish();
    this.#lines.setMarker(-1);
    this.report.skip(++this.report.lines, Buffer.from(beginning).toString("utf8"));
  }
}
