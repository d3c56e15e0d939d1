/**
 * Merges the events of several CPUs in the order of their times: a heap of CPUs, each of which is read as long as no
 * other is earlier.
 */

/** One CPU at an event. */
export interface Standing {
  readonly timeHigh: number;
  readonly timeLow: number;
  /** For ties in time, the lower is first. */
  readonly order: number;
}

export class Merge<Cpu extends Standing> {
  /** A heap: no CPU is earlier than the one at half its index. Each is at an event that was not taken yet. */
  readonly #heap: Cpu[] = [];
  /** CPUs at their end, which may have missed events after their last. */
  readonly ended: Cpu[] = [];

  /** `stands`: true if a CPU has an event at all. */
  constructor(cpus: readonly Cpu[], stands: (cpu: Cpu) => boolean) {
    for (const cpu of cpus) {
      if (stands(cpu)) this.#heap.push(cpu);
      else this.ended.push(cpu);
    }
    this.#heap.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** The CPU with the earliest event. */
  get first(): Cpu | undefined {
    return this.#heap[0];
  }

  /** The CPU with the next event that is not the first's; `undefined` if the first is alone. */
  get second(): Cpu | undefined {
    const [, left, right] = this.#heap;
    return right !== undefined && isBefore(right, left!) ? right : left;
  }

  /** Restores the order after the first has moved to its next event. */
  moved(): void {
    this.#sink();
  }

  /** Removes the first, which has no more events. */
  drop(): void {
    const heap = this.#heap;
    this.ended.push(heap[0]!);
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    this.#sink();
  }

  #sink(): void {
    const heap = this.#heap;
    const moving = heap[0]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }
}

export function isBefore(a: Standing, b: Standing): boolean {
  if (a.timeHigh !== b.timeHigh) return a.timeHigh < b.timeHigh;
  if (a.timeLow !== b.timeLow) return a.timeLow < b.timeLow;
  return a.order < b.order;
}
