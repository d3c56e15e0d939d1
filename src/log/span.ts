/** The time between the first event and the last. */
import type { Batch } from "./batch.js";

export interface Time {
  /** `high * 10^9 + low`: nanoseconds, or ticks of a counter. */
  readonly high: number;
  readonly low: number;
}

export interface SavedSpan {
  readonly first: Time | undefined;
  readonly last: Time;
}

export class Span {
  #first: Time | undefined;
  #last: Time = { high: 0, low: 0 };

  /** Adds events `[from, to)` of a batch. */
  add(batch: Batch, from = 0, to = batch.length): void {
    if (from >= to) return;
    this.#first ??= timeOf(batch, from);
    this.#last = timeOf(batch, to - 1);
  }

  saved(): SavedSpan {
    return { first: this.#first, last: this.#last };
  }

  restore({ first, last }: SavedSpan): void {
    this.#first = first;
    this.#last = last;
  }

  get seconds(): number {
    if (!this.#first) return 0;
    const seconds = this.#last.high - this.#first.high + (this.#last.low - this.#first.low) / 1e9;
    return Math.round(seconds * 1e6) / 1e6;
  }
}

export function timeOf(batch: Batch, i: number): Time {
  return { high: batch.timeHigh[i]!, low: batch.timeLow[i]! };
}
