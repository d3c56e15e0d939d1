/**
 * Decides whether a simulated kernel admits a recording: a depth-first search for a run of the scenario whose visible
 * steps are the recording's events. The order within a thread is fixed. Across CPUs, an event may come a little before
 * one that was recorded earlier; causes narrow that, which the kernel itself knows: locks, counts printed by probes,
 * threads that must have been started. Steps that no probe shows are free.
 */
import { points } from "../../events/index.js";
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import type { Line, Scenario } from "../scenario/types.js";
import type { Machine, Program, Task } from "../simulate/machine.js";
import type { Step } from "../simulate/step.js";
import type { AnyStruct, StructKind } from "../simulate/structs.js";
import { boot } from "../workload/boot.js";
import { Bindings } from "./bindings.js";
import { type Evidence, sequenceOf } from "./evidence.js";
import { Matcher } from "./matching.js";
import { type Outlook, outlookOf } from "./outlook.js";
import { beginningOf } from "./prehistory.js";
import type { Blocked, Conformance, Searched } from "./verdict.js";
import { Visibility } from "./visible.js";
import { eventWords, siteOf, stepWords } from "./words.js";

/**
 * Distance, in events, by which a thread's event may be taken before another thread's earlier one: the clocks of two
 * CPUs differ by little.
 */
const WINDOW_EVENTS = 8;
/** Most candidates for one step among events that need not be explained. */
const MAX_CANDIDATES = 8;
const MAX_BLOCKED = 4;
export const DEFAULT_BUDGET = 20_000_000;
const FORGET_EVERY = 1024;
/** Events that may be missing if the recording reports a loss without a count. */
const UNCOUNTED_LOSS = 1024;

/** Structures whose counts decide what happens next; the counts of others only need to add up. */
const CONTENDED: ReadonlySet<StructKind | undefined> = new Set(["module", "kvm", "file", "inode", "user"]);

/** A possible next step: a step of a task, with the event that it is, or with none. */
interface Move {
  readonly task: number;
  /** Index in the task's stream; `HIDDEN` for a step that no probe shows, `LOST` for one whose event is missing. */
  readonly event: number;
  /** The error that the step fails with; 0: none. */
  readonly errno: number;
}
const HIDDEN = -1;
const LOST = -2;

/** A choice: the moves still to try, and the state to return to. */
interface Choice {
  readonly moves: Move[];
  readonly machine: ReturnType<Machine<Kernel>["moment"]>;
  readonly positions: Int32Array;
  readonly streams: readonly (number | undefined)[];
  readonly bindings: number;
  readonly callbacks: number;
  readonly explained: number;
  readonly missed: number;
}

export class Search {
  readonly #machine: Machine<Kernel>;
  readonly #visibility: Visibility;
  readonly #bindings: Bindings;
  readonly #matcher: Matcher;
  /** By stream: the next event. */
  readonly #positions: Int32Array;
  /** Streams with events that must be explained. */
  readonly #telling: readonly number[];
  /** By stream. */
  readonly #outlook: readonly Outlook[];
  /** By task of the machine: its stream. */
  #streamOf: (number | undefined)[] = [];
  /** By program: the lines of the scenario, one per segment. */
  readonly #lines: ReadonlyMap<Program<Kernel>, readonly Line[]>;
  readonly #choices: Choice[] = [];
  /** Exhausted states: every move from them was tried in vain. */
  readonly #dead = new Set<string>();
  #callbacks = 0;
  #explained = 0;
  #missed = 0;
  #errno = 0;
  #states = 0;
  #furthest = -1;
  #blocked = new Map<string, readonly Blocked[]>();

  constructor(
    private readonly definition: KernelDefinition,
    private readonly scenario: Scenario,
    private readonly evidence: Evidence,
  ) {
    const { before, scenario: shown } = beginningOf(scenario, evidence);
    const { machine, older, lines } = boot(definition, shown, { undo: true, before });
    this.#lines = lines;
    this.#machine = machine;
    this.#visibility = new Visibility(definition, evidence);
    this.#bindings = new Bindings(machine.memory, machine.structs);
    this.#matcher = new Matcher(evidence, machine.memory, this.#bindings, older);
    this.#positions = new Int32Array(evidence.streams.length);
    this.#outlook = evidence.streams.map((stream) => outlookOf(stream, evidence));
    this.#telling = [...evidence.streams.keys()].filter((stream) => evidence.streams[stream]!.musts > 0);
    // The number of allocations per call differs between builds: the recording decides which one an injected fault hit.
    machine.injects = false;
    machine.fault = () => this.#errno;
  }

  run(budget = DEFAULT_BUDGET): Searched {
    const total = this.evidence.streams.reduce((sum, { musts }) => sum + musts, 0);
    const verdict = this.#run(budget);
    return {
      verdict,
      kernel: this.definition.name,
      scenario: this.scenario.path,
      events: { total, explained: verdict === "admitted" ? total : Math.max(0, this.#furthest) },
      states: this.#states,
      blocked: verdict === "admitted" ? [] : [...this.#blocked.values()].slice(0, MAX_BLOCKED),
    };
  }

  #run(budget: number): Conformance["verdict"] {
    for (;;) {
      if (this.#states++ > budget) return "inconclusive";
      this.#assignStreams();
      if (this.#walk()) continue;
      const moves = this.#callbacksDue() ? this.#moves() : [];
      if (moves === "done") return "admitted";
      if (moves.length === 0) this.#stuck();
      if (moves.length === 0 || (moves.length > 1 && this.#dead.size > 0 && this.#dead.has(this.#key()))) {
        if (!this.#backtrack()) return "not admitted";
        continue;
      }
      if (moves.length > 1) this.#choose(moves);
      else if (this.#choices.length === 0 && this.#states % FORGET_EVERY === 0) this.#forget();
      this.#make(moves[0]!);
    }
  }

  /**
   * Fast path: a single task at a step that no probe shows and that nothing in the recording makes fail, so that there
   * is no choice. Returns false if there may be one.
   */
  #walk(): boolean {
    const { tasks } = this.#machine;
    let only: Task<Kernel> | undefined;
    for (const task of tasks) {
      if (!task.pending || task.program.softirq) continue;
      if (only) return false;
      only = task;
    }
    const step = only?.pending;
    if (
      !step ||
      this.#visibility.shows(step) ||
      !this.#machine.enabled(only!) ||
      (step.fault && this.#failing(only!.number))
    )
      return false;
    this.#machine.step(only!);
    return true;
  }

  // Assigns threads of the recording to tasks.

  #assignStreams(): void {
    const { tasks } = this.#machine;
    if (this.#streamOf.length === tasks.length) return;
    this.#streamOf = this.#streamOf.slice(0, tasks.length);
    for (let number = this.#streamOf.length; number < tasks.length; number++)
      this.#streamOf[number] = this.#streamFor(tasks[number]!);
  }

  #streamFor({ number, program, struct }: Task<Kernel>): number | undefined {
    if (program.softirq) return undefined;
    const { streams } = this.evidence;
    const taken = new Set(this.#streamOf);
    const threads = new Set(this.scenario.lines.flatMap((line) => (line.thread === undefined ? [] : [line.thread])));
    const free = streams.map((_, k) => k).filter((k) => !taken.has(k));
    if (number === 0) return free.find((k) => streams[k]!.musts > 0 && !threads.has(streams[k]!.comm));
    const named = free.find((k) => streams[k]!.comm === program.comm && streams[k]!.musts > 0);
    if (named !== undefined || threads.has(program.comm)) return named;
    // A child: among the processes that began with the parent's name, the next one started.
    const comm = this.#machine.words.word(this.#machine.memory.get(struct.comm));
    const parent = threads.has(comm) ? comm : streams[this.#streamOf[0] ?? -1]?.comm;
    const first = streams[this.#streamOf[0] ?? -1]?.pid ?? 0;
    const children = free.filter((k) => streams[k]!.began === parent && streams[k]!.pid > first);
    return children.sort((a, b) => streams[a]!.pid - streams[b]!.pid)[0];
  }

  // Determines the possible moves.

  /**
   * Consumes callbacks recorded before the next event; false if one frees an inode that the kernel has not handed back.
   */
  #callbacksDue(): boolean {
    const next = this.#nextSequence();
    const { callbacks } = this.evidence;
    while (this.#callbacks < callbacks.length) {
      const { event, address } = callbacks[this.#callbacks]!;
      if (sequenceOf(event) > next) break;
      const struct = this.#bindings.structAt(address);
      // The object may not be the kernel's own, or not be known, or only by a later event: no evidence against the
      // kernel.
      if (struct?.kind === "inode" && this.#bindings.since(struct) < sequenceOf(event) && !this.#handedBack(struct))
        return false;
      this.#callbacks++;
    }
    return true;
  }

  /** True for an inode without references: its callback is due. */
  #handedBack(inode: AnyStruct): boolean {
    const { memory, structs } = this.#machine;
    return memory.get(structs.at("inode", inode.pointer).i_count) === 0;
  }

  /** The earliest event that must be explained and is not. */
  #nextSequence(): number {
    let next = Infinity;
    for (const stream of this.#telling) next = Math.min(next, this.#nextOf(stream));
    return next;
  }

  #nextOf(stream: number): number {
    const at = this.#outlook[stream]!.must[this.#positions[stream]!]!;
    return at < 0 ? Infinity : sequenceOf(this.evidence.streams[stream]!.events[at]!);
  }

  #moves(): Move[] | "done" {
    const next = this.#nextSequence();
    const { tasks } = this.#machine;
    if (next === Infinity) return "done";
    const order: Task<Kernel>[] = [];
    for (const task of tasks) if (task.pending) order.push(task);
    if (order.length > 1) {
      const due = new Map(order.map((task) => [task, task.program.softirq ? Infinity : this.#due(task)]));
      order.sort((a, b) => due.get(a)! - due.get(b)!);
    }
    const moves: Move[] = [];
    const rest: Move[] = [];
    let first = true;
    let alone = false;
    for (const task of order) {
      // Callbacks run only if no other task can continue: nothing else depends on them but tasks that wait for them.
      if (task.program.softirq) continue;
      // The thread that is next in the recording goes first. Another one may have to perform an unseen step before it
      // (release a lock, start the thread); taking one of its events early is the last resort.
      if (first) {
        first = false;
        this.#movesOf(task, next, moves);
        alone = moves.length > 0 && !this.#contends(task.pending!);
      } else if (!alone) {
        this.#movesOf(task, next, rest);
      }
    }
    if (moves.length + rest.length === 0)
      for (const task of order) if (task.program.softirq) this.#movesOf(task, next, moves);
    if (rest.length === 0) return moves;
    const rank = ({ event, errno }: Move): number => (event >= 0 ? 2 : errno === 0 ? 0 : 1);
    rest.sort((a, b) => rank(a) - rank(b));
    return [...moves, ...rest];
  }

  /**
   * Returns the event at which a task's next step is due: the event of the step, or, for a step that no probe shows,
   * the thread's next event that must be explained, which is as late as possible. A thread without further events is
   * due after its last one.
   */
  #due(task: Task<Kernel>): number {
    const stream = this.#streamOf[task.number];
    if (stream === undefined) return Infinity;
    const { events } = this.evidence.streams[stream]!;
    const at = this.#positions[stream]!;
    if (at >= events.length) return events.length === 0 ? Infinity : sequenceOf(events[at - 1]!) + 0.5;
    const must = this.#outlook[stream]!.must[at]!;
    if (this.#visibility.shows(task.pending!)) {
      const last = must < 0 ? events.length - 1 : must;
      for (let k = at; k < last; k++)
        if (this.#matcher.differs(task.pending!, events[k]!) === undefined) return sequenceOf(events[k]!);
      return must < 0 ? Infinity : sequenceOf(events[must]!);
    }
    return sequenceOf(events[must < 0 ? at : must]!);
  }

  /**
   * True if the step may have to come before steps of others. Unseen steps of a thread are put off until its next
   * event; a step that had to come earlier shows either as another thread that is stuck, or at one of these: a lock, a
   * descriptor, a count that decides something.
   */
  #contends({ guard, effects }: Step): boolean {
    if (guard) return true;
    for (const effect of effects) {
      if (effect.type === "claim" || effect.type === "put") return true;
      if (effect.type === "add" && CONTENDED.has(this.#kindAt(effect.cell))) return true;
    }
    return false;
  }

  #kindAt(cell: number): StructKind | undefined {
    const { structs } = this.#machine;
    for (let pointer = cell; pointer > 0; pointer--) {
      const struct = structs.any(pointer);
      if (struct) return struct.kind;
    }
    return undefined;
  }

  #movesOf(task: Task<Kernel>, next: number, moves: Move[]): void {
    if (!this.#machine.enabled(task)) return;
    const step = task.pending!;
    if (task.program.softirq || !this.#visibility.shows(step)) {
      moves.push({ task: task.number, event: HIDDEN, errno: 0 });
      if (step.fault && this.#failing(task.number) && (step.fault.allocation || this.#lineOf(task)?.fail === undefined))
        for (const errno of step.fault.errnos) moves.push({ task: task.number, event: HIDDEN, errno });
      return;
    }
    const stream = this.#streamOf[task.number];
    if (stream !== undefined && this.#candidates(task.number, step, stream, next, moves)) return;
    if (this.#missed < this.#missing(stream)) moves.push({ task: task.number, event: LOST, errno: 0 });
  }

  /** The line of the scenario that a task executes. */
  #lineOf({ program, segment }: Task<Kernel>): Line | undefined {
    return this.#lines.get(program)?.[segment];
  }

  /** True if the recording shows that the task's operation failed; otherwise nothing in it need have failed. */
  #failing(task: number): boolean {
    const stream = this.#streamOf[task];
    if (stream === undefined) return false;
    const { failure, end } = this.#outlook[stream]!;
    const at = this.#positions[stream]!;
    return failure[at]! >= 0 && failure[at]! <= end[at]!;
  }

  /** Adds the events that the step can be; true if one of them certainly is it. */
  #candidates(task: number, step: Step, stream: number, next: number, moves: Move[]): boolean {
    const { events } = this.evidence.streams[stream]!;
    const must = this.#outlook[stream]!.must[this.#positions[stream]!]!;
    const last = must < 0 ? events.length - 1 : must;
    let found = 0;
    for (let k = this.#positions[stream]!; k <= last && found < MAX_CANDIDATES; k++) {
      const event = events[k]!;
      if (sequenceOf(event) > next + WINDOW_EVENTS) break;
      if (this.#matcher.differs(step, event) !== undefined) continue;
      moves.push({ task, event: k, errno: 0 });
      if (this.#matcher.certain(step, event)) return true;
      found++;
    }
    return false;
  }

  /** The number of events that the recording reports missing before a stream's next. */
  #missing(stream: number | undefined): number {
    const at = stream === undefined ? Infinity : this.#nextOf(stream);
    let missing = 0;
    for (const loss of this.evidence.losses) if (loss.index <= at) missing += loss.count || UNCOUNTED_LOSS;
    return missing;
  }

  // Performs moves, and takes them back.

  #make({ task: number, event: at, errno }: Move): void {
    const task = this.#machine.tasks[number]!;
    const step = task.pending!;
    const stream = this.#streamOf[number];
    if (at >= 0) {
      const { events, must } = this.evidence.streams[stream!]!;
      this.#matcher.bind(step, events[at]!);
      this.#positions[stream!] = at + 1;
      if (must[at]) this.#explained++;
    } else if (at === LOST) {
      this.#missed++;
    }
    this.#errno = errno;
    this.#machine.step(task);
    this.#errno = 0;
  }

  #choose(moves: readonly Move[]): void {
    this.#choices.push({
      moves: moves.slice(1).reverse(),
      machine: this.#machine.moment(),
      positions: this.#positions.slice(),
      streams: this.#streamOf.slice(),
      bindings: this.#bindings.mark,
      callbacks: this.#callbacks,
      explained: this.#explained,
      missed: this.#missed,
    });
  }

  /** Without a choice to return to, overwritten values are not needed. */
  #forget(): void {
    this.#machine.memory.forget();
    this.#bindings.forget();
  }

  /** Returns to the latest choice with a move left to try. */
  #backtrack(): boolean {
    for (;;) {
      const choice = this.#choices.at(-1);
      if (!choice) return false;
      this.#machine.return(choice.machine);
      this.#positions.set(choice.positions);
      this.#streamOf = choice.streams.slice();
      this.#bindings.undo(choice.bindings);
      this.#callbacks = choice.callbacks;
      this.#explained = choice.explained;
      this.#missed = choice.missed;
      const move = choice.moves.pop();
      if (!move) {
        this.#dead.add(this.#key());
        this.#choices.pop();
        continue;
      }
      this.#make(move);
      return true;
    }
  }

  /** Identifies the state: memory, the position and the inputs of each task, and the consumed events. */
  #key(): string {
    return `${this.#positions.join()} ${this.#missed} ${this.#callbacks} ${this.#bindings.hash} ${this.#machine.memory.hash()} ${this.#machine.tasks.map(({ segment, history }) => `${segment}:${hashOf(history)}`).join()}`;
  }

  // Explains why the search is stuck.

  #stuck(): void {
    if (this.#explained < this.#furthest) return;
    if (this.#explained > this.#furthest) this.#blocked.clear();
    this.#furthest = this.#explained;
    if (this.#blocked.size >= MAX_BLOCKED) return;
    const blocked = this.#machine.tasks
      .filter((task) => task.pending && !task.program.softirq)
      .map((task) => this.#why(task));
    const unowned = this.evidence.streams.flatMap((_, stream) =>
      this.#streamOf.includes(stream) || this.#nextOf(stream) === Infinity ? [] : [this.#unexplained(stream)],
    );
    const ended = this.#machine.tasks.flatMap((task) => {
      const stream = this.#streamOf[task.number];
      return task.pending || task.program.softirq || stream === undefined || this.#nextOf(stream) === Infinity
        ? []
        : [this.#unexplained(stream)];
    });
    const all = blocked.length > 0 ? blocked : [...ended, ...unowned];
    this.#blocked.set(JSON.stringify(all), all);
  }

  #why(task: Task<Kernel>): Blocked {
    const step = task.pending!;
    const stream = this.#streamOf[task.number];
    const at = stream === undefined ? -1 : this.#outlook[stream]!.must[this.#positions[stream]!]!;
    const event = at < 0 ? undefined : this.evidence.streams[stream!]!.events[at]!;
    const name =
      stream === undefined
        ? task.program.comm
        : `${this.evidence.streams[stream]!.comm}-${this.evidence.streams[stream]!.pid}`;
    const common = {
      task: name,
      step: stepWords(step, this.#machine.memory),
      during: this.#lineOf(task)?.marker ?? "",
      ...(event ? siteOf(event, this.evidence) : {}),
    };
    if (!this.#machine.enabled(task)) return { ...common, reason: `waits: ${step.words}` };
    if (!event)
      return {
        ...common,
        reason:
          stream === undefined ? "the recording has no such thread" : "the recording has nothing more of this thread",
      };
    const point = points.points[event.batch.point[event.index]!]!;
    const difference =
      point.operation.name === step.operation && point.phase === step.phase
        ? this.#matcher.differs(step, event)
        : undefined;
    return { ...common, reason: difference ?? `the recording has ${eventWords(event, this.evidence.tables)}` };
  }

  #unexplained(stream: number): Blocked {
    const { comm, pid, events } = this.evidence.streams[stream]!;
    const event = events[this.#outlook[stream]!.must[this.#positions[stream]!]!]!;
    return {
      task: `${comm}-${pid}`,
      step: "nothing",
      during: "",
      reason: `the recording has ${eventWords(event, this.evidence.tables)}, which the kernel does not do`,
      ...siteOf(event, this.evidence),
    };
  }
}

function hashOf(history: readonly (number | readonly number[])[]): number {
  let hash = history.length;
  for (const value of history) {
    if (typeof value === "number") hash = Math.imul(hash ^ (value | 0), 0x01000193);
    else for (const item of value) hash = Math.imul(hash ^ (item | 0), 0x85ebca6b);
  }
  return hash >>> 0;
}
