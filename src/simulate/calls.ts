/**
 * System calls. A generator that waits in `yield*` passes on each step of its callee, which costs as much as many a
 * step. So the call runs beside the program until it returns, as a task has one stack in user space and one in the
 * kernel.
 */
import { Environment } from "./environment.js";
import { pulse } from "./pulse.js";
import type { Op, Step } from "./step.js";

/** A kernel function as called by a program: `yield*` hands the call over to `Run` and results in what it returns. */
class Call<R = unknown> {
  constructor(readonly op: Op<R>) {}

  *[Symbol.iterator](): Generator<Call<R>, R, R> {
    return yield this;
  }
}

/** The part of a program's `this` that kernel functions do not see. */
interface Program<K> {
  /** The kernel that it calls. */
  readonly kernel: K;
}

const tables = new WeakMap<object, object>();

/** The functions of a kernel as programs call them. Made once: machines that differ in shape would all be slow. */
function systemCalls<K extends Environment>(functions: K): object {
  let table = tables.get(functions) as Record<string, unknown> | undefined;
  if (table) return table;
  table = Object.create(Environment.prototype) as Record<string, unknown>;
  for (let from = functions; from !== Environment.prototype; from = Object.getPrototypeOf(from) as K) {
    for (const [name, value] of Object.entries(from)) {
      if (typeof value !== "function" || Object.hasOwn(table, name)) continue;
      const call = value as (this: K, ...args: unknown[]) => Op<unknown>;
      table[name] = function (this: Program<K>, ...args: unknown[]) {
        return new Call(call.apply(this.kernel, args));
      };
    }
  }
  tables.set(functions, table);
  return table;
}

/** A kernel as programs see it: the same, but that calling its functions is a system call. */
export function seenByPrograms<K extends Environment>(kernel: K, functions: K): K {
  return Object.assign(Object.create(systemCalls(functions)) as K, kernel, { kernel });
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

  /** Goes on to the next step with the result of the one before; returns nothing when the part is over. */
  next(value: number): Step | undefined {
    const { beats } = pulse;
    beats[0]!++;
    try {
      return this.#next(value);
    } finally {
      beats[0]!++;
    }
  }

  #next(value: number): Step | undefined {
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
