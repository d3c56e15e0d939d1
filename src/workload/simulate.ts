/** Carries a scenario out on a simulated kernel, and keeps what user space saw of it and a recording. */
import { nanoid } from "nanoid";
import { saidOf } from "../own-kernel/places.js";
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import type { Batch } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { ReadReport, type Recorded } from "../read/report.js";
import type { Line, Scenario } from "../scenario/types.js";
import type { Machine, Task } from "../simulate/machine.js";
import { pulse } from "../simulate/pulse.js";
import { Recorder, type RecordedTask } from "../simulate/recorder.js";
import { Scheduler, type Stretch } from "../simulate/scheduler.js";
import type { Fault } from "../simulate/step.js";
import { boot } from "./boot.js";

/** A place at which something could have failed in a run: the first is 1. */
export interface FaultPoint {
  readonly number: number;
  /** The scenario's operation in which it lay; nothing if it lay in none (a callback, an exit). */
  readonly line: Line | undefined;
  readonly task: string;
  readonly fault: Fault;
  /** The error that it failed with; 0 when it did not. */
  readonly errno: number;
}

/** The outcome of an operation of the scenario. */
export interface Outcome {
  readonly line: Line;
  /** The task as a recording names it: `scenario-100`. */
  readonly task: string;
  /** The line that the scenario's interpreter prints: `gmem g v 2M = 5`. */
  readonly text: string;
  /** The numbers of the events of the marks before and after it. */
  readonly from: number;
  readonly to: number;
}

/** A function of the kernel threw: it is not a kernel's, or misunderstands the machine. The cause says where. */
export class KernelFunctionError extends Error {
  constructor(
    message: string,
    readonly kernel: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The task whose turn it is by `choices` cannot go on. */
export class ChoiceError extends Error {
  constructor(
    /** Index of the stretch in `choices`, from 0. */
    readonly choice: number,
    options: ErrorOptions,
  ) {
    super(`choice ${choice + 1} cannot be made`, options);
  }
}

/** The choice of the task that runs when several could, the fault to make, and the limit of steps. */
export interface SimulationOptions {
  /** Picks the task that runs when several could. */
  readonly seed?: number;
  /** The choices of an earlier run, to repeat. */
  readonly choices?: readonly Stretch[];
  /** The fault to make: the number of a fault point, and the error; without one, the usual error there. */
  readonly fail?: { readonly number: number; readonly errno?: number };
  /** Keeps the fault points; true when left out. They are most of the memory that a long run takes. */
  readonly keepFaults?: boolean;
  /** Steps after which a run is given up; some hundred million when left out. */
  readonly limit?: number;
}

/** The end of a run: all tasks exited, some wait for ever, or the run was given up at the limit of steps. */
export type Ending =
  | { readonly type: "finished" }
  | { readonly type: "deadlock"; readonly waiting: readonly { readonly task: string; readonly for: string }[] }
  | { readonly type: "limit" };

/** A run of a scenario on a simulated kernel: what user space saw, and a recording to be read like any other. */
export interface Simulation {
  readonly kernel: string;
  /** A line for each operation, as the scenario's interpreter prints it. */
  readonly output: readonly string[];
  /** The outcome of each operation, in the order in which they ended: one for each line of the output. */
  readonly outcomes: readonly Outcome[];
  readonly recording: SimulatedRecording;
  /** The choices that repeat this run. */
  readonly choices: readonly Stretch[];
  readonly faults: readonly FaultPoint[];
  readonly ending: Ending;
  readonly steps: number;
  readonly machine: Machine<Kernel>;
}

const LIMIT = 500_000_000;
const OPERATION = "op: ";
const RETURN = "ret: ";

/** The run of a simulated kernel, to be read like the recording of a real one. */
export class SimulatedRecording implements Recorded {
  readonly id = nanoid();
  readonly origin;
  readonly report: ReadReport;

  constructor(
    path: string,
    readonly tables: Tables,
    readonly sealed: readonly Batch[],
    events: number,
  ) {
    this.origin = { path, format: "simulated" } as const;
    this.report = new ReadReport(path);
    this.report.events = events;
    this.report.clock = { kind: "seconds", digits: 6 };
  }

  async *batches(): AsyncGenerator<Batch> {
    yield* this.sealed;
  }

  async again(): Promise<SimulatedRecording> {
    return this;
  }

  async close(): Promise<void> {}
}

/**
 * Carries a scenario out on a simulated kernel.
 *
 * @throws {KernelFunctionError} Where a function of the kernel throws.
 * @throws {ChoiceError} Where `choices` are of another kernel or scenario.
 */
export function simulate(
  definition: KernelDefinition,
  scenario: Scenario,
  options: SimulationOptions = {},
): Simulation {
  const { machine, lines } = boot(definition, scenario);
  const recorder = new Recorder(machine.memory, definition.release);
  const scheduler = new Scheduler(machine, options);
  const tasks: RecordedTask[] = [];
  const begun: number[] = [];
  const outcomes: Outcome[] = [];
  const faults: FaultPoint[] = [];
  const lineOf = (task: Task<Kernel>): Line | undefined => lines.get(task.program)?.[task.segment];
  const { fail } = options;
  const keep = options.keepFaults ?? true;
  let number = 0;
  machine.fault = (task, step) => {
    number++;
    const fault = step.fault!;
    const errno = fail?.number === number ? (fail.errno ?? fault.errnos[0]!) : 0;
    if (keep || errno !== 0) faults.push({ number, line: lineOf(task), task: task.program.comm, fault, errno });
    return errno;
  };
  machine.listener = (task, step) => {
    const point = recorder.pointOf(step);
    if (point === 0) return;
    const { program, struct } = task;
    const recorded = (tasks[task.number] ??= recorder.task(
      program.comm,
      machine.memory.get(struct.pid),
      program.softirq ?? false,
    ));
    recorder.record(step, recorded, scheduler.now, point);
    if (step.operation !== "tracing_mark_write") return;
    const text = step.args!["text"] as string;
    if (text.startsWith(OPERATION)) begun[task.number] = recorder.events;
    else if (text.startsWith(RETURN))
      outcomes.push({
        line: lineOf(task)!,
        task: recorder.tables.tasks.get(recorded.id).name,
        text: text.slice(RETURN.length),
        from: begun[task.number]!,
        to: recorder.events,
      });
  };
  const choices: { task: number; steps: number }[] = [];
  const limit = options.limit ?? LIMIT;
  let steps = 0;
  let ending: Ending | undefined;
  let running: Task<Kernel> | undefined;
  pulse.during = () => duringText(running && lineOf(running));
  while (!ending) {
    const next = nextOf(scheduler, options.choices, steps);
    if (next === undefined) {
      ending = endingOf(machine);
    } else if (steps >= limit) {
      ending = { type: "limit" };
    } else {
      const last = choices.at(-1);
      if (last?.task === next) last.steps++;
      else choices.push({ task: next, steps: 1 });
      const task = machine.tasks[next]!;
      running = task;
      try {
        machine.step(task);
      } catch (error) {
        throw new KernelFunctionError(`${saidOf(error)}${duringText(lineOf(task))}`, definition.name, { cause: error });
      }
      steps++;
    }
  }
  pulse.during = undefined;
  const recording = new SimulatedRecording(
    `${definition.name}: ${scenario.path}`,
    recorder.tables,
    recorder.batches(),
    recorder.events,
  );
  return {
    kernel: definition.name,
    output: outcomes.map((outcome) => outcome.text),
    outcomes,
    recording,
    choices,
    faults,
    ending,
    steps,
    machine,
  };
}

function duringText(line: Line | undefined): string {
  return line ? `, while \`${line.text}\` (line ${line.line}) was carried out` : "";
}

function nextOf(
  scheduler: Scheduler<Kernel>,
  choices: readonly Stretch[] | undefined,
  steps: number,
): number | undefined {
  try {
    return scheduler.next();
  } catch (error) {
    if (!choices || !(error instanceof RangeError)) throw error;
    let before = 0;
    throw new ChoiceError(
      choices.findIndex((stretch) => (before += stretch.steps) > steps),
      { cause: error },
    );
  }
}

/** No task can go on: all but the one for RCU callbacks have exited, or some wait for each other. */
function endingOf(machine: Machine<Kernel>): Ending {
  const waiting = machine.tasks.filter((task: Task<Kernel>) => task.pending && !task.program.softirq);
  return waiting.length === 0
    ? { type: "finished" }
    : { type: "deadlock", waiting: waiting.map((task) => ({ task: task.program.comm, for: task.pending!.words })) };
}
