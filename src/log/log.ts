/** The log: events in the order in which they were appended, which never changes. */
import { nanoid } from "nanoid";
import type { Batch } from "./batch.js";
import { createTables, type Tables } from "./tables.js";

/** The origin of a log's events. */
export interface Origin {
  /** The file, `-` for standard input, or a word for the program that made it. */
  readonly path: string;
  readonly format: string;
}

/** Events to be read from first to last; memory does not grow with their number. */
export interface Log {
  /** Unique to this log. */
  readonly id: string;
  readonly origin: Origin;
  /** The meaning of the numbers in the batches. Grows as the log is read. */
  readonly tables: Tables;
  /**
   * Yields the batches. With `only`, the names of events (`iput`, `alloc_anon_inode_ret`), batches that have none of
   * them may be left out.
   */
  batches(only?: ReadonlySet<string>): AsyncIterable<Batch>;
}

/** A log kept in memory; appended batches stay as they are. */
export class MemoryLog implements Log {
  readonly id = nanoid();
  readonly #batches: Batch[] = [];
  #next = 1;

  constructor(
    readonly origin: Origin,
    readonly tables: Tables = createTables(),
  ) {}

  /** Events appended so far. */
  get length(): number {
    return this.#next - 1;
  }

  /**
   * Appends a sealed batch, whose numbers continue the log's.
   * @throws {RangeError} for any other, which would rewrite history
   */
  append(batch: Batch): void {
    if (batch.firstSeq !== this.#next)
      throw new RangeError(`the log's next event is ${this.#next}, the batch begins with ${batch.firstSeq}`);
    this.#batches.push(Object.freeze(batch));
    this.#next += batch.length;
  }

  async *batches(): AsyncGenerator<Batch> {
    yield* this.#batches;
  }
}
