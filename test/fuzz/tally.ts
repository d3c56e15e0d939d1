/** Counts of threads, in memory that they share with the pool: no count is lost with a thread. */
import { FUZZ_FORMATS } from "./input.js";

const PER_FORMAT = [
  "inputs",
  "events",
  "trouble",
  "ms",
  "slowest",
  "slowestIndex",
  "removed",
  "removedWithFindings",
] as const;
export type Count = (typeof PER_FORMAT)[number];

/** The state of one thread: the input in progress and its begin, and the counts for the inputs of each format. */
export class Tally {
  static bytes = 8 * (2 + FUZZ_FORMATS.length * PER_FORMAT.length);
  readonly #numbers: Float64Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(Tally.bytes)) {
    this.#numbers = new Float64Array(memory);
  }

  /** The index in progress; -1 before the first and after the last. */
  get index(): number {
    return this.#numbers[0]! - 1;
  }

  /** The clock in milliseconds when that began. */
  get since(): number {
    return this.#numbers[1]!;
  }

  begin(index: number, now: number): void {
    this.#numbers[1] = now;
    this.#numbers[0] = index + 1;
  }

  get(format: number, count: Count): number {
    return this.#numbers[2 + format * PER_FORMAT.length + PER_FORMAT.indexOf(count)]!;
  }

  add(format: number, count: Count, more: number): void {
    this.#numbers[2 + format * PER_FORMAT.length + PER_FORMAT.indexOf(count)]! += more;
  }

  /** Notes the time that an input took, if none took longer. */
  took(format: number, index: number, ms: number): void {
    this.add(format, "ms", ms);
    if (ms <= this.get(format, "slowest")) return;
    this.add(format, "slowest", ms - this.get(format, "slowest"));
    this.add(format, "slowestIndex", index - this.get(format, "slowestIndex"));
  }
}
