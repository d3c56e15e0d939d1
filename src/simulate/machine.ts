/**
 * A machine that runs a simulated kernel: tasks, each at its next step, and the memory that all of them share. It takes
 * one step at a time, of the task that its caller chooses; `fault` chooses which steps fail.
 */
import { Run, seenByPrograms } from "./calls.js";
import { type Config, type Environment, Words, type History, type Tape } from "./environment.js";
import { cover, covers, drop, lowestFree, put, uncover } from "./lists.js";
import { type Mark, Memory } from "./memory.js";
import type { Effect, Guard, Op, Step } from "./step.js";
import { Structs, type System, type Task as TaskStruct } from "./structs.js";

/** A kernel as the machine needs it: functions that call each other through `this`, and its configuration. */
export interface KernelCode<K extends Environment> {
  readonly functions: K;
  readonly config: Config;
}

/**
 * A part of a program that a task can be brought back into: it keeps nothing from the parts before, except in memory.
 */
export type Segment<K> = (kernel: K) => Op<void>;

/** A program, as segments that a task runs one after the other. */
export interface Program<K> {
  readonly comm: string;
  /** The segment of this number, from 0, or nothing when the program is over. */
  segment(number: number): Segment<K> | undefined;
  /** It runs in softirq context, in whatever task is interrupted. */
  readonly softirq?: boolean;
}

/** A task of the machine: its position in its program, and its next step. */
export interface Task<K = never> {
  readonly number: number;
  readonly program: Program<K>;
  readonly struct: TaskStruct;
  /** The segment it is in. */
  segment: number;
  history: History;
  /** Its next step; nothing when the program is over. */
  pending: Step | undefined;
  /** The segment as it runs; absent when the task must be brought back to its position first. */
  op: Run | undefined;
}

/** Called with every step that is taken, after it took effect. */
export type Listener<K> = (task: Task<K>, step: Step, value: number) => void;

/** Returns the error, negative, that a step fails with, or 0 when it succeeds. */
export type FaultChoice<K> = (task: Task<K>, step: Step) => number;

interface Moment {
  readonly mark: Mark;
  readonly tasks: readonly {
    readonly segment: number;
    readonly history: History;
    readonly length: number;
    readonly pending: Step | undefined;
  }[];
}

const MAX_SEGMENT_STEPS = 100_000_000;

export class Machine<K extends Environment> {
  readonly memory = new Memory();
  readonly structs = new Structs(this.memory);
  readonly words = new Words();
  readonly kernel: K;
  readonly system: System;
  readonly tasks: Task<K>[] = [];
  /** Programs that `spawn` starts, by number. */
  readonly programs: Program<K>[] = [];
  /** Decides about faults; the default is that nothing fails but what fault injection was armed for. */
  fault: FaultChoice<K> = () => 0;
  /** True if a task's `fail_nth` takes effect: the allocation that it counts down to fails. */
  injects = true;
  listener: Listener<K> | undefined;
  /** The kernel as programs call it. */
  readonly #calls: K;
  readonly #keeps: boolean;

  constructor(code: KernelCode<K>, options: { readonly undo?: boolean } = {}) {
    this.#keeps = options.undo ?? false;
    this.system = this.structs.create("system");
    const { memory, structs, words, system } = this;
    this.kernel = Object.assign(Object.create(code.functions) as K, {
      memory,
      structs,
      words,
      system,
      config: code.config,
      tape: { history: undefined, at: -1 } satisfies Tape,
    });
    this.#calls = seenByPrograms(this.kernel, code.functions);
  }

  /** From here on, moments can be left and returned to. */
  beginHistory(): void {
    this.memory.keepHistory();
  }

  /** Adds a task; its process must be set up by the caller. It stands at its first step. */
  start(program: Program<K>, struct: TaskStruct): Task<K> {
    const task: Task<K> = {
      number: this.tasks.length,
      program,
      struct,
      segment: 0,
      history: [],
      pending: undefined,
      op: undefined,
    };
    this.tasks.push(task);
    this.#begin(task);
    return task;
  }

  /** True if a task's next step can be taken now. */
  enabled(task: Task<K>): boolean {
    const { pending } = task;
    return pending !== undefined && (pending.guard === undefined || this.holds(pending.guard));
  }

  holds({ cell, is, value }: Guard): boolean {
    const now = this.memory.get(cell);
    return is === "=" ? now === value : is === ">=" ? now >= value : now <= value;
  }

  /** Takes the next step of a task, which must be enabled, and brings it to the one after. */
  step(task: Task<K>): Step {
    const step = task.pending!;
    const value = this.#take(task, step);
    this.listener?.(task, step, value);
    if (!task.op) this.#bringBack(task);
    this.#switchTo(task);
    if (this.#keeps) {
      task.history.push(value);
      this.kernel.tape.history = task.history;
    }
    const next = task.op!.next(value);
    if (next) {
      task.pending = next;
    } else {
      task.segment++;
      this.#begin(task);
    }
    return step;
  }

  /** A moment for `return` to go back to. */
  moment(): Moment {
    return {
      mark: this.memory.mark(),
      tasks: this.tasks.map(({ segment, history, pending }) => ({ segment, history, length: history.length, pending })),
    };
  }

  /**
   * Brings memory and every task back to a moment. Moments are left in the opposite order of that in which they were
   * taken.
   */
  return(moment: Moment): void {
    this.memory.undo(moment.mark);
    this.tasks.length = moment.tasks.length;
    moment.tasks.forEach(({ segment, history, length, pending }, k) => {
      const task = this.tasks[k]!;
      if (task.segment === segment && task.history === history && history.length === length) return;
      task.segment = segment;
      task.history = history;
      history.length = length;
      task.pending = pending;
      task.op = undefined;
    });
  }

  /** From here on, code runs on behalf of this task. */
  #switchTo({ struct }: Task<K>): void {
    this.kernel.current = struct;
    this.#calls.current = struct;
  }

  #begin(task: Task<K>): void {
    const { kernel } = this;
    this.#switchTo(task);
    for (;;) {
      const segment = task.program.segment(task.segment);
      if (!segment) {
        task.op = undefined;
        task.pending = undefined;
        return;
      }
      if (this.#keeps) {
        task.history = [];
        kernel.tape.history = task.history;
      }
      task.op = new Run(segment(this.#calls));
      task.pending = task.op.next(0);
      if (task.pending) return;
      task.segment++;
    }
  }

  /** Runs a segment again from its beginning, with the values of its history, up to the step that it stood at. */
  #bringBack(task: Task<K>): void {
    const { kernel } = this;
    const { history } = task;
    this.#switchTo(task);
    const { tape } = kernel;
    tape.history = history;
    tape.at = 0;
    const op = new Run(task.program.segment(task.segment)!(this.#calls));
    op.next(0);
    for (let k = 0; tape.at < history.length && k < MAX_SEGMENT_STEPS; k++) op.next(history[tape.at++] as number);
    tape.at = -1;
    task.op = op;
  }

  #take(task: Task<K>, step: Step): number {
    if (step.fault) {
      const errno = this.#fails(task, step);
      if (errno !== 0) return step.effects[0]?.type === "create" ? 0 : errno;
    }
    let value = 0;
    const { effects } = step;
    for (let k = 0; k < effects.length; k++) {
      const result = this.#apply(effects[k]!);
      if (k === 0) value = result;
    }
    return value;
  }

  /** `/proc/thread-self/fail-nth` counts the allocations of the task that it was armed for. */
  #fails(task: Task<K>, step: Step): number {
    if (this.injects && step.fault!.allocation) {
      const left = this.memory.get(task.struct.fail_nth);
      if (left > 0) {
        this.memory.set(task.struct.fail_nth, left - 1);
        if (left === 1) return step.fault!.errnos[0]!;
      }
    }
    return this.fault(task, step);
  }

  #apply(effect: Effect): number {
    const { memory } = this;
    switch (effect.type) {
      case "set":
        memory.set(effect.cell, effect.value);
        return effect.value;
      case "add": {
        const before = memory.get(effect.cell);
        if (before === effect.unless) return before;
        memory.set(effect.cell, before + effect.value);
        return before + effect.value;
      }
      case "list":
        memory.setList(effect.list, effect.value);
        return effect.value.length;
      case "append":
        memory.own(effect.list).push(...effect.values);
        return 0;
      case "drop":
        if (memory.item(effect.list, 0) === effect.value) memory.shift(effect.list, effect.size);
        else drop(memory.own(effect.list), effect.value, effect.size);
        return 0;
      case "put":
        return put(memory.own(effect.list), effect.index, effect.value);
      case "claim": {
        const list = memory.own(effect.list);
        const index = lowestFree(list, effect.from, effect.below);
        if (index >= 0) put(list, index, effect.value);
        return index;
      }
      case "cover": {
        const changed = cover(memory.own(effect.list), effect.first, effect.end);
        memory.set(effect.count, memory.get(effect.count) + changed);
        return changed;
      }
      case "uncover": {
        const changed = uncover(memory.own(effect.list), effect.first, effect.end);
        memory.set(effect.count, memory.get(effect.count) - changed);
        return changed;
      }
      case "look":
        return covers(memory.list(effect.list), effect.value) ? 1 : 0;
      case "create":
        return this.structs.create(effect.kind).pointer;
      case "spawn":
        return this.start(this.programs[effect.program]!, this.structs.at("task_struct", effect.task)).number;
    }
  }
}
