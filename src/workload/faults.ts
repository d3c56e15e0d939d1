/** Makes every call fail that can fail in a run, with every error that it may return, one at a time. */
import type { Finding } from "../check/finding.js";
import type { KernelDefinition } from "../kernels/kernel.js";
import { replayRecording } from "../replay/replay.js";
import type { Scenario } from "../scenario/types.js";
import { placed } from "./lines.js";
import {
  type Ending,
  type FaultPoint,
  KernelFunctionError,
  type Outcome,
  simulate,
  type Simulation,
  type SimulationOptions,
} from "./simulate.js";

/** A fault to make. */
export interface PlannedFault {
  readonly point: FaultPoint;
  /** Negative. */
  readonly errno: number;
  /** Number of the fault at this site within the operation, by the same task; the first is 1. */
  readonly nth: number;
}

/** The run with one fault, compared with the run without. */
export interface FaultRun extends PlannedFault {
  /** Nothing where a function of the kernel threw. */
  readonly simulation: Simulation | undefined;
  /** The outcome of its operation; nothing if it lies in none, or the operation never ended. */
  readonly outcome: Outcome | undefined;
  /** The operation's outcome differs from that without the fault. */
  readonly changed: boolean;
  /** Count of other operations whose outcome differs. */
  readonly others: number;
  /** Findings, with the lines of the scenario, that the run without faults does not have. */
  readonly findings: readonly Finding[];
  /** Tasks that wait for ever. */
  readonly waiting: readonly { readonly task: string; readonly for: string }[];
  /** The reason why the run did not end: the error that a function threw, or the limit of steps. */
  readonly failure: Error | undefined;
}

/** All faults that are possible in a run, and the run of each. */
export interface FaultWalk {
  /** The run in which nothing fails. */
  readonly plain: Simulation;
  readonly findings: readonly Finding[];
  readonly planned: readonly PlannedFault[];
  /** Count of faults left out over `budget`: they lie in operations that repeat earlier ones word for word. */
  readonly skipped: number;
  /** Runs the scenario with one fault. */
  run(fault: PlannedFault): Promise<FaultRun>;
  /** One run after the other, in the order of the plan. */
  runs(): AsyncGenerator<FaultRun>;
}

/** Default of `budget`: so many steps take some seconds. */
const STEPS = 4_000_000;

/** Options of the runs, and the steps to spend on them. */
export interface WalkOptions extends Omit<SimulationOptions, "fail" | "choices"> {
  /** Steps that all runs together may take before repetitions are left out. */
  readonly budget?: number;
}

/** The run in which nothing fails was given up, so no fault can be compared with it. */
export class EndlessError extends Error {
  constructor(
    readonly kernel: string,
    readonly steps: number,
  ) {
    super(`kernel ${kernel} was given up after ${steps} steps: does one of its functions never end?`);
  }
}

/** Steps that a run with a fault may take, as many times the steps of the run without, and these besides. */
const LONGER = 10;
const MORE = 100_000;

/**
 * Runs a scenario, and plans a run for every place that can fail in it.
 *
 * @throws {KernelFunctionError} As `simulate` does of the run in which nothing fails.
 * @throws {EndlessError} Where that run reaches the limit of steps.
 */
export async function walkFaults(
  definition: KernelDefinition,
  scenario: Scenario,
  options: WalkOptions = {},
): Promise<FaultWalk> {
  const { budget = STEPS, ...running } = options;
  const plain = simulate(definition, scenario, running);
  if (plain.ending.type === "limit") throw new EndlessError(plain.kernel, plain.steps);
  const limited = { ...running, limit: Math.min(running.limit ?? Infinity, plain.steps * LONGER + MORE) };
  const { findings } = await replayRecording(plain.recording);
  const own = findings.map((finding) => placed(finding, plain.outcomes));
  const every = plan(plain.faults);
  const planned = firstOfEach(every, plain.steps, budget);
  const run = (fault: PlannedFault): Promise<FaultRun> => runWith(fault, definition, scenario, limited, plain, own);
  return {
    plain,
    findings: own,
    planned,
    skipped: every.length - planned.length,
    run,
    async *runs() {
      for (const fault of planned) yield await run(fault);
    },
  };
}

/** Every fault of a run with every error. */
export function plan(faults: readonly FaultPoint[]): PlannedFault[] {
  const counts = new Map<string, number>();
  return faults.flatMap((point) => {
    const key = `${point.line?.line ?? 0} ${point.task} ${point.fault.site}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return point.fault.errnos.map((errno) => ({ point, errno, nth }));
  });
}

function firstOfEach(every: readonly PlannedFault[], steps: number, budget: number): readonly PlannedFault[] {
  if (every.length * steps <= budget) return every;
  const seen = new Map<string, number>();
  const keys = every.map(
    ({ point, errno, nth }) => `${point.line?.marker ?? ""} ${point.task} ${point.fault.site} ${nth} ${errno}`,
  );
  const each = Math.max(1, Math.floor(budget / steps / new Set(keys).size));
  return every.filter((_, k) => {
    const times = (seen.get(keys[k]!) ?? 0) + 1;
    seen.set(keys[k]!, times);
    return times <= each;
  });
}

async function runWith(
  fault: PlannedFault,
  definition: KernelDefinition,
  scenario: Scenario,
  options: SimulationOptions,
  plain: Simulation,
  known: readonly Finding[],
): Promise<FaultRun> {
  const { point, errno } = fault;
  let simulation: Simulation;
  try {
    simulation = simulate(definition, scenario, { ...options, fail: { number: point.number, errno } });
  } catch (error) {
    if (!(error instanceof KernelFunctionError)) throw error;
    return {
      ...fault,
      simulation: undefined,
      outcome: undefined,
      changed: true,
      others: 0,
      findings: [],
      waiting: [],
      failure: error,
    };
  }
  const { findings } = await replayRecording(simulation.recording);
  const before = byLine(plain.outcomes);
  const after = byLine(simulation.outcomes);
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (line) => shown(before.get(line)) !== shown(after.get(line)),
  );
  const line = point.line?.line;
  return {
    ...fault,
    simulation,
    outcome: line === undefined ? undefined : after.get(line),
    changed: line !== undefined && differing.includes(line),
    others: differing.filter((other) => other !== line).length,
    findings: newOnes(
      known,
      findings.map((finding) => placed(finding, simulation.outcomes)),
    ),
    waiting: waitingOf(simulation.ending),
    failure: simulation.ending.type === "limit" ? new Error(`given up after ${simulation.steps} steps`) : undefined,
  };
}

function waitingOf(ending: Ending): FaultRun["waiting"] {
  return ending.type === "deadlock" ? ending.waiting : [];
}

/** Outcomes by line number: a line of a scenario is carried out once. */
function byLine(outcomes: readonly Outcome[]): Map<number, Outcome> {
  return new Map(outcomes.map((outcome) => [outcome.line.line, outcome]));
}

/** The outcome's text without the numbers that are the kernel's to choose. */
export function shown(outcome: Outcome | undefined): string | undefined {
  return outcome?.text.replaceAll(/ (?:dev|ino)=\w+/g, "").replace(/ link=socket:\[\d+\]/, " link=socket");
}

/** Findings beyond those that are known; addresses differ from run to run. */
function newOnes(known: readonly Finding[], findings: readonly Finding[]): Finding[] {
  const key = ({ rule, object, line }: Finding): string => `${rule} ${object.replaceAll(/ 0x\S+/g, "")} ${line ?? 0}`;
  const left = known.map(key);
  return findings.filter((finding) => {
    const at = left.indexOf(key(finding));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
