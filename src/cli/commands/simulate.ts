/** `kreel simulate SCENARIO --kernel K`. */
import { closeSync, openSync } from "node:fs";
import type { Command } from "commander";
import type { Finding } from "../../check/finding.js";
import type { KernelDefinition } from "../../kernels/index.js";
import { printable, TroubleError } from "../../base/trouble.js";
import { type Replay, replayRecording } from "../../replay/replay.js";
import { readScenario } from "../../scenario/parse.js";
import type { Scenario } from "../../scenario/types.js";
import { Chronicle } from "../../describe/chronicle.js";
import { Evidence } from "../../show/evidence.js";
import { findingsLines } from "../../show/findings.js";
import { jsonText } from "../../show/json.js";
import { all } from "../../replay/observers.js";
import { simulationJson } from "../../show/simulation-json.js";
import { choicesOf, ChoicesError, parseChoices, printChoices, simulateChosen } from "../../workload/choices.js";
import { EndlessError } from "../../workload/faults.js";
import { placed } from "../../workload/lines.js";
import { simulate, type Simulation, type SimulationOptions } from "../../workload/simulate.js";
import { ftraceText } from "../../write/ftrace.js";
import { checkFail, failText, parseFail } from "../fail.js";
import { walkAndPrint } from "../fault-walk.js";
import { blamingKernel, collect, KERNEL_HELP, kernelOf } from "../kernel.js";
import { Output } from "../output.js";
import type { Terminal } from "../terminal.js";
import { UsageError } from "../trouble.js";

/** Most steps of a run: a user's kernel may run forever, and no hand-written scenario comes near. */
export const STEPS = 10_000_000;
/** Printed by the interpreter's harness after its output. */
const EXIT = "exit=0";

interface Flags {
  readonly kernel: string;
  readonly config?: readonly string[];
  readonly seed?: string;
  readonly choices?: string;
  readonly fail?: string;
  readonly log?: string;
  readonly json?: true;
}

export function addSimulate(program: Command, terminal: Terminal, done: (code: number) => void): void {
  program
    .command("simulate")
    .summary("carry a scenario out on a simulated kernel")
    .description(
      "Carries a scenario out on a simulated kernel and prints what each operation comes to, then what the rules find wrong with what the kernel did. Exits with 0 when nothing is, 1 when there are findings or tasks that wait for ever, 2 for trouble.",
    )
    .argument("<scenario>", "one operation a line; - is standard input")
    .requiredOption("--kernel <kernel>", KERNEL_HELP)
    .option("--config <option>", "build the kernel with this: CONFIG_KVM_PRIVATE_MEM=n", collect)
    .option("--seed <number>", "let threads take turns at random; the choices that repeat the run go to standard error")
    .option("--choices <choices>", "let tasks run as an earlier run had it: 'scenario×310 ta×12'")
    .option(
      "--fail <what>",
      "all: make each thing fail that can, one at a time, and say what comes of it; N or N=ERRNO: only that one",
    )
    .option("--log <file>", "write what probes would record, as ftrace's text")
    .option("--json", "one JSON document")
    .action(async (path: string, flags: Flags) => done(await runSimulate(path, flags, terminal)));
}

async function runSimulate(path: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { err } = terminal;
  const fail = flags.fail === undefined ? undefined : parseFail(flags.fail);
  const seed = flags.seed === undefined ? undefined : parseSeed(flags.seed);
  if (fail === "all" && (flags.choices !== undefined || flags.log !== undefined))
    throw new UsageError("--fail all is many runs; --choices and --log are of one: give --fail N");
  const definition = await kernelOf(flags.kernel, flags.config);
  const scenario = await scenarioOf(path, terminal);
  return blamingKernel(scenario, async () => {
    const options: SimulationOptions = {
      limit: STEPS,
      keepFaults: fail !== undefined,
      ...(seed === undefined ? {} : { seed }),
    };
    if (fail === "all") return walkAndPrint(definition, scenario, options, { terminal, json: flags.json ?? false });
    const simulation = simulateOnce(definition, scenario, { ...options, ...(fail ? { fail } : {}) }, flags.choices);
    if (fail) err.line(`kreel: ${failText(checkFail(simulation, fail))}`);
    if (seed !== undefined) err.line(`choices: ${printChoices(choicesOf(simulation))}`);
    err.flush();
    if (flags.log !== undefined) writeLog(flags.log, simulation, scenario);
    return show(simulation, scenario, flags, terminal);
  });
}

/** Reads a scenario and prints its warnings. */
export async function scenarioOf(path: string, { err }: Pick<Terminal, "err">): Promise<Scenario> {
  const scenario = await readScenario(path);
  for (const warning of scenario.warnings) err.line(`kreel: ${warning}`);
  err.flush();
  return scenario;
}

export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 0xffffffff) throw new UsageError(`--seed ${text}: a number from 0 to 4294967295`);
  return seed;
}

/**
 * Simulates one run.
 *
 * @throws {UsageError} If the choices do not belong to it.
 * @throws {EndlessError} If it exceeds the limit of steps.
 */
export function simulateOnce(
  definition: KernelDefinition,
  scenario: Scenario,
  options: SimulationOptions,
  choices: string | undefined,
): Simulation {
  let simulation: Simulation;
  try {
    simulation =
      choices === undefined
        ? simulate(definition, scenario, options)
        : simulateChosen(definition, scenario, parseChoices(choices), options);
  } catch (error) {
    if (error instanceof ChoicesError) throw new UsageError(`--choices: ${error.message}`);
    throw error;
  }
  if (simulation.ending.type === "limit") throw new EndlessError(simulation.kernel, simulation.steps);
  return simulation;
}

/**
 * Writes the recording with comments in ftrace's header style: the kernel, the scenario and the choices that repeat it.
 */
function writeLog(file: string, simulation: Simulation, scenario: Scenario): void {
  const failed = simulation.faults.find((fault) => fault.errno !== 0);
  const header = [
    "",
    "simulated by kreel",
    `kernel: ${simulation.kernel}`,
    `scenario: ${scenario.path}`,
    ...(failed ? [failText(failed)] : []),
    `choices: ${printChoices(choicesOf(simulation))}`,
    "",
  ];
  try {
    const fd = openSync(file, "w");
    const to = new Output(fd);
    try {
      const { sealed, tables } = simulation.recording;
      for (const chunk of ftraceText(sealed, tables, { header: header.map(printable) })) to.write(chunk);
      to.flush();
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new TroubleError(`cannot be written (${(error as NodeJS.ErrnoException).code ?? "error"})`, file, undefined, {
      cause: error,
    });
  }
}

export function deadlockLines(ending: Simulation["ending"]): string[] {
  return ending.type === "deadlock"
    ? ending.waiting.map(({ task, for: what }) => `kreel: deadlock: ${task} waits for ${what}`)
    : [];
}

interface Checked {
  readonly result: Replay;
  readonly evidence: Evidence;
}

async function checked(simulation: Simulation): Promise<Checked> {
  let evidence: Evidence | undefined;
  const result = await replayRecording(simulation.recording, {
    observe: (world, recording) => {
      const chronicle = new Chronicle(world);
      evidence = new Evidence(chronicle, world, recording);
      return all(chronicle, evidence);
    },
    onFinding: (finding) => evidence!.found(finding),
  });
  return { result, evidence: evidence! };
}

async function show(simulation: Simulation, scenario: Scenario, flags: Flags, terminal: Terminal): Promise<number> {
  const { out, err, width } = terminal;
  const { result, evidence } = await checked(simulation);
  const original = new Map<Finding, Finding>();
  const place = (finding: Finding): Finding => {
    const there = placed(finding, simulation.outcomes);
    original.set(there, finding);
    return there;
  };
  const findings = result.findings.map(place);
  const hazards = result.hazards.map(place);
  const { ending } = simulation;
  const code = findings.length > 0 || ending.type === "deadlock" ? 1 : 0;
  if (flags.json) {
    for (const piece of jsonText(simulationJson(simulation, scenario.path, { findings, hazards }))) out.write(piece);
    return code;
  }
  for (const line of simulation.output) out.line(line);
  for (const line of deadlockLines(ending)) out.line(line);
  if (ending.type !== "deadlock") out.line(EXIT);
  // A hazard is no part of what user space saw, and no error either, so it goes to standard error.
  const to = findings.length > 0 ? out : err;
  const lines = findingsLines(findings, hazards, {
    path: scenario.path,
    style: to.style,
    width,
    steps: (finding) => evidence.steps(original.get(finding)!),
  });
  if (lines.length === 0) return code;
  if (findings.length > 0) to.line("");
  for (const line of lines) to.line(line);
  to.flush();
  return code;
}
