/** Carries a scenario out on a simulated kernel, and keeps what came of it: what user space saw, and a recording. */
import { nanoid } from "nanoid";
import type { Kernel, KernelDefinition } from "../kernels/kernel.js";
import type { Batch } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { ReadReport, type Recorded } from "../read/report.js";
import type { Scenario } from "../scenario/types.js";
import type { Machine, Task } from "../simulate/machine.js";
import { Recorder, type RecordedTask } from "../simulate/recorder.js";
import { Scheduler, type Stretch } from "../simulate/scheduler.js";
import type { Fault, Step } from "../simulate/step.js";
import { boot } from "./boot.js";

/** A place at which something could have failed in a run: the first is 1. */
export interface FaultPoint {
  readonly number: number;
  /** The scenario's operation in which it lay, as its marker says; empty for what is in none. */
  readonly during: string;
  readonly task: string;
  readonly fault: Fault;
  /** The error that it failed with; 0 when it did not. */
  readonly errno: number;
}

export interface SimulationOptions {
  /** Picks who runs when several could. */
  readonly seed?: number;
  /** Who runs, as an earlier run had it. */
  readonly choices?: readonly Stretch[];
  /** What fails: the number of a fault point, and the error. */
  readonly fail?: { readonly number: number; readonly errno: number };
  /** Steps after which a run is given up; some hundred million when left out. */
  readonly limit?: number;
}

/** How a run ended: every task ran to its end, or some wait for what will never come. */
export type Ending = { readonly type: "finished" } | { readonly type: "deadlock"; readonly waiting: readonly { readonly task: string; readonly for: string }[] } | { readonly type: "limit" };

export interface Simulation {
  readonly kernel: string;
  /** A line for each operation, as the scenario's interpreter prints it. */
  readonly output: readonly string[];
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

  async close(): Promise<void> {}
}

export function simulate(definition: KernelDefinition, scenario: Scenario, options: SimulationOptions = {}): Simulation {
  const { machine } = boot(definition, scenario);
  const recorder = new Recorder(machine.memory, definition.release);
  const scheduler = new Scheduler(machine, options);
  const tasks: RecordedTask[] = [];
  const during: string[] = [];
  const output: string[] = [];
  const faults: FaultPoint[] = [];
  machine.fault = (task, step) => {
    const number = faults.length + 1;
    const errno = options.fail?.number === number ? options.fail.errno : 0;
    faults.push({ number, during: during[task.number] ?? "", task: task.program.comm, fault: step.fault!, errno });
    return errno;
  };
  machine.listener = (task, step) => {
    if (!recorder.shows(step)) return;
    if (step.operation === "tracing_mark_write" && step.phase === "entry") {
      const text = step.args!["text"] as string;
      if (text.startsWith(OPERATION)) during[task.number] = text.slice(OPERATION.length);
      else if (text.startsWith(RETURN)) output.push(text.slice(RETURN.length));
    }
    const { program, struct } = task;
    const recorded = (tasks[task.number] ??= recorder.task(program.comm, machine.memory.get(struct.pid), program.softirq ?? false));
    recorder.record(step, recorded, scheduler.now);
  };
  const choices: { task: number; steps: number }[] = [];
  const limit = options.limit ?? LIMIT;
  let steps = 0;
  let ending: Ending | undefined;
  while (!ending) {
    const number = scheduler.next();
    if (number === undefined) {
      ending = endingOf(machine);
    } else if (steps >= limit) {
      ending = { type: "limit" };
    } else {
      const last = choices.at(-1);
      if (last?.task === number) last.steps++;
      else choices.push({ task: number, steps: 1 });
      machine.step(machine.tasks[number]!);
      steps++;
    }
  }
  const recording = new SimulatedRecording(`${definition.name}: ${scenario.path}`, recorder.tables, recorder.batches(), recorder.events);
  return { kernel: definition.name, output, recording, choices, faults, ending, steps, machine };
}

/** Nobody can go on: all is done, but for callbacks that nobody queued, or tasks wait for each other. */
function endingOf(machine: Machine<Kernel>): Ending {
  const waiting = machine.tasks.filter((task: Task<Kernel>) => task.pending && !task.program.softirq);
  return waiting.length === 0 ? { type: "finished" } : { type: "deadlock", waiting: waiting.map((task) => ({ task: task.program.comm, for: words(task.pending!) })) };
}

function words(step: Step): string {
  return step.words;
}
