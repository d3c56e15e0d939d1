/**
 * The latest events, in columns: enough to describe an event that later proved to matter, for a few stores an event.
 */
import type { EventView } from "../log/view.js";

const SIZE = 1 << 16;
const MASK = SIZE - 1;

export interface RecentEvent {
  readonly point: number;
  readonly task: number;
  readonly line: number;
  readonly timeHigh: number;
  readonly timeLow: number;
}

export class RecentEvents {
  readonly #seq = new Float64Array(SIZE);
  readonly #point = new Uint16Array(SIZE);
  readonly #task = new Uint32Array(SIZE);
  readonly #line = new Float64Array(SIZE);
  readonly #timeHigh = new Float64Array(SIZE);
  readonly #timeLow = new Uint32Array(SIZE);
  /** Digits after the decimal point, the same for all of a recording. */
  digits = 0;

  add(e: EventView): void {
    const { batch, index, seq } = e;
    const k = seq & MASK;
    this.#seq[k] = seq;
    this.#point[k] = e.point!.id;
    this.#task[k] = e.taskId;
    this.#line[k] = e.line;
    this.#timeHigh[k] = batch.timeHigh[index]!;
    this.#timeLow[k] = batch.timeLow[index]!;
    this.digits = batch.timeDigits;
  }

  get(seq: number): RecentEvent | undefined {
    const k = seq & MASK;
    if (this.#seq[k] !== seq) return undefined;
    return {
      point: this.#point[k]!,
      task: this.#task[k]!,
      line: this.#line[k]!,
      timeHigh: this.#timeHigh[k]!,
      timeLow: this.#timeLow[k]!,
    };
  }
}
