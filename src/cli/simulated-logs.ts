/** Runs of simulated kernels as logs for the viewer: one kernel, or two side by side. */
import { basename } from "node:path";
import { faultKey } from "../compare/kernels.js";
import { writeLog } from "../read/import.js";
import type { KernelDefinition } from "../kernels/index.js";
import type { Scenario } from "../scenario/types.js";
import { madeLog } from "../seek/as-log.js";
import { openedLog, type OpenLog } from "../ui/server/session.js";
import { plan, type PlannedFault } from "../workload/faults.js";
import type { Simulation, SimulationOptions } from "../workload/simulate.js";
import { checkFail, type Fail, failText, parseFail } from "./fail.js";
import { blamingKernel, kernelOf } from "./kernel.js";
import { deadlockLines, parseSeed, scenarioOf, simulateOnce, STEPS } from "./commands/simulate.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./trouble.js";

/** Options that `simulate` has, too. */
export interface SimulatedFlags {
  readonly kernel?: readonly string[];
  readonly config?: readonly string[];
  readonly seed?: string;
  readonly choices?: string;
  /** A fault of the first kernel's run; in the second run, the corresponding one. */
  readonly fail?: string;
}

const KERNELS = 2;

/** Yields a log for each named kernel; the caller closes them. */
export async function* simulatedLogs(path: string, flags: SimulatedFlags, terminal: Terminal): AsyncGenerator<OpenLog> {
  const { kernel: names = [], config, seed, choices } = flags;
  if (names.length > KERNELS) throw new UsageError("--kernel: one, or two to be compared");
  const fail = flags.fail === undefined ? undefined : parseFail(flags.fail);
  if (fail === "all")
    throw new UsageError("--fail all is many runs; one is looked at: give --fail N (simulate --fail all lists them)");
  const options: SimulationOptions = { limit: STEPS, ...(seed === undefined ? {} : { seed: parseSeed(seed) }) };
  const definitions: KernelDefinition[] = [];
  for (const name of names) definitions.push(await kernelOf(name, config));
  const scenario = await scenarioOf(path, terminal);
  const run = (definition: KernelDefinition, failing?: Fail): Promise<Simulation> =>
    blamingKernel(scenario, () =>
      simulateOnce(definition, scenario, { ...options, ...(failing ? { fail: failing } : {}) }, choices),
    );
  let fault: PlannedFault | undefined;
  for (const [k, definition] of definitions.entries()) {
    let simulation = await run(definition, k === 0 ? fail : undefined);
    if (fail && k === 0) {
      const point = checkFail(simulation, fail);
      fault = plan(simulation.faults).find((one) => one.point.number === point.number && one.errno === point.errno);
    } else if (fault) {
      const counterpart = correspondingTo(fault, simulation);
      if (counterpart)
        simulation = await run(definition, { number: counterpart.point.number, errno: counterpart.errno });
    }
    yield await logOf(simulation, scenario, fail !== undefined, terminal);
  }
}

function correspondingTo(fault: PlannedFault, { faults }: Simulation): PlannedFault | undefined {
  return plan(faults).find((other) => faultKey(other) === faultKey(fault));
}

async function logOf(
  simulation: Simulation,
  scenario: Scenario,
  isFailing: boolean,
  { err }: Terminal,
): Promise<OpenLog> {
  const { kernel, faults, ending, recording } = simulation;
  const failed = faults.find(({ errno }) => errno !== 0);
  if (isFailing) err.line(`kreel: ${kernel}: ${failed ? failText(failed) : "nothing fails: it has no such fault"}`);
  for (const line of deadlockLines(ending)) err.line(line);
  err.flush();
  const where = ` on ${kernel}${failed ? `, fault ${failed.number}` : ""}`;
  const made = await madeLog((log) => writeLog(recording, log));
  return { ...(await openedLog(made, `${scenario.path}${where}`)), name: `${basename(scenario.path)}${where}` };
}
