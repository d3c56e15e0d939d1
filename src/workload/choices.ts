/**
 * The choices of a run, in words: `scenario×310 ta×12 rcu×3`. Tasks that share a name are numbered in the order of
 * their start (`scenario.2`); RCU callbacks run as `rcu`.
 */
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import { printable } from "../base/trouble.js";
import type { Scenario } from "../scenario/types.js";
import type { Machine, Task } from "../simulate/machine.js";
import type { Stretch } from "../simulate/scheduler.js";
import { ChoiceError, simulate, type Simulation, type SimulationOptions } from "./simulate.js";

/** A stretch of steps of one task, by its name. */
export interface NamedStretch {
  readonly task: string;
  readonly steps: number;
}

/** Choices that cannot be understood, or cannot be made. */
export class ChoicesError extends Error {}

const RCU = "rcu";

/** A name for each task, which depends only on the tasks before it. */
export function taskNames(machine: Pick<Machine<Kernel>, "tasks">): string[] {
  const names = new Set<string>();
  for (const { program } of machine.tasks as readonly Task<Kernel>[]) {
    const base = program.softirq ? RCU : printable(program.comm);
    let name = base;
    for (let n = 2; names.has(name); n++) name = `${base}.${n}`;
    names.add(name);
  }
  return [...names];
}

/** The choices that repeat a run. */
export function choicesOf({ machine, choices }: Pick<Simulation, "machine" | "choices">): NamedStretch[] {
  const names = taskNames(machine);
  return choices.map(({ task, steps }) => ({ task: names[task]!, steps }));
}

/** Choices as `--choices` takes them: `scenario×124 ta×1`, steps by task. */
export function printChoices(choices: readonly NamedStretch[]): string {
  return choices.map(({ task, steps }) => `${task}×${steps}`).join(" ");
}

/**
 * Choices from their text, `scenario×124 ta×1`. `x` and `*` stand for `×`.
 *
 * @throws {ChoicesError} If the text is malformed.
 */
export function parseChoices(text: string): NamedStretch[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw new ChoicesError("empty: it takes stretches as `scenario×310 ta×12`");
  return words.map((word) => {
    const [, task, digits] = /^(.+)[×x*](\d{1,15})$/u.exec(word) ?? [];
    if (task === undefined || Number(digits) === 0)
      throw new ChoicesError(`${printable(word)}: a task and how many steps it takes, as in ta×12`);
    return { task, steps: Number(digits) };
  });
}

/**
 * Runs a scenario as the choices say, and from their end on as `options` do. A task's name is known only once
 * it has been started, so each name is looked up in a run up to its first use.
 *
 * @throws {ChoicesError} If the run cannot follow the choices.
 */
export function simulateChosen(
  definition: KernelDefinition,
  scenario: Scenario,
  choices: readonly NamedStretch[],
  options: Omit<SimulationOptions, "choices"> = {},
): Simulation {
  const known: Stretch[] = [];
  const names = new Map<string, number>();
  for (;;) {
    for (const { task, steps } of choices.slice(known.length)) {
      const number = names.get(task);
      if (number === undefined) break;
      known.push({ task: number, steps });
    }
    const complete = known.length === choices.length;
    const run = follow(definition, scenario, choices, {
      ...options,
      choices: known,
      ...(complete ? {} : { limit: known.reduce((sum, stretch) => sum + stretch.steps, 0) }),
    });
    if (complete) return run;
    for (const [number, name] of taskNames(run.machine).entries()) names.set(name, number);
    if (!names.has(choices[known.length]!.task))
      throw unknownTask(choices[known.length]!, known.length, [...names.keys()]);
  }
}

function follow(
  definition: KernelDefinition,
  scenario: Scenario,
  choices: readonly NamedStretch[],
  options: SimulationOptions,
): Simulation {
  try {
    return simulate(definition, scenario, options);
  } catch (error) {
    if (!(error instanceof ChoiceError)) throw error;
    const { task, steps } = choices[error.choice]!;
    throw new ChoicesError(
      `choice ${error.choice + 1}, ${task}×${steps}: ${task} waits, or is over, before it has taken so many steps; are the choices of this kernel, scenario and fault?`,
      { cause: error },
    );
  }
}

function unknownTask({ task, steps }: NamedStretch, index: number, names: readonly string[]): ChoicesError {
  return new ChoicesError(
    `choice ${index + 1}, ${printable(task)}×${steps}: no task of that name has been started by then; there is ${names.join(", ")}`,
  );
}
