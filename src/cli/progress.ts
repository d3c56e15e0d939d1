/**
 * Progress of reading a long recording: one line on the terminal, redrawn a few times a second and erased at the end.
 */
import type { Output } from "./output.js";
import type { Terminal } from "./terminal.js";

const EVERY_MS = 100;
/** A recording that is read sooner shows no progress. */
const AFTER_MS = 500;

/** Receives the progress of reading. */
export interface ProgressSink {
  update(events: number, bytes: number): void;
  /** Erases the progress: the reading is over, or something else is to be printed. */
  clear(): void;
}

/** `wanted`: the output leaves room for progress. */
export function progressOf({ err, progress, report }: Terminal, wanted: boolean): ProgressSink {
  return report ? { update: report, clear: () => {} } : new Progress(err, progress && wanted);
}

export class Progress implements ProgressSink {
  readonly #start: number;
  #drawn = 0;
  #visible = false;

  /** `now` in milliseconds. */
  constructor(
    private readonly out: Output,
    private readonly enabled: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#start = now();
  }

  update(events: number, bytes: number): void {
    if (!this.enabled) return;
    const now = this.now();
    if (now - this.#start < AFTER_MS || now - this.#drawn < EVERY_MS) return;
    this.#drawn = now;
    this.#visible = true;
    const rate = Math.round(events / ((now - this.#start) / 1000));
    this.out.draw("\r\x1b[K", [`kreel: ${progressText(events, bytes)}, ${count(rate)} events/s`]);
  }

  clear(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.out.draw("\r\x1b[K");
  }
}

export function progressText(events: number, bytes: number): string {
  return `${count(events)} events, ${count(bytes)}B read`;
}

function count(n: number): string {
  if (n < 10_000) return String(n);
  return n < 10_000_000 ? `${Math.round(n / 1000)}k` : `${(n / 1e6).toFixed(1)}M`;
}
