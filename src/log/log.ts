/** The log: events in the order in which they were appended, which nothing ever changes. */
import { nanoid } from "nanoid";
import type { Batch } from "./batch.js";
import { createTables, type Tables } from "./tables.js";

/** Where a log's events came from. */
export interface Origin {
  /** The file, `-` for standard input, or a word for what made it. */
  readonly path: string;
  readonly format: string;
}

/** Events to be read from first to last; memory does not grow with their number. */
export interface Log {
  /** Names this log and no other. */
  readonly id: string;
  readonly origin: Origin;
  /** What the numbers in the batches stand for. Grows as the log is read. */
  readonly tables: Tables;
  /**
   * With `only`, the names of events (`iput`, `alloc_anon_inode_ret`), batches that have none of them may be left out.
   */
  batches(only?: ReadonlySet<string>): AsyncIterable<Batch>;
}

/** A log kept in memory: what is appended stays, as it was. */
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

  /** Appends a sealed batch. Its numbers go on where the log's end; anything else would rewrite history, and throws. */
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
