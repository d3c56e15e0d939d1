/** Chooses the task that runs next: by a rule, by a seed, or as an earlier run chose. */
import type { Environment } from "./environment.js";
import type { Machine, Task } from "./machine.js";

/** A stretch of steps of one task: `ta×12`. */
export interface Stretch {
  readonly task: number;
  readonly steps: number;
}

/** Delay of a callback, in ms: some ticks of RCU. */
const GRACE_PERIOD_MS = 20;
const STEP_MS = 0.001;

export interface Schedule {
  /** The task that takes the next step, or nothing when none can. */
  next(): number | undefined;
  /** Time of the simulated clock, in ns. */
  readonly now: number;
}

/**
 * Runs a task until it waits, then the next; sleepers wake in order, callbacks run when they are due or when no
 * other task can. With a seed, tasks that could run take turns at random; with `choices`, they run in this order for as
 * long as it lasts.
 */
export class Scheduler<K extends Environment> implements Schedule {
  #ms = 0;
  #current = 0;
  /** By task number: the time, in ms, at which a sleeping task goes on, and the step that this was decided for. */
  readonly #wake = new Map<number, { readonly step: object; readonly at: number }>();
  #random: number;
  readonly #seeded: boolean;
  #choice = 0;
  #taken = 0;

  constructor(
    private readonly machine: Machine<K>,
    options: { readonly seed?: number; readonly choices?: readonly Stretch[] } = {},
  ) {
    this.#seeded = options.seed !== undefined;
    this.#random = (options.seed ?? 0) >>> 0;
    this.#choices = options.choices ?? [];
  }
  readonly #choices: readonly Stretch[];

  get now(): number {
    return Math.round(this.#ms * 1e6);
  }

  next(): number | undefined {
    const { tasks } = this.machine;
    const chosen = this.#choice < this.#choices.length ? this.#chosen() : undefined;
    if (chosen !== undefined) return this.#run(chosen);
    // Without a seed, the one that ran last goes on for as long as it can.
    if (!this.#seeded && this.#isReady(this.#current)) return this.#run(this.#current);
    let earliest: number | undefined;
    let at = Infinity;
    const ready: number[] = [];
    for (let k = 0; k < tasks.length; k++) {
      // Begins with the task that ran last.
      const number = (this.#current + k) % tasks.length;
      const task = tasks[number]!;
      if (!this.machine.enabled(task)) continue;
      const wake = this.#wakeOf(task);
      if (wake <= this.#ms) {
        if (!this.#seeded) return this.#run(number);
        ready.push(number);
      } else if (wake < at) {
        at = wake;
        earliest = number;
      }
    }
    if (ready.length > 0) return this.#run(ready[this.#pick(ready.length)]!);
    if (earliest === undefined) return undefined;
    this.#ms = at;
    return this.#run(earliest);
  }

  #isReady(number: number): boolean {
    const task = this.machine.tasks[number];
    return task !== undefined && this.machine.enabled(task) && this.#wakeOf(task) <= this.#ms;
  }

  #chosen(): number | undefined {
    for (;;) {
      const stretch = this.#choices[this.#choice];
      if (!stretch) return undefined;
      if (this.#taken < stretch.steps) {
        const task = this.machine.tasks[stretch.task];
        if (!task || !this.machine.enabled(task))
          throw new RangeError(`task ${stretch.task} cannot go on as choice ${this.#choice + 1} says`);
        this.#taken++;
        const wake = this.#wakeOf(task);
        if (wake > this.#ms) this.#ms = wake;
        return stretch.task;
      }
      this.#choice++;
      this.#taken = 0;
    }
  }

  #run(number: number): number {
    this.#current = number;
    this.#ms += STEP_MS;
    return number;
  }

  /** Time at which a task's next step is due, in ms; 0 if it does not sleep. */
  #wakeOf(task: Task<K>): number {
    const step = task.pending!;
    const delay = step.sleep || (task.program.softirq && step.guard ? GRACE_PERIOD_MS : 0);
    if (delay === 0) return 0;
    const known = this.#wake.get(task.number);
    if (known?.step === step) return known.at;
    const at = this.#ms + delay;
    this.#wake.set(task.number, { step, at });
    return at;
  }

  /** xorshift: the same seed, the same run, on every machine. */
  #pick(below: number): number {
    let x = this.#random || 0x9e3779b9;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x >>> 0;
    return this.#random % below;
  }
}
