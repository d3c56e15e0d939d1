/**
 * Events as the text of /sys/kernel/tracing/trace, the inverse of `read/ftrace`: what is written reads back as the same
 * events, and writing those gives the same text. A stream: nothing is held but a chunk, and a line for each task and
 * place.
 *
 * ftrace escapes nothing. Quotes, spaces and terminal escapes stand as they are, and so do line feeds, wherever the
 * reader finds its way back. What it could not is replaced, mostly by `?`; `ftrace-text.ts` says what and why:
 * - task: spaces in front are lost in the padding; what is beyond 15 bytes is cut; a line feed, where the first line of
 *   the name could pass for something else;
 * - string of a probe: line feeds, where the lines could be read otherwise or are too many; a carriage return before
 *   one; quotes, where two strings of one event would still be told apart wrongly;
 * - marker: the line feeds of a text of which a line could pass for an event or a loss, and the empty lines at its end;
 * - place: `)` and line feed. Where the log has no place, one is made up, with offset and size 0;
 * - tracepoint and unknown event: line feeds; of a tracepoint also double quotes; of an unknown event's name what is
 *   not of a name, and one that is the catalogue's gets `_` behind it;
 * - a loss of more events than 15 digits say: as many as they do;
 * - any text beyond 256 Ki characters is cut: the reader gives up on a line of a megabyte.
 *
 * Not kept, as no column holds them: flags other than the interrupt's, an interrupted softirq below an NMI, digits of
 * the time beyond the batch's. What an event of the kernel's own prints reads back if it is as in its format: no
 * faults.
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
  /** Comments behind the header, a line each, without the `#`. */
  readonly header?: readonly string[];
  /** For people to look at: an event is one line, and line feeds in it are shown. Such a text does not read back. */
  readonly oneLine?: boolean;
  /**
   * Comments behind those, as far as they are known when the text begins; at its end the others, unless a marker would
   * take them in.
   */
  readonly remarks?: () => readonly string[];
  /** Of the recording that is written, read as far as the events: what its head says is written too. */
  readonly report?: HeaderFacts;
}

/** Whole lines, so many characters or a few more. */
const CHUNK = 64 * 1024;
/** More digits of a loss are not read. */
const MAX_LOST = 999_999_999_999_999;
const TIME_WIDTH = 5;
const COUNTER_WIDTH = 12;

/** The text, in chunks of whole lines. The batches are those of one log, in order, and `tables` its own. */
export function* ftraceText(
  batches: Iterable<Batch>,
  tables: Tables,
  options: FtraceTextOptions = {},
): Generator<string> {
  const writer = new FtraceWriter(tables, options);
  for (const batch of batches) yield* writer.write(batch);
  yield writer.end();
}

/** The same over batches that are still being read. */
export async function* ftraceTextOf(
  batches: AsyncIterable<Batch>,
  tables: Tables,
  options: FtraceTextOptions = {},
): AsyncGenerator<string> {
  const writer = new FtraceWriter(tables, options);
  for await (const batch of batches) yield* writer.write(batch);
  yield writer.end();
}

/** What is written in front of an event for its task, padding and all. */
interface TaskColumn {
  readonly text: string;
  /** The name has a line feed: the reader does not join further lines to such an event's. */
  readonly hasLineFeed: boolean;
}

class FtraceWriter {
  readonly #formats = eventFormats(points);
  #tasks = new Recent<TaskColumn>();
  #text = "";
  #begun = false;
  /** Whether lines have the column of thread groups: from the first task on whose group is known. */
  #tgid = false;
  /** The last line is of a marker, and the reader holds it until it has seen the next. */
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

  /** The columns are those of the first event, so the header waits for it; losses may be there before. */
  #begin(flags: boolean, tgid: boolean): void {
    this.#begun = true;
    this.#text =
      header(flags, tgid, [...(this.options.header ?? []), ...this.#remarks()], this.options.report) + this.#text;
  }

  /** Once there are any, none any more. */
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

/** The columns by context: of five, the third is the interrupt's. No columns where the recording does not say. */
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
