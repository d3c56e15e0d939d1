/** A replay under way: what the command's verbs drive, and what snapshots are taken of. */
import { points } from "../../events/index.js";
import { Checker, type FindingListener, type SavedChecker } from "../check/checker.js";
import type { Batch } from "../log/batch.js";
import { type SavedSpan, Span } from "../log/span.js";
import type { Tables } from "../log/tables.js";
import type { ReadReport, Recorded } from "../read/report.js";
import { Reducer, type SavedReducer } from "../reduce/reducer.js";
import { Remarks } from "../reduce/remarks.js";
import { MutableStore, type Store } from "../reduce/store.js";
import type { World, WorldOptions } from "../reduce/world.js";

/**
 * How to replay: the store of the objects (plain ones by default), the objects that are followed (all of them, or
 * guest_memfd's and those that it depends on), and the listener to findings.
 */
export interface ReplayingOptions extends FindingListener, WorldOptions {
  readonly store?: Store;
}

/**
 * Every event is from one CPU, although the machine has several, and there are fewer than the head counts, which counts
 * those of all CPUs (kernel/trace/trace.c:print_event_info): the file of one CPU looks like that.
 */
export function isOneOfSeveral({ entries, cpus, events }: Pick<ReadReport, "entries" | "cpus" | "events">): boolean {
  return (entries?.cpus ?? 1) > 1 && cpus.length === 1 && events < (entries?.inBuffer ?? 0);
}

export interface SavedReplay {
  readonly everything: boolean;
  readonly nextEvent: number;
  readonly span: SavedSpan;
  readonly reducer: SavedReducer;
  readonly checker: SavedChecker;
}

/** What has been read so far, as state and as verdicts, and the time that it took. */
export class Replaying {
  readonly reducer: Reducer;
  readonly checker: Checker;
  /** The number of the event that is to be reduced next. */
  next = 1;
  readonly #span = new Span();

  readonly tables: Tables;
  readonly #report: ReadReport | undefined;
  readonly #remarks: Remarks;

  constructor(
    recording: Pick<Recorded, "tables" | "fileOf"> & Partial<Pick<Recorded, "report">>,
    options: ReplayingOptions = {},
  ) {
    const { tables } = recording;
    this.#report = recording.report;
    this.tables = tables;
    this.reducer = new Reducer(options.store ?? new MutableStore(), points, tables, options);
    this.#remarks = new Remarks(this.world);
    this.checker = new Checker(this.world, tables, options, recording);
  }

  get world(): World {
    return this.reducer.world;
  }
  /** From the first event to the last. */
  get seconds(): number {
    return this.#span.seconds;
  }

  /** The events of a batch before index `to`; those that were reduced already are passed over. */
  reduce(batch: Batch, to = batch.length): void {
    if (this.#report) this.#remarks.heed(this.#report);
    const from = Math.max(0, Math.min(to, this.next - batch.firstSeq));
    this.reducer.reduce(batch, from, to);
    this.#span.add(batch, from, to);
    this.next = batch.firstSeq + to;
  }

  /** The recording is over. */
  finish(): void {
    this.reducer.finish();
    if (this.#report && isOneOfSeveral(this.#report)) this.world.markPartial();
  }

  /** To be read before the next event: what it holds is the state itself. */
  saved(): SavedReplay {
    return {
      everything: this.world.everything,
      nextEvent: this.next,
      span: this.#span.saved(),
      reducer: this.reducer.saved(),
      checker: this.checker.saved(),
    };
  }

  /** Goes on where another replay was saved; this one is new, and follows as much as that one. */
  restore({ nextEvent, span, reducer, checker }: SavedReplay): void {
    this.next = nextEvent;
    this.#span.restore(span);
    this.reducer.restore(reducer);
    this.checker.restore(checker);
  }
}
