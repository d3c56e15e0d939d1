/**
 * System calls. Whoever waits in `yield*` passes on each step of what it called, which costs as much as many a step; so what
 * a program calls is run beside the program until it returns, as a task has one stack in user space and one in the kernel.
 */
import { Environment } from "./environment.js";
import type { Op, Step } from "./step.js";

/** What a program gets when it calls a kernel function: with `yield*`, a call that it hands over, and that comes to its result. */
class Call<R = unknown> {
  constructor(readonly op: Op<R>) {}

  *[Symbol.iterator](): Generator<Call<R>, R, R> {
    return yield this;
  }
}

/** A kernel as programs see it: the same, but that calling its functions is a system call. */
export function systemCalls<K extends Environment>(kernel: K): K {
  const calls: Record<string, (...args: unknown[]) => Call> = {};
  for (let table = kernel; table !== Environment.prototype; table = Object.getPrototypeOf(table) as K) {
    for (const [name, value] of Object.entries(table)) {
      if (typeof value !== "function" || Object.hasOwn(calls, name)) continue;
      const call = value as (this: K, ...args: unknown[]) => Op<unknown>;
      calls[name] = (...args) => new Call(call.apply(kernel, args));
    }
  }
  return Object.assign(Object.create(kernel) as K, calls);
}

/** A part of a program as it runs. */
export class Run {
  readonly #program: Op<void>;
  /** The system call that it is in. */
  #call: Op<unknown> | undefined;

  /** A program may be a system call and nothing else. */
  constructor(program: Op<void>) {
    this.#program = program[Symbol.iterator]();
  }

  /** Goes on to the next step, told what the one before came to; nothing when the part is over. */
  next(value: number): Step | undefined {
    let result: unknown = value;
    for (;;) {
      if (this.#call) {
        const next = this.#call.next(result as number);
        if (!next.done) return next.value;
        this.#call = undefined;
        result = next.value;
      }
      const next = this.#program.next(result as number);
      if (next.done) return undefined;
      if (!((next.value as unknown) instanceof Call)) return next.value;
      this.#call = (next.value as unknown as Call).op;
      result = 0;
    }
  }
}
