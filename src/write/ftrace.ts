/**
 * Events as the text of /sys/kernel/tracing/trace, the inverse of `read/ftrace`: the text reads back as the same
 * events, and writing those gives the same text. A stream: only a chunk, and a line for each task and place, are held.
 *
 * ftrace escapes nothing. Quotes, spaces and terminal escapes stand as they are, and so do line feeds, if the reader
 * can still parse the event. Other characters are replaced, mostly by `?`; `ftrace-text.ts` says which and why:
 * - task: leading spaces are lost in the padding; what is beyond 15 bytes is cut; a line feed is replaced if the first
 *   line of the name could pass for something else;
 * - string of a probe: line feeds, if the lines could be read otherwise or are too many; a carriage return before one;
 *   quotes, if two strings of one event would still be parsed wrongly;
 * - marker: the line feeds of a text of which a line could pass for an event or a loss, and the empty lines at its end;
 * - place: `)` and line feed. If the log has no place, one is made up, with offset and size 0;
 * - tracepoint and unknown event: line feeds; of a tracepoint also double quotes; of an unknown event's name the
 *   characters that no name has, and a name that is the catalogue's gets a `_` appended;
 * - a loss of more events than 15 digits express is written as 15 nines;
 * - any text beyond 256 Ki characters is cut: the reader gives up on a line of a megabyte.
 *
 * Not kept, as no column holds them: flags other than the interrupt's, an interrupted softirq below an NMI, digits of
 * the time beyond the batch's. An event of the kernel's own reads back if it has its format: no faults.
 */
import { points } from "../../events/index.js";
import {
  CONTEXT_HARDIRQ,
  CONTEXT_NMI,
  CONTEXT_SOFTIRQ,
  CONTEXT_UNKNOWN,
  UNKNOWN_POINT,
  type Batch,
  type Loss,
} from "../log/batch.js";
import { Recent } from "../log/recent.js";
import type { Tables } from "../log/tables.js";
import { formatTime } from "../log/time.js";
import { escapeOf } from "../base/trouble.js";
import { eventFormats, type EventFormat } from "./ftrace-event.js";
import { comments, header, type HeaderFacts } from "./ftrace-header.js";
import { endsOpen, taskText, unknownText } from "./ftrace-text.js";

export interface FtraceTextOptions {
  /** Comments after the header, a line each, without the `#`. */
  readonly header?: readonly string[];
  /** For display: each event is one line, and line feeds in it are escaped. Such a text does not read back. */
  readonly oneLine?: boolean;
  /**
   * Comments after those, as far as they are known when the text begins; the others stand at its end, unless a marker
   * would absorb them.
   */
  readonly remarks?: () => readonly string[];
  /** Report of the recording that is written, read as far as the events: the facts in its head are written too. */
  readonly report?: HeaderFacts;
}

/** Characters of a chunk, or a few more: it ends with a line. */
const CHUNK = 64 * 1024;
/** The reader reads no more digits of a loss. */
const MAX_LOST = 999_999_999_999_999;
const TIME_WIDTH = 5;
const COUNTER_WIDTH = 12;

/** Yields the text, in chunks of whole lines. The batches are those of one log, in order, and `tables` its own. */
export function* ftraceText(
  batches: Iterable<Batch>,
  tables: Tables,
  options: FtraceTextOptions = {},
): Generator<string> {
  const writer = new FtraceWriter(tables, options);
  for (const batch of batches) yield* writer.write(batch);
  yield writer.end();
}

/** Like `ftraceText`, over batches that are still being read. */
export async function* ftraceTextOf(
  batches: AsyncIterable<Batch>,
  tables: Tables,
  options: FtraceTextOptions = {},
): AsyncGenerator<string> {
  const writer = new FtraceWriter(tables, options);
  for await (const batch of batches) yield* writer.write(batch);
  yield writer.end();
}

/** The text before an event for its task, padding included. */
interface TaskColumn {
  readonly text: string;
  /** The name has a line feed: the reader does not join further lines to an event of this task. */
  readonly hasLineFeed: boolean;
}

class FtraceWriter {
  readonly #formats = eventFormats(points);
  #tasks = new Recent<TaskColumn>();
  #text = "";
  #begun = false;
  /** True if lines have the column of thread groups: from the first task on whose group is known. */
  #tgid = false;
  /** The last line is a marker's, and the reader holds it until it has seen the next. */
  #open = false;
  /** The last line is a marker's. */
  #inMarker = false;
  #remarked = false;

  constructor(
    private readonly tables: Tables,
    private readonly options: FtraceTextOptions,
  ) {}

  *write(batch: Batch): Generator<string> {
    let losses = 0;
    for (let i = 0; i < batch.length; i++) {
      if (!this.#begun)
        this.#begin(batch.context[i] !== CONTEXT_UNKNOWN, this.tables.tasks.get(batch.task[i]!).tgid !== undefined);
      for (; losses < batch.losses.length && batch.losses[losses]!.index <= i; losses++)
        this.#loss(batch.losses[losses]!);
      const event = this.#event(batch, i);
      this.#text += `${this.options.oneLine ? event.replaceAll("\n", escapeOf) : event}\n`;
      if (this.#text.length >= CHUNK) yield this.#take();
    }
    for (; losses < batch.losses.length; losses++) this.#loss(batch.losses[losses]!);
  }

  end(): string {
    if (!this.#begun) this.#begin(true, false);
    if (!this.#inMarker)
      this.#text += this.#remarks()
        .flatMap(comments)
        .map((line) => `${line}\n`)
        .join("");
    return this.#take();
  }

  /** The first event decides the columns, so the header waits for it; losses may precede it. */
  #begin(flags: boolean, tgid: boolean): void {
    this.#begun = true;
    this.#text =
      header(flags, tgid, [...(this.options.header ?? []), ...this.#remarks()], this.options.report) + this.#text;
  }

  /** Returns the remarks the first time that there are any, then none. */
  #remarks(): readonly string[] {
    const remarks = this.#remarked ? [] : (this.options.remarks?.() ?? []);
    this.#remarked ||= remarks.length > 0;
    return remarks;
  }

  #take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #loss({ cpu, count }: Loss): void {
    this.#text +=
      count === 0 ? `CPU:${cpu} [LOST EVENTS]\n` : `CPU:${cpu} [LOST ${Math.min(count, MAX_LOST)} EVENTS]\n`;
    this.#open = false;
    this.#inMarker = false;
  }

  #event(batch: Batch, i: number): string {
    const task = this.#task(batch.task[i]!);
    const head = `${task.text}${cpuText(batch.cpu[i]!)}${FLAGS[batch.context[i]! & 15]!} ${timeText(batch, i)}: `;
    const point = batch.point[i]!;
    this.#inMarker = false;
    if (point === UNKNOWN_POINT) {
      const unknown = batch.unknown.get(i);
      return `${head}${unknownText(unknown?.name ?? "", unknown?.text ?? "", points)}`;
    }
    const format: EventFormat = this.#formats[point]!;
    const text = format.format(batch, i, this.tables, task.hasLineFeed);
    this.#inMarker = format.isMarker;
    if (format.isMarker) this.#open = endsOpen(text);
    return `${head}${format.name}${text}`;
  }

  #task(id: number): TaskColumn {
    const task = this.tables.tasks.get(id);
    if (task.tgid !== undefined && !this.#tgid) {
      this.#tgid = true;
      this.#tasks = new Recent();
    }
    if (this.#open) {
      this.#open = false;
      if (/[[\n]/.test(task.comm)) return this.#column(task, true);
    }
    return this.#tasks.get(id) ?? this.#tasks.set(id, this.#column(task, false));
  }

  #column(task: { readonly comm: string; readonly name: string; readonly tgid?: number }, strict: boolean): TaskColumn {
    const comm = taskText(task.comm, strict);
    const pid = task.name.slice(task.comm.length + 1);
    const group = !this.#tgid ? "" : task.tgid === undefined ? "(-------) " : `(${String(task.tgid).padStart(7)}) `;
    return { text: `${comm}-${pid.padEnd(7)} ${group}`, hasLineFeed: comm.includes("\n") };
  }
}

const cpus: string[] = [];

function cpuText(cpu: number): string {
  return (cpus[cpu] ??= `[${String(cpu).padStart(3, "0")}] `);
}

/** The columns by context: the third of five is the interrupt's. No columns if the recording has none. */
const FLAGS = Array.from({ length: 16 }, (_, context) => {
  if ((context & CONTEXT_UNKNOWN) !== 0) return "";
  const hardirq = (context & CONTEXT_HARDIRQ) !== 0;
  const softirq = (context & CONTEXT_SOFTIRQ) !== 0;
  const nmi = (context & CONTEXT_NMI) !== 0;
  return `..${nmi ? (hardirq ? "Z" : "z") : hardirq ? (softirq ? "H" : "h") : softirq ? "s" : "."}..`;
});

/** `%5lu.%06lu` of a clock in seconds, `%12llu` of a counter. */
function timeText(batch: Batch, i: number): string {
  const digits = batch.timeDigits;
  return formatTime(batch.timeHigh[i]!, batch.timeLow[i]!, digits).padStart(
    digits === 0 ? COUNTER_WIDTH : TIME_WIDTH + 1 + digits,
  );
}
