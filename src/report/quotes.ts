/** Picks the events that a report quotes out of a recording that is read a second time. */
import { points } from "../../events/index.js";
import { formatTime } from "../log/time.js";
import type { EventView } from "../log/view.js";
import type { Recorded } from "../read/report.js";
import type { Observer } from "../reduce/world.js";
import { eventFormats } from "../write/ftrace-event.js";
import type { Quote } from "./model.js";

export class Quotes implements Observer {
  readonly #quotes = new Map<number, Quote>();
  readonly #formats = eventFormats(points);

  constructor(
    private readonly recording: Recorded,
    /** Events. */
    private readonly wanted: ReadonlySet<number>,
  ) {}

  reduced(e: EventView): void {
    if (this.wanted.has(e.seq)) this.#quotes.set(e.seq, this.#quote(e));
  }

  /** Those of these events that were there, in order. */
  of(events: readonly number[]): Quote[] {
    return [...new Set(events)].sort((a, b) => a - b).flatMap((event) => this.#quotes.get(event) ?? []);
  }

  #quote(e: EventView): Quote {
    const { batch, index } = e;
    const { tables } = this.recording;
    const { comm, pid } = tables.tasks.get(e.taskId);
    const format = this.#formats[e.point!.id]!;
    const file = e.line > 0 ? this.recording.fileOf?.(e.cpu) : undefined;
    const time = formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits);
    return {
      event: e.seq,
      ...(file === undefined ? {} : { file }),
      ...(e.line > 0 ? { line: e.line } : {}),
      text: `${comm}-${pid} [${String(e.cpu).padStart(3, "0")}] ${time}: ${format.name}${format.format(batch, index, tables, true)}`,
    };
  }
}
