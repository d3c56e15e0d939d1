/** The events of a log file: from any event on, or only those of some operations. */
import { firstWhere } from "../../base/search.js";
import { points } from "../../../events/index.js";
import { ANY_CPU, type Batch } from "../batch.js";
import { exactTime } from "../time.js";
import type { Tables } from "../tables.js";
import { ByteReader, DamagedError } from "./bytes.js";
import { EventsDecoder, pointColumn, readHead } from "./decode.js";
import type { BlockEntry } from "./index-block.js";
import type { LogFile } from "./log-file.js";
import { upcasts } from "./schema.js";

/** Events of a block that a scan found. */
export interface Found {
  readonly entry: BlockEntry;
  /** Their indexes within the block, from 0. */
  readonly indexes: Uint32Array;
}

/**
 * Reads the events of a log, all, from a number on, or those of some names. Blocks that cannot be read are losses,
 * counted in `lost`.
 */
export class LogReader {
  /** By schema. */
  readonly #decoders: EventsDecoder[] = [];
  readonly #events: BlockEntry[] = [];
  /** Events requested so far that could not be read. */
  lost = 0;
  /** Lost events by the event after them: a seek may read the same place again, and they are lost only once. */
  readonly #lostBefore = new Map<number, number>();

  constructor(
    readonly file: LogFile,
    readonly tables: Tables,
  ) {
    let next = 1;
    for (const block of file.blocks) {
      if (block.kind !== "events") continue;
      if (block.firstSeq < next) file.damaged(block, `it follows event ${next - 1}`);
      else {
        this.#events.push(block);
        next = block.firstSeq + block.events;
      }
    }
  }

  /** Blocks of events, in order. */
  get blocks(): readonly BlockEntry[] {
    return this.#events;
  }

  /**
   * Returns the events of one block.
   * @throws {DamagedError} if they cannot be read
   */
  batch(entry: BlockEntry): Batch {
    // A reader that goes from event to event requests the same block repeatedly.
    if (this.#latest?.entry !== entry) this.#latest = { entry, batch: this.#decoded(entry) };
    return this.#latest.batch;
  }
  #latest: { readonly entry: BlockEntry; readonly batch: Batch } | undefined;

  #decoded(entry: BlockEntry): Batch {
    const { header, payload } = this.file.read(entry);
    try {
      const decoder = (this.#decoders[header.schema] ??= new EventsDecoder(
        upcasts(this.file.schema(header.schema), points),
        this.tables,
      ));
      return decoder.decode(header, payload);
    } catch (error) {
      throw error instanceof DamagedError ? this.file.damaged(entry, error.message) : error;
    }
  }

  /**
   * Yields every batch that has events from number `from` on; the first may begin before it. Events that cannot be read
   * are a loss of so many, as in a recording that lost some.
   */
  *batches(from = 1): Generator<Batch> {
    let next = from;
    for (let k = this.blockOf(from); k < this.#events.length; k++) {
      const entry = this.#events[k]!;
      if (entry.firstSeq > next) yield this.#lost(next, entry.firstSeq - next);
      next = entry.firstSeq + entry.events;
      yield this.#batchOrLoss(entry);
    }
    if (this.file.events >= next) yield this.#lost(next, this.file.events - next + 1);
  }

  /**
   * Yields the batches that have events of these names. Blocks without any are not read; one that cannot be read is a
   * loss.
   */
  *having(names: ReadonlySet<string>): Generator<Batch> {
    for (const entry of this.#events) if (this.#mayHave(entry, names)) yield this.#batchOrLoss(entry);
  }

  #mayHave(entry: BlockEntry, names: ReadonlySet<string>): boolean {
    try {
      return this.#has(entry, names);
    } catch (error) {
      if (error instanceof DamagedError) return true;
      throw error;
    }
  }

  #has(entry: BlockEntry, names: ReadonlySet<string>): boolean {
    const schema = this.file.schema(entry.schema);
    return this.file.pointsOf(entry).some((point) => names.has(schema[point]?.event ?? ""));
  }

  #batchOrLoss(entry: BlockEntry): Batch {
    try {
      return this.batch(entry);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      return this.#lost(entry.firstSeq, entry.events);
    }
  }

  #lost(firstSeq: number, count: number): Batch {
    const end = firstSeq + count;
    const known = this.#lostBefore.get(end) ?? 0;
    if (count > known) {
      this.#lostBefore.set(end, count);
      this.lost += count - known;
    }
    return lost(firstSeq, count);
  }

  /** Returns the index of the block that has an event; the number of blocks if none does. */
  blockOf(seq: number): number {
    const blocks = this.#events;
    return firstWhere(0, blocks.length, (k) => blocks[k]!.firstSeq + blocks[k]!.events > seq);
  }

  /** Returns the number of the first event that is later than a time; that of the next event to come if none is. */
  after(time: bigint): number {
    for (const entry of this.#events) {
      if (exactTime(entry.timeHigh, entry.timeLow) <= time) continue;
      const { timeHigh, timeLow } = this.batch(entry);
      for (let i = 0; i < entry.events; i++) if (exactTime(timeHigh[i]!, timeLow[i]!) > time) return entry.firstSeq + i;
    }
    return this.file.events + 1;
  }

  /**
   * Finds the events of these names (`iput`, `alloc_anon_inode_ret`). Blocks without any are not read, and of the
   * others only the column of points.
   */
  *scan(names: ReadonlySet<string>): Generator<Found> {
    for (const entry of this.#events) {
      if (!this.#has(entry, names)) continue;
      const schema = this.file.schema(entry.schema);
      const { payload } = this.file.read(entry);
      const head = readHead(new ByteReader(payload), entry.events);
      const wanted = Uint8Array.from(head.points, (point) => (names.has(schema[point]?.event ?? "") ? 1 : 0));
      const indexes = new Uint32Array(
        head.counts.reduce((all, count, local) => all + (wanted[local] === 1 ? count : 0), 0),
      );
      const column = pointColumn(head, entry.events);
      let found = 0;
      for (let i = 0; i < column.length; i++) if (wanted[column[i]!] === 1) indexes[found++] = i;
      yield { entry, indexes };
    }
  }
}

/** Returns an empty batch with a loss of events before its end. */
function lost(firstSeq: number, count: number): Batch {
  return {
    firstSeq,
    length: 0,
    point: new Uint16Array(0),
    task: new Uint32Array(0),
    cpu: new Uint16Array(0),
    context: new Uint8Array(0),
    timeHigh: new Float64Array(0),
    timeLow: new Uint32Array(0),
    line: new Float64Array(0),
    place: new Uint32Array(0),
    argStart: new Uint32Array(0),
    low: new Uint32Array(0),
    high: new Uint32Array(0),
    fault: new Uint16Array(0),
    strings: [],
    unknown: new Map(),
    losses: [{ index: 0, cpu: ANY_CPU, count, line: 0 }],
    timeDigits: 0,
  };
}
