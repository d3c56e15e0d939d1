/**
 * Reads the text of `perf script`, whatever fields `-F` chose: what is printed is used, what is not is unknown. Each
 * event's name is needed, and its line has to say something more than a name. Without a CPU events are on CPU 0;
 * without a pid all tasks of one name are one; without a time there is none; without the trace field arguments are
 * absent, and nothing is concluded from such events. Call chains (the lines below an event, up to an empty one) are
 * read and let go.
 *
 * perf names an event with its group, `gmem:iput`. Any group does, for people choose them; only the kernel's own groups
 * are never taken for probes: `kvm:kvm_exit` is the exit of a guest, not of the module.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import type { PointTable } from "../../../events/points.js";
import { ANY_CPU, type Batch, CONTEXT_UNKNOWN } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import { ArgumentNames } from "../arguments/names.js";
import { COLON, HASH, LF, SPACE, latin1, utf8 } from "../ftrace/bytes.js";
import { type CompiledPoint, hashStep, PointsByName } from "../ftrace/compiled.js";
import type { ReadReport } from "../report.js";
import { isWhole, PrintedBodies } from "../text/body.js";
import { markerText } from "../text/marker.js";
import { lastOf, type Line, TextReader } from "../text/reader.js";
import { PrintedTasks } from "../text/tasks.js";
import { type NameLayout, parsePerfHeader, PerfHeader, saysMore } from "./header.js";

/** Lines of the beginning by which the layout is told. */
const SAMPLE_LINES = 200;
/** The strictest first. */
const LAYOUTS: readonly NameLayout[] = ["none", "padded", "unpadded"];
const NAME_WIDTH = 16;
/** Records other than samples (`--show-lost-events` and the like). No task's name has room for it. */
const RECORD =
  /(?:\[(\d{3,5})\] {1,20})?(?:\d{1,15}\.\d{1,9}: {1,20})?PERF_RECORD_([A-Z_]+)(?:[^\n]*?\blost (\d{1,15}))?/;
/** What perf says at the end, when it was not fast enough. */
const CHUNKS_LOST = /^(?:Processed \d+ (?:events|samples) and lost |Check IO\/CPU overload!|Warning:$)/;
/** A line of a call chain: an address, and what is there. */
const CHAIN = /^\s+[\da-f]{1,16}(?: |$)/;
/** The same as perf pads it, which is wider than any task's name. */
const PADDED_CHAIN = /^\t[ \da-f]{16}(?: |$)/;
const PADDED_CHAIN_WIDTH = 18;
const TAB = 0x09;

export class PerfScriptReader extends TextReader {
  readonly #names: PointsByName;
  readonly #bodies: PrintedBodies;
  readonly #tasks: PrintedTasks;
  readonly #header = new PerfHeader();
  /** The group of each point that is an event of the kernel's own, by id; and all groups that have such events. */
  readonly #groupOf = new Map<number, string>();
  readonly #kernels: readonly Uint8Array[];
  readonly #marker: number;
  readonly #layout: NameLayout;
  #afterEvent = false;
  #cpu = -1;
  #withoutPid = 0;
  #withoutTime = 0;
  #withoutArgs = 0;

  /** `beginning`: of the recording, as much as is at hand, by which the layout of its lines is told. */
  constructor(
    points: PointTable,
    tables: Tables,
    report: ReadReport,
    beginning: Uint8Array,
    batchEvents?: number,
    private readonly names = new ArgumentNames(),
  ) {
    super(tables, report, batchEvents);
    this.#layout = layoutOf(Buffer.concat([beginning, Buffer.of(LF)]));
    this.#names = new PointsByName(points);
    this.#bodies = new PrintedBodies(this.builder, tables.places, names, report);
    this.#tasks = new PrintedTasks(tables.tasks);
    const groups = new Set(["kvm"]);
    for (const point of points.points) {
      if (!point?.operation.tracepoint) continue;
      this.#groupOf.set(point.id, point.operation.tracepoint.system);
      groups.add(point.operation.tracepoint.system);
    }
    this.#kernels = [...groups].map((group) => Uint8Array.from(Buffer.from(`${group}:`)));
    this.#marker = points.byEvent("tracing_mark_write")?.id ?? 0;
  }

  protected override scan(bytes: Uint8Array, start: number, end: number): number {
    const { builder, report } = this;
    const header = this.#header;
    const layout = this.#layout;
    let line = report.lines;
    let p = start;
    while (p < end && !builder.full) {
      const body = parsePerfHeader(bytes, p, layout, header);
      if (
        body < 0 ||
        header.digits !== builder.timeDigits ||
        header.pid < 0 ||
        header.cpu < 0 ||
        bytes[body - 1] === LF
      )
        break;
      const point = this.#pointOf(bytes);
      if (point === undefined || point.isMarker || isBroken(bytes, p, header)) break;
      builder.begin(point.id, 0, header.cpu, CONTEXT_UNKNOWN, header.timeHigh, header.timeLow, line + 1);
      const next = this.#bodies.fast(bytes, body, point);
      if (next < 0) {
        builder.abandon();
        break;
      }
      builder.setTask(this.#tasks.intern(bytes, header.task, header.taskEnd, header.nameEnd, header.pid, header.tgid));
      if (header.cpu !== this.#cpu) report.sawCpu((this.#cpu = header.cpu));
      line++;
      p = next;
    }
    if (p > start) {
      this.setMarker(-1);
      this.#afterEvent = true;
    }
    report.lines = line;
    return p;
  }

  protected override take(line: Line): boolean {
    const { bytes, start, end } = line;
    // Most lines of a recording with call chains; looked at first, for finding no event in them takes long.
    if (
      this.#afterEvent &&
      bytes[start] === TAB &&
      line.as !== "joined" &&
      PADDED_CHAIN.test(latin1(bytes, start, Math.min(end, start + PADDED_CHAIN_WIDTH)))
    ) {
      this.report.comments++;
      return true;
    }
    const taken = this.#event(line);
    if (taken !== "none") {
      if (taken === "event") this.#afterEvent = true;
      return taken === "event";
    }
    // The beginning of a task's name that holds a line feed: with the next line, the space may be where it must be.
    if (line.as === "joined") return false;
    if (
      line.as === "first" &&
      this.#layout === "padded" &&
      end > start &&
      end - start < NAME_WIDTH &&
      bytes[start] === SPACE
    )
      return false;
    const text = latin1(bytes, start, Math.min(end, start + 4096));
    const chained = this.#afterEvent;
    this.#afterEvent = false;
    if (start !== end && chained && CHAIN.test(text)) {
      this.report.comments++;
      this.#afterEvent = true;
    } else if (bytes[start] === HASH && !this.inMarker) this.report.comments++;
    else if (!this.#record(text, line.line)) this.leftover(line);
    return true;
  }

  protected override finish(): void {
    const { report } = this;
    const warn = (count: number, what: string): void => {
      if (count > 0) report.warnings.push(what);
    };
    warn(
      this.#withoutPid,
      "perf printed no pid or tid (-F pid,tid): all tasks of one name are taken for one, and what threads of one name did is not told apart",
    );
    warn(this.#withoutTime, "perf printed no times (-F time)");
    warn(
      this.#withoutArgs,
      `perf printed no arguments of ${this.#withoutArgs === report.events ? "any event" : "some events"} (-F trace): nothing is concluded from events whose arguments are not known`,
    );
  }

  #pointOf(bytes: Uint8Array): CompiledPoint | undefined {
    const header = this.#header;
    let hash = 0;
    for (let q = header.name; q < header.eventEnd; q++) hash = hashStep(hash, bytes[q]!);
    const point = this.#names.find(hash, bytes, header.name, header.eventEnd);
    if (point === undefined) return undefined;
    const group = this.#groupOf.get(point.id);
    if (group !== undefined) return latin1(bytes, header.event, header.name) === `${group}:` ? point : undefined;
    return this.#kernels.some((kernels) => startsWith(bytes, header.event, header.name, kernels)) ? undefined : point;
  }

  /** `none`: not an event. `more`: one whose string has no end in this line. */
  #event(line: Line): "event" | "more" | "none" {
    const { bytes, start, end, as, cut } = line;
    const header = this.#header;
    let from = -1;
    for (const layout of as === "joined" ? [this.#layout] : [this.#layout, ...LAYOUTS]) {
      from = parsePerfHeader(bytes, start, layout, header);
      if (from >= 0 && from <= end + 1 && header.eventEnd < end && saysMore(header)) break;
      from = -1;
    }
    if (from < 0) return "none";
    if (as !== "joined" && hasLineFeed(bytes, start, header.eventEnd)) return "none";
    const body = Math.min(from, end);
    const point = this.#pointOf(bytes);
    const name = latin1(bytes, header.name, header.eventEnd);
    if (name.startsWith("PERF_RECORD_")) return "none";
    if (point?.isMarker || (point === undefined && name === "print")) {
      const text = markerText(utf8(bytes, body, end));
      if (text !== undefined && this.#marker > 0) {
        if (as === "joined") return "none";
        this.#begin(bytes, line.line, this.#marker);
        this.builder.pushString(text);
        this.setMarker(Buffer.byteLength(text));
        return "event";
      }
    }
    if (point === undefined || point.isMarker) {
      if (as === "joined" || cut) return "none";
      this.#begin(bytes, line.line, 0);
      this.unknown(latin1(bytes, header.event, header.eventEnd), utf8(bytes, body, end));
      return "event";
    }
    const text = latin1(bytes, body, end).replace(/^ +/, "");
    const parsed = this.#bodies.parse(text, point);
    if ((as === "joined" || cut) && !isWhole(parsed, point)) return as === "joined" ? "more" : "none";
    if (as === "first" && parsed.unterminated && point.hasStrings) return "more";
    this.#begin(bytes, line.line, point.id);
    if (text === "" && point.args.length > 0) {
      this.#withoutArgs++;
      this.#bodies.pushNothing(point);
    } else this.#bodies.push(text, parsed, point, lastOf(line));
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

  /** Begins the event whose header was read last. */
  #begin(bytes: Uint8Array, line: number, point: number): void {
    const { report } = this;
    const header = this.#header;
    report.clock ??= { kind: header.digits === 0 ? "counter" : "seconds", digits: header.digits };
    if (header.pid < 0) this.#withoutPid++;
    if (header.digits === 0) this.#withoutTime++;
    if (header.cpu >= 0) report.sawCpu(header.cpu);
    const task = this.#tasks.intern(bytes, header.task, header.taskEnd, header.nameEnd, header.pid, header.tgid);
    this.begin(
      point,
      task,
      Math.max(0, header.cpu),
      CONTEXT_UNKNOWN,
      header.timeHigh,
      header.timeLow,
      header.digits,
      line,
    );
  }

  /** What perf says that is no event. */
  #record(text: string, line: number): boolean {
    const record = RECORD.exec(text);
    if (record?.[2]?.startsWith("LOST"))
      this.lose(record[1] === undefined ? ANY_CPU : Number(record[1]), Number(record[3] ?? 0), line);
    else if (CHUNKS_LOST.test(text)) this.lose(ANY_CPU, 0, line);
    else if (record) this.report.control++;
    else return false;
    return true;
  }
}

/** The layout that most lines of the beginning have; a hostile name can make its own lines look like another. */
function layoutOf(bytes: Uint8Array): NameLayout {
  const header = new PerfHeader();
  const votes = LAYOUTS.map(() => 0);
  let p = 0;
  for (let k = 0; k < SAMPLE_LINES && p < bytes.length; k++) {
    const first = LAYOUTS.findIndex((layout) => parsePerfHeader(bytes, p, layout, header) >= 0 && saysMore(header));
    if (first >= 0) votes[first]!++;
    p = bytes.indexOf(LF, p) + 1;
  }
  return LAYOUTS[votes.indexOf(Math.max(...votes))]!;
}

/** A line feed in the name: two lines, which make one event or none. */
function isBroken(bytes: Uint8Array, start: number, header: PerfHeader): boolean {
  return hasLineFeed(bytes, start, header.nameEnd);
}

function hasLineFeed(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === LF) return true;
  return false;
}

function startsWith(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length || bytes[end - 1] !== COLON) return false;
  for (let k = 0; k < text.length; k++) if (bytes[start + k] !== text[k]) return false;
  return true;
}

/** Whether a line is an event as perf prints it: with a group, and with more than a name before it. */
export function looksLikePerfScript(bytes: Uint8Array, start: number): boolean {
  const header = new PerfHeader();
  return LAYOUTS.some(
    (layout) =>
      parsePerfHeader(bytes, start, layout, header) >= 0 && header.name > header.event + 1 && saysMore(header),
  );
}
