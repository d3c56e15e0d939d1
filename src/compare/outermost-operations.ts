/**
 * The outermost operations of a recording, in columns: one for each that user space made, however many that are. What
 * was done within each is packed elsewhere (`packed-trees.ts`).
 */
import type { TaskId } from "../log/batch.js";
import type { ObjectId } from "../reduce/objects.js";
import type { FilesMade } from "./created-files.js";
import type { Marker } from "./markers.js";
import { appended, type Column, type Pages, Range } from "./paged.js";
import { StringTable } from "./string-table.js";

/** An operation that user space or an RCU callback is the beginning of; its calls are packed. */
export interface Root {
  readonly operation: string;
  readonly seq: number;
  readonly task: TaskId;
  /** Its return, when that is probed and was seen; else 0. */
  readonly returned: number;
  /** Where `History.trees` has it; -1: only the files that it touched are of interest. */
  readonly tree: number;
  /**
   * The words of a marker; else the operation and the file or module that it is about. Two that agree in it are the
   * same step.
   */
  readonly key: string;
  readonly marker: Pick<Marker, "phase" | "command"> | undefined;
  /** The files that it touched, by id, in order. */
  readonly files: readonly ObjectId[];
}

/** What a thread of the workload did, by the numbers of its roots. */
export interface Actor {
  /** The task's name, with a number where several tasks share it. */
  readonly name: string;
  /** Without the number. */
  readonly comm: string;
  /** In order, without markers that frame nothing. */
  readonly steps: Range;
}

const MARKER = "tracing_mark_write";
const RELEASE = "__fput";
const PHASES = { op: 1, ret: 2 } as const;
/** Flags of a step. */
const FRAMED = 1;
const RACING = 2;

export class Roots {
  readonly words = new StringTable();
  readonly #operation: Column;
  readonly #seq: Column;
  readonly #task: Column;
  readonly #returned: Column;
  /** One more, so that -1 is 0. */
  readonly #tree: Column;
  readonly #key: Column;
  readonly #phase: Column;
  readonly #command: Column;
  /** Those of root k begin here in `#files`, and end where those of the next begin. */
  readonly #filesAt: Column;
  readonly #files: Column;
  /** Of a marker: one more than the number of the file system of the file that the operation it frames touched. */
  readonly #fs: Column;
  /** As `#addSteps` found them. */
  readonly #where: Column;
  readonly #flags: Column;
  /** One more than the root before it; 0: none. */
  readonly #previous: Column;
  /** By pid: the number of the thread. */
  readonly #threads = new Map<number, number>();
  readonly #thread: Column;
  /** By thread: how many roots it has. */
  readonly #counts: number[] = [];
  /** Of all actors, one behind the other. */
  readonly #steps: Column;

  constructor(
    private readonly pages: Pages,
    /** A thread is its pid, whatever it calls itself meanwhile. */
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

  /** As they come: when each is over, not when it begins. */
  add({ operation, seq, task, returned, tree, key, marker, files }: Root): void {
    const root = this.#seq.push(seq);
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
    this.#thread.set(root, thread);
  }

  operation(root: number): string {
    return this.words.text(this.#operation.get(root));
  }
  seq(root: number): number {
    return this.#seq.get(root);
  }
  returned(root: number): number {
    return this.#returned.get(root);
  }
  tree(root: number): number {
    return this.#tree.get(root) - 1;
  }
  /** A number of `words`. */
  key(root: number): number {
    return this.#key.get(root);
  }
  isMarker(root: number): boolean {
    return this.operation(root) === MARKER;
  }
  /** A file's release is whoever's reference was the last: it belongs to the file, not to the thread. */
  isRelease(root: number): boolean {
    return this.operation(root) === RELEASE;
  }
  /** It says that an operation begins. */
  begins(root: number): boolean {
    return this.#phase.get(root) === PHASES.op;
  }
  /** The first that it touched; `undefined`: none. */
  file(root: number): ObjectId | undefined {
    const at = this.#filesAt.get(root);
    return at < this.#filesEnd(root) ? this.#files.get(at) : undefined;
  }
  fsName(root: number): string {
    const fs = this.#fs.get(root);
    return fs === 0 ? "" : this.words.text(fs - 1);
  }
  /** The framing marker's words, or the operation and its actor. */
  where(root: number): string {
    return this.words.text(this.#where.get(root));
  }
  /** Between markers, which say where it is. */
  isFramed(root: number): boolean {
    return (this.#flags.get(root) & FRAMED) !== 0;
  }
  /** Another actor was at work at the same time. */
  isRacing(root: number): boolean {
    return (this.#flags.get(root) & RACING) !== 0;
  }
  /** What its actor did before it, releases aside; -1: nothing. */
  previous(root: number): number {
    return this.#previous.get(root) - 1;
  }

  /** When all are there. Runs agree on names and on who was started first, not on pids. */
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

  #filesEnd(root: number): number {
    return root + 1 < this.length ? this.#filesAt.get(root + 1) : this.#files.length;
  }

  /** The roots of each thread, in the order in which they began. */
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
    for (let root = 0; root < this.length; root++) {
      const thread = this.#thread.get(root);
      // Those of one thread follow on each other but for interrupts, and what is still open at the end.
      let at = ends[thread]!++;
      for (; at > starts[thread]! && this.seq(sorted.get(at - 1)) > this.seq(root); at--)
        sorted.set(at, sorted.get(at - 1));
      sorted.set(at, root);
    }
    return ranges;
  }

  /** Of the last whose calls are of interest. */
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
    for (const root of thread) {
      const task = this.#task.get(root);
      for (let k = this.#filesAt.get(root); k < this.#filesEnd(root); k++) {
        const fs = made.fsOf(this.#files.get(k));
        if (fs !== undefined) touching.set(task, fs);
      }
      const isMarker = this.isMarker(root);
      if (isMarker) {
        this.#fs.set(root, this.words.of(touching.get(task) ?? "") + 1);
        touching.delete(task);
      }
      const phase = this.#phase.get(root);
      if (this.tree(root) < 0 || (isMarker && phase === 0)) continue;
      if (phase !== 0) within = this.#command.get(root);
      this.#where.set(root, within ?? this.words.of(`${this.operation(root)} by ${name}`));
      this.#flags.set(root, within === undefined ? 0 : FRAMED);
      this.#previous.set(root, previous + 1);
      if (phase === PHASES.ret) within = undefined;
      this.#steps.push(root);
      if (!this.isRelease(root)) previous = root;
    }
  }

  /** The steps of one actor that lie between the first and the last of another's. */
  #markRacing(actors: readonly Actor[]): void {
    const spans = actors
      .map(({ steps }, actor) => ({ actor, from: this.seq(steps.get(0)), to: this.seq(steps.get(steps.length - 1)) }))
      .sort((p, q) => p.from - q.from);
    /** Of the spans up to each, which reaches furthest, and which does without that one's actor. */
    const furthest: (typeof spans)[] = [];
    for (const span of spans) furthest.push([...(furthest.at(-1) ?? []), span].sort((p, q) => q.to - p.to).slice(0, 2));
    for (const [actor, { steps }] of actors.entries()) {
      for (const root of steps) {
        const seq = this.seq(root);
        const begun = countBelow(spans.length, (k) => spans[k]!.from < seq);
        const other = furthest[begun - 1]?.find((span) => span.actor !== actor);
        if (other && seq < other.to) this.#flags.set(root, this.#flags.get(root) | RACING);
      }
    }
  }
}

/** How many, from 0, of what comes before the first that is not below. */
function countBelow(count: number, isBelow: (k: number) => boolean): number {
  let low = 0;
  while (low < count) {
    const half = (low + count) >> 1;
    if (isBelow(half)) low = half + 1;
    else count = half;
  }
  return low;
}
