/** The time between the first event and the last. */
import type { Batch } from "./batch.js";

export interface Time {
  /** `high * 10^9 + low`: nanoseconds, or ticks of a counter. */
  readonly high: number;
  readonly low: number;
}

export class Span {
  first: Time | undefined;
  last: Time | undefined;

  /** The first `count` events of a batch. */
  add(batch: Batch, count = batch.length): void {
    if (count === 0) return;
    this.first ??= timeOf(batch, 0);
    this.last = timeOf(batch, count - 1);
  }

  get seconds(): number {
    if (!this.first || !this.last) return 0;
    const seconds = this.last.high - this.first.high + (this.last.low - this.first.low) / 1e9;
    return Math.round(seconds * 1e6) / 1e6;
  }
}

export function timeOf(batch: Batch, i: number): Time {
  return { high: batch.timeHigh[i]!, low: batch.timeLow[i]! };
}
