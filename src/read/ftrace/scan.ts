/**
 * The hot loop: events of the catalogue, printed as the kernel prints them, from bytes into columns. No string, no
 * slice and no object is made for an event. It stops at the first other line, which the reader takes.
 */
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { Tables } from "../../log/tables.js";
import type { ReadReport } from "../report.js";
import { COLON, CR, IS_NAME, LF, SPACE, utf8 } from "./bytes.js";
import { hashStep, type PointsByName } from "./compiled.js";
import { parseBodyFast } from "./fast-body.js";
import { DASH_AT, parseHeader, type Header } from "./header.js";

export class Scanner {
  /** Bytes of text of the last event that `run` read, if it is a marker; -1 if it is none. */
  markerBytes = -1;
  #task = -1;
  #cpu = -1;

  constructor(
    private readonly builder: BatchBuilder,
    private readonly points: PointsByName,
    private readonly tables: Tables,
    private readonly header: Header,
    private readonly report: ReadReport,
  ) {}

  /**
   * Reads lines of `bytes[start, end)`, which ends with a line feed. Returns where it stopped: at `end`, at the start
   * of a line that it does not read, or where the batch is full. The lines that it read are counted in the report.
   */
  run(bytes: Uint8Array, start: number, end: number): number {
    const { builder, points, header, report } = this;
    const { tasks, places } = this.tables;
    let line = report.lines;
    let p = start;
    while (p < end && !builder.full) {
      const name = parseHeader(bytes, p, p + DASH_AT, header);
      if (name < 0 || header.digits !== builder.timeDigits) break;
      let hash = 0;
      let q = name;
      let byte = bytes[q]!;
      while (IS_NAME[byte] === 1) {
        hash = hashStep(hash, byte);
        byte = bytes[++q]!;
      }
      if (byte !== COLON || bytes[q + 1] !== SPACE) break;
      const point = points.find(hash, bytes, name, q);
      if (point === undefined) break;
      const sameTask = this.#task >= 0 && tasks.isBytes(this.#task, bytes, header.task, header.pidEnd, header.tgid);
      // A line feed before the dash: two lines, which are one event or none.
      if (!sameTask && hasLineFeed(bytes, header.task, p + DASH_AT)) break;
      builder.begin(
        point.id,
        sameTask ? this.#task : 0,
        header.cpu,
        header.context,
        header.timeHigh,
        header.timeLow,
        line + 1,
      );
      let next: number;
      if (point.isMarker) {
        next = bytes.indexOf(LF, q + 2) + 1;
        const textEnd = next - 2 >= q + 2 && bytes[next - 2] === CR ? next - 2 : next - 1;
        builder.pushString(utf8(bytes, q + 2, textEnd));
        this.markerBytes = textEnd - q - 2;
      } else {
        next = parseBodyFast(bytes, q + 2, point, builder, places);
        if (next < 0 && point.renamed !== undefined) next = point.renamed.parse(bytes, q + 2, builder, places);
        if (next < 0) {
          builder.abandon();
          break;
        }
        this.markerBytes = -1;
      }
      if (!sameTask) builder.setTask((this.#task = tasks.internBytes(bytes, header.task, header.pidEnd, header.tgid)));
      if (header.cpu !== this.#cpu) report.sawCpu((this.#cpu = header.cpu));
      line++;
      p = next;
    }
    report.lines = line;
    return p;
  }
}

function hasLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === LF) return true;
  return false;
}
