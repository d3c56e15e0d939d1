/** A replay in progress, which the command's verbs drive, and of which snapshots are taken. */
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
 * True if the recording looks like the file of one CPU of several: every event is from one CPU, and there are fewer
 * than the head counts, which counts those of all CPUs (kernel/trace/trace.c:print_event_info).
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

/** The state and the verdicts of everything read so far, and the time span of its events. */
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

  /** Reduces the events of a batch before index `to`; those reduced already are skipped. */
  reduce(batch: Batch, to = batch.length): void {
    if (this.#report) this.#remarks.heed(this.#report);
    const from = Math.max(0, Math.min(to, this.next - batch.firstSeq));
    this.reducer.reduce(batch, from, to);
    this.#span.add(batch, from, to);
    this.next = batch.firstSeq + to;
  }

  /** Ends the recording. */
  finish(): void {
    this.reducer.finish();
    if (this.#report && isOneOfSeveral(this.#report)) this.world.markPartial();
  }

  /** Returns the live state, not a copy: it must be serialised before the next event. */
  saved(): SavedReplay {
    return {
      everything: this.world.everything,
      nextEvent: this.next,
      span: this.#span.saved(),
      reducer: this.reducer.saved(),
      checker: this.checker.saved(),
    };
  }

  /** Continues where another replay was saved; this one must be new, with the same `everything`. */
  restore({ nextEvent, span, reducer, checker }: SavedReplay): void {
    this.next = nextEvent;
    this.#span.restore(span);
    this.reducer.restore(reducer);
    this.checker.restore(checker);
  }
}
