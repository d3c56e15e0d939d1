/**
 * Reads the text of the function_graph tracer: which functions ran, inside of which, in what order, when and for how
 * long. It never prints their objects: no argument, no result (the kernel's options funcgraph-args and -retval print
 * some, under no names; they are not read).
 *
 * So each function of the catalogue becomes an event of its operation with every argument absent, its end a return with
 * the result absent, and markers are markers; a function that the catalogue does not have is an event of an unknown
 * operation, and its end a line that is accounted for. Such a recording proves no more than that: it makes call trees,
 * and two of them compare. It cannot prove that a reference was taken or left, on which object, or whether a call
 * failed: the reducers ignore events with a name only, so there are no objects, no counts and no verdicts, neither good
 * nor bad, and a warning says so.
 *
 * Events of probes that were set beside the tracer are comments in its text; they are of unknown operations, for the
 * function itself is recorded already. A line that is a whole call is two events, entry and return. Names are of
 * symbols: a copy that the compiler made of a function (`.isra.0`, `.constprop.0`) is the function, a part of it
 * (`.part.0`, `.cold`) is not. An interrupt is shown inside the function that it interrupts. Without the option
 * funcgraph-proc tasks are known from where the CPU switches to them.
 */
import type { PointTable } from "../../../events/points.js";
import { CONTEXT_UNKNOWN } from "../../log/batch.js";
import type { Tables } from "../../log/tables.js";
import { HASH, latin1, utf8 } from "../ftrace/bytes.js";
import { entriesIn } from "../ftrace/comments.js";
import type { ReadReport } from "../report.js";
import { type Line, TextReader } from "../text/reader.js";
import { FIRST_UNKNOWN_PID } from "../text/tasks.js";
import { type GraphLine, parseGraphLine, parseTaskSwitch, type Shown } from "./line.js";

const MAX_CPU = 65535;
const MAX_TEXT = 64 * 1024;
/** Calls that one task has open; a real one has a few dozen. */
const MAX_DEPTH = 4096;
const LOST = /^ *CPU:(\d{1,5}) \[LOST (?:(\d{1,15}) )?EVENTS\] *$/;
const BUFFER_STARTED = /^#+ CPU (\d{1,5}) buffer started #+ *$/;
const RULE = /^ *-{20,} *$/;
/** The text of a probe: its name, and its place. */
const EVENT = /^([\w.$-]{1,128}): \((?:[\w.$]+\+0x[\da-f]+|0x[\da-f]+|\[unknown)/;
const COPY = /(?:\.(?:isra|constprop)\.\d+)+$/;
const WARNING =
  "function_graph prints neither arguments nor results: it proves which functions ran inside which, in what order and when, but not on which objects, so no reference is counted and no rule is judged";

/** A function of the catalogue: the points of its entry and, if the catalogue has its result, of its return. */
interface Known {
  readonly entry: number;
  readonly returns: number;
}

export class FunctionGraphReader extends TextReader {
  readonly #known = new Map<string, Known>();
  readonly #args: readonly number[];
  readonly #marker: number;
  /** The task that runs on each CPU, by the log's number. */
  readonly #running: number[] = [];
  /** By task: the function open at each depth. */
  readonly #open = new Map<number, (string | undefined)[]>();

  constructor(points: PointTable, tables: Tables, report: ReadReport, batchEvents?: number) {
    super(tables, report, batchEvents);
    this.#args = points.points.map((point) => point?.args.length ?? 0);
    for (const point of points.points) {
      if (!point || point.phase !== "entry" || point.operation.probe !== "kprobe") continue;
      this.#known.set(point.operation.symbol, {
        entry: point.id,
        returns: points.byEvent(`${point.operation.name}_ret`)?.id ?? 0,
      });
    }
    this.#marker = points.byEvent("tracing_mark_write")?.id ?? 0;
  }

  /** There is no fast path: these recordings are short, for the tracer itself is slow. */
  protected override scan(_bytes: Uint8Array, start: number, _end: number): number {
    return start;
  }

  protected override take(line: Line): boolean {
    const { report } = this;
    const { bytes, start, end } = line;
    const text = latin1(bytes, start, Math.min(end, start + MAX_TEXT));
    const graph = line.cut ? undefined : parseGraphLine(text);
    const cpu = graph?.cpu ?? 0;
    if (graph && cpu <= MAX_CPU) {
      this.#event(graph, cpu, line);
      return true;
    }
    const change = parseTaskSwitch(text);
    if (change && change.cpu <= MAX_CPU) {
      this.#running[change.cpu] = this.tables.tasks.intern(decoded(change.comm), change.pid);
      report.control++;
    } else if (RULE.test(text)) report.control++;
    else if (bytes[start] === HASH) this.#comment(text, line.line);
    else {
      const lost = LOST.exec(text);
      if (lost) this.lose(Number(lost[1]), Number(lost[2] ?? 0), line.line);
      else this.leftover(line);
    }
    return true;
  }

  protected override finish(): void {
    if (this.builder.events > 0) this.report.warnings.push(WARNING);
  }

  #event(graph: GraphLine, cpu: number, line: Line): void {
    const { shown } = graph;
    const task = this.#taskOf(graph, cpu);
    switch (shown.what) {
      case "interrupt":
        this.report.control++;
        return;
      case "text": {
        const event = EVENT.exec(shown.text)?.[1];
        const marker = event === undefined ? this.#marker : 0;
        this.#begin(graph, cpu, task, marker, line.line);
        if (marker > 0) this.builder.pushString(decoded(shown.text));
        else this.unknown(event ?? "print", decoded(shown.text));
        return;
      }
      case "call":
        this.#call(graph, shown, cpu, task, line);
        return;
      case "end":
        this.#end(graph, shown, cpu, task, line);
    }
  }

  #call(
    graph: GraphLine,
    { name, depth, leaf }: Shown & { what: "call" },
    cpu: number,
    task: number,
    line: Line,
  ): void {
    const open = this.#openOf(task);
    open.length = Math.min(open.length, depth, MAX_DEPTH);
    if (!leaf && depth < MAX_DEPTH) open[depth] = name;
    const known = this.#known.get(name.replace(COPY, ""));
    if (!known) {
      this.#begin(graph, cpu, task, 0, line.line);
      this.unknown(name, utf8(line.bytes, line.start, line.end).trim());
      return;
    }
    this.#bare(graph, cpu, task, known.entry, line.line);
    if (!leaf || known.returns === 0) return;
    this.#bare(graph, cpu, task, known.returns, line.line);
    this.report.pairs++;
  }

  #end(graph: GraphLine, shown: Shown & { what: "end" }, cpu: number, task: number, line: Line): void {
    const open = this.#openOf(task);
    const name = shown.name ?? open[shown.depth];
    open.length = Math.min(open.length, shown.depth);
    const known = name === undefined ? undefined : this.#known.get(name.replace(COPY, ""));
    if (known && known.returns > 0) this.#bare(graph, cpu, task, known.returns, line.line);
    else this.report.control++;
  }

  #openOf(task: number): (string | undefined)[] {
    let open = this.#open.get(task);
    if (!open) this.#open.set(task, (open = []));
    return open;
  }

  #taskOf({ task }: GraphLine, cpu: number): number {
    if (task) return (this.#running[cpu] = this.tables.tasks.intern(decoded(task.comm), task.pid));
    return (this.#running[cpu] ??= this.tables.tasks.intern("<...>", FIRST_UNKNOWN_PID + cpu));
  }

  /** Appends an event of which only the name is known. */
  #bare(graph: GraphLine, cpu: number, task: number, point: number, line: number): void {
    this.#begin(graph, cpu, task, point, line);
    for (let k = this.#args[point]!; k > 0; k--) this.builder.pushFault();
  }

  #begin({ time }: GraphLine, cpu: number, task: number, point: number, line: number): void {
    const [seconds = "0", fraction = ""] = (time ?? "").split(".");
    this.report.clock ??= { kind: fraction === "" ? "counter" : "seconds", digits: fraction.length };
    this.report.sawCpu(cpu);
    this.begin(
      point,
      task,
      cpu,
      CONTEXT_UNKNOWN,
      Number(seconds),
      Number(fraction.padEnd(9, "0")),
      fraction.length,
      line,
    );
  }

  #comment(text: string, line: number): void {
    const { report } = this;
    const started = BUFFER_STARTED.exec(text);
    if (started) {
      // The header has the number of missing events already. Before the first event there is nothing to miss them in.
      if (this.builder.events > 0) this.lose(Number(started[1]), 0, line);
      else report.control++;
      return;
    }
    report.comments++;
    report.tracer = /^# tracer: ([\w-]+)/.exec(text)?.[1] ?? report.tracer;
    const entries = entriesIn(text);
    if (!entries) return;
    report.overrun += entries.written - entries.inBuffer;
    report.sawEntries(entries);
  }
}

function decoded(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** True if the tracer prints such a line. */
export function looksLikeFunctionGraph(line: string): boolean {
  return line.startsWith("# tracer: function_graph") || parseGraphLine(line) !== undefined;
}
