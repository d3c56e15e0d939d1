/**
 * The outermost operations of a recording, one row for each that user space made, in columns because there may be
 * millions. The calls inside each are packed in `packed-trees.ts`.
 */
import type { TaskId } from "../log/batch.js";
import type { ObjectId } from "../reduce/objects.js";
import type { FilesMade } from "./created-files.js";
import type { Marker } from "./markers.js";
import { appended, type Column, type Pages, Range } from "./paged.js";
import { StringTable } from "./string-table.js";

/** An outermost operation: a call by user space or an RCU callback, with everything called from it. */
export interface OutermostOperation {
  readonly operation: string;
  readonly seq: number;
  readonly task: TaskId;
  /** The event of its return; 0 if that was not probed or not seen. */
  readonly returned: number;
  /** Its position in `History.trees`; -1 if only the files that it touched matter. */
  readonly tree: number;
  /**
   * The words of a marker; else the operation and the file or module that it is about. Two operations with the same key
   * are the same step.
   */
  readonly key: string;
  readonly marker: Pick<Marker, "phase" | "command"> | undefined;
  /** Ids of the files that it touched, in order. */
  readonly files: readonly ObjectId[];
}

/** A thread of the workload and its outermost operations. */
export interface Actor {
  /** The task's name, with a number if several tasks share it. */
  readonly name: string;
  /** The name without the number. */
  readonly comm: string;
  /** Its operations in order, without markers that frame nothing. */
  readonly steps: Range;
}

const MARKER = "tracing_mark_write";
const RELEASE = "__fput";
const PHASES = { op: 1, ret: 2 } as const;
/** Flags of a step. */
const FRAMED = 1;
const RACING = 2;

export class OutermostOperations {
  readonly words = new StringTable();
  readonly #operation: Column;
  readonly #seq: Column;
  readonly #task: Column;
  readonly #returned: Column;
  /** The tree plus one, so that 0 means none. */
  readonly #tree: Column;
  readonly #key: Column;
  readonly #phase: Column;
  readonly #command: Column;
  /** Index in `#files` of the first file of operation k; its files end where those of k + 1 begin. */
  readonly #filesAt: Column;
  readonly #files: Column;
  /** For a marker: the number of the file system of the file that the framed operation touched, plus one. */
  readonly #fs: Column;
  /** Set by `#addSteps`. */
  readonly #where: Column;
  readonly #flags: Column;
  /** The operation before it plus one; 0: none. */
  readonly #previous: Column;
  /** By pid: the number of the thread. */
  readonly #threads = new Map<number, number>();
  readonly #thread: Column;
  /** By thread: the number of its operations. */
  readonly #counts: number[] = [];
  /** The steps of all actors, one after the other. */
  readonly #steps: Column;

  constructor(
    private readonly pages: Pages,
    /** A thread is identified by its pid: it may rename itself. */
    private readonly pidOf: (task: TaskId) => number,
  ) {
    const of = (type: "u8" | "u32" | "f64"): Column => pages.column(type);
    [
      this.#operation,
      this.#task,
      this.#key,
      this.#command,
      this.#filesAt,
      this.#files,
      this.#fs,
      this.#where,
      this.#previous,
    ] = [of("u32"), of("u32"), of("u32"), of("u32"), of("u32"), of("u32"), of("u32"), of("u32"), of("u32")];
    [this.#seq, this.#returned, this.#tree] = [of("f64"), of("f64"), of("f64")];
    [this.#phase, this.#flags] = [of("u8"), of("u8")];
    [this.#thread, this.#steps] = [of("u32"), of("u32")];
  }

  get length(): number {
    return this.#seq.length;
  }

  /** Adds operations in the order in which they end, not in which they begin. */
  add({ operation, seq, task, returned, tree, key, marker, files }: OutermostOperation): void {
    const step = this.#seq.push(seq);
    this.#operation.push(this.words.of(operation));
    this.#task.push(task);
    this.#returned.push(returned);
    this.#tree.push(tree + 1);
    this.#key.push(this.words.of(key));
    this.#phase.push(marker ? PHASES[marker.phase] : 0);
    this.#command.push(marker ? this.words.of(marker.command) : 0);
    this.#filesAt.push(this.#files.length);
    for (const file of files) this.#files.push(file);
    const pid = this.pidOf(task);
    let thread = this.#threads.get(pid);
    if (thread === undefined) this.#threads.set(pid, (thread = this.#counts.push(0) - 1));
    this.#counts[thread]!++;
    this.#thread.set(step, thread);
  }

  operation(step: number): string {
    return this.words.text(this.#operation.get(step));
  }
  seq(step: number): number {
    return this.#seq.get(step);
  }
  returned(step: number): number {
    return this.#returned.get(step);
  }
  tree(step: number): number {
    return this.#tree.get(step) - 1;
  }
  /** Number in `words`. */
  key(step: number): number {
    return this.#key.get(step);
  }
  isMarker(step: number): boolean {
    return this.operation(step) === MARKER;
  }
  /**
   * True for a file's release: it runs wherever the last reference is dropped, so it belongs to the file, not to the
   * thread.
   */
  isRelease(step: number): boolean {
    return this.operation(step) === RELEASE;
  }
  /** True for a marker that says that an operation begins. */
  begins(step: number): boolean {
    return this.#phase.get(step) === PHASES.op;
  }
  /** The first file that it touched, or `undefined`. */
  file(step: number): ObjectId | undefined {
    const at = this.#filesAt.get(step);
    return at < this.#filesEnd(step) ? this.#files.get(at) : undefined;
  }
  fsName(step: number): string {
    const fs = this.#fs.get(step);
    return fs === 0 ? "" : this.words.text(fs - 1);
  }
  /** The framing marker's words, or the operation and its actor. */
  where(step: number): string {
    return this.words.text(this.#where.get(step));
  }
  /** True between an `op` marker and its `ret`, which name the place. */
  isFramed(step: number): boolean {
    return (this.#flags.get(step) & FRAMED) !== 0;
  }
  /** True if another actor was active at the same time. */
  isRacing(step: number): boolean {
    return (this.#flags.get(step) & RACING) !== 0;
  }
  /** The previous step of its actor, releases aside; -1: none. */
  previous(step: number): number {
    return this.#previous.get(step) - 1;
  }

  /**
   * Returns the actors once all operations are added. Runs agree on names and on the order of starting, not on pids.
   */
  actors(made: FilesMade, commOf: (task: TaskId) => string): Actor[] {
    const counts = new Map<string, number>();
    const actors: Actor[] = [];
    const threads = this.#byThread();
    for (const [, number] of [...this.#threads].sort(([p], [q]) => p - q)) {
      const thread = threads[number]!;
      const last = this.#lastTask(thread);
      if (last === undefined) continue;
      const comm = commOf(last);
      const count = (counts.get(comm) ?? 0) + 1;
      counts.set(comm, count);
      const name = count === 1 ? comm : `${comm} (${count})`;
      actors.push({ name, comm, steps: appended(this.#steps, () => this.#addSteps(thread, name, made)) });
    }
    this.#markRacing(actors.filter(({ steps }) => steps.length > 0));
    return actors;
  }

  #filesEnd(step: number): number {
    return step + 1 < this.length ? this.#filesAt.get(step + 1) : this.#files.length;
  }

  /** Sorts the operations of each thread by their beginning. */
  #byThread(): Range[] {
    const sorted = this.pages.column("u32");
    const ends: number[] = [];
    let from = 0;
    const ranges = this.#counts.map((count, thread) => {
      ends[thread] = from;
      from += count;
      return new Range(sorted, ends[thread]!, count);
    });
    const starts = [...ends];
    for (let step = 0; step < this.length; step++) {
      const thread = this.#thread.get(step);
      // Operations of a thread are in order already, but for interrupts and for calls still open at the end.
      let at = ends[thread]!++;
      for (; at > starts[thread]! && this.seq(sorted.get(at - 1)) > this.seq(step); at--)
        sorted.set(at, sorted.get(at - 1));
      sorted.set(at, step);
    }
    return ranges;
  }

  /** The task of the last operation whose calls matter. */
  #lastTask(thread: Range): TaskId | undefined {
    for (let k = thread.length - 1; k >= 0; k--)
      if (this.tree(thread.get(k)) >= 0) return this.#task.get(thread.get(k));
    return undefined;
  }

  #addSteps(thread: Range, name: string, made: FilesMade): void {
    /** By task: the file system of the file that it touched last. */
    const touching = new Map<TaskId, string>();
    let within: number | undefined;
    let previous = -1;
    for (const step of thread) {
      const task = this.#task.get(step);
      for (let k = this.#filesAt.get(step); k < this.#filesEnd(step); k++) {
        const fs = made.fsOf(this.#files.get(k));
        if (fs !== undefined) touching.set(task, fs);
      }
      const isMarker = this.isMarker(step);
      if (isMarker) {
        this.#fs.set(step, this.words.of(touching.get(task) ?? "") + 1);
        touching.delete(task);
      }
      const phase = this.#phase.get(step);
      if (this.tree(step) < 0 || (isMarker && phase === 0)) continue;
      if (phase !== 0) within = this.#command.get(step);
      this.#where.set(step, within ?? this.words.of(`${this.operation(step)} by ${name}`));
      this.#flags.set(step, within === undefined ? 0 : FRAMED);
      this.#previous.set(step, previous + 1);
      if (phase === PHASES.ret) within = undefined;
      this.#steps.push(step);
      if (!this.isRelease(step)) previous = step;
    }
  }

  /** Flags the steps of each actor that lie between the first and the last step of another. */
  #markRacing(actors: readonly Actor[]): void {
    const spans = actors
      .map(({ steps }, actor) => ({ actor, from: this.seq(steps.get(0)), to: this.seq(steps.get(steps.length - 1)) }))
      .sort((p, q) => p.from - q.from);
    /** For the spans up to each: the one that ends last, and the one that ends last among other actors'. */
    const furthest: (typeof spans)[] = [];
    for (const span of spans) furthest.push([...(furthest.at(-1) ?? []), span].sort((p, q) => q.to - p.to).slice(0, 2));
    for (const [actor, { steps }] of actors.entries()) {
      for (const step of steps) {
        const seq = this.seq(step);
        const begun = countBelow(spans.length, (k) => spans[k]!.from < seq);
        const other = furthest[begun - 1]?.find((span) => span.actor !== actor);
        if (other && seq < other.to) this.#flags.set(step, this.#flags.get(step) | RACING);
      }
    }
  }
}

/** Binary search: the number of indexes from 0 for which `isBelow` holds. */
function countBelow(count: number, isBelow: (k: number) => boolean): number {
  let low = 0;
  while (low < count) {
    const half = (low + count) >> 1;
    if (isBelow(half)) low = half + 1;
    else count = half;
  }
  return low;
}
