/** Progress of reading several recordings: one line each, redrawn a few times a second and erased at the end. */
import { progressText } from "../progress.js";
import type { Output } from "../output.js";

const EVERY_MS = 100;

export class ManyProgress {
  readonly #running = new Map<string, string>();
  #done = 0;
  #lines = 0;
  #drawn = 0;

  /** `now` in milliseconds. */
  constructor(
    private readonly out: Output,
    private readonly all: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  update(name: string, events: number, bytes: number): void {
    this.#running.set(name, progressText(events, bytes));
    const now = this.now();
    if (now - this.#drawn < EVERY_MS) return;
    this.#drawn = now;
    this.clear();
    const lines = [
      ...[...this.#running].map(([path, text]) => `kreel: ${path}: ${text}`),
      `kreel: ${this.#done} of ${this.all} recordings done`,
    ];
    this.out.draw("", [...lines, ""]);
    this.#lines = lines.length;
  }

  done(name: string): void {
    this.#running.delete(name);
    this.#done++;
  }

  /** Erases the lines before something else is printed. */
  clear(): void {
    if (this.#lines === 0) return;
    this.out.draw(`\x1b[${this.#lines}F\x1b[J`);
    this.#lines = 0;
  }
}
