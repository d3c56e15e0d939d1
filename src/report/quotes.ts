/** Picks the events that a report quotes while a recording is read a second time. */
import type { EventView } from "../log/view.js";
import type { Recorded } from "../read/report.js";
import type { Observer } from "../reduce/world.js";
import { eventLine } from "../write/event-line.js";
import type { Quote } from "./model.js";

export class Quotes implements Observer {
  readonly #quotes = new Map<number, Quote>();

  constructor(
    private readonly recording: Recorded,
    /** Event numbers. */
    private readonly wanted: ReadonlySet<number>,
  ) {}

  reduced(e: EventView): void {
    if (this.wanted.has(e.seq)) this.#quotes.set(e.seq, this.#quote(e));
  }

  /** Quotes those of the events that occurred, in order. */
  of(events: readonly number[]): Quote[] {
    return [...new Set(events)].sort((a, b) => a - b).flatMap((event) => this.#quotes.get(event) ?? []);
  }

  #quote(e: EventView): Quote {
    const file = e.line > 0 ? this.recording.fileOf?.(e.cpu) : undefined;
    return {
      event: e.seq,
      ...(file === undefined ? {} : { file }),
      ...(e.line > 0 ? { line: e.line } : {}),
      text: eventLine(e.batch, e.index, this.recording.tables),
    };
  }
}
