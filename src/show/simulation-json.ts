/** The document of `simulate --json`. */
import type { Finding } from "../check/finding.js";
import { choicesOf } from "../workload/choices.js";
import type { Outcome, Simulation } from "../workload/simulate.js";
import { findingJson, type Json, VERSION } from "./json.js";

/** The result in user space: `-1` and the name of the error, or at least 0. */
export interface Result {
  readonly result: number;
  readonly error?: string;
}

/** Parses the line that the interpreter prints. */
export function resultOf({ line, text }: Pick<Outcome, "line" | "text">): Result {
  const [number, error] = text.slice(line.text.length + " = ".length).split(" ");
  const result = Number(number);
  return result === -1 && error !== undefined ? { result, error } : { result };
}

export function outcomeJson(outcome: Outcome): { readonly [name: string]: Json } {
  const { line, text } = outcome;
  const { result, error } = resultOf(outcome);
  return {
    line: line.line,
    operation: line.text,
    ...(line.thread === undefined ? {} : { thread: line.thread }),
    result,
    ...(error === undefined ? {} : { error }),
    text,
  };
}

/** `findings` and `hazards` have the lines of the scenario, not of a recording. */
export function simulationJson(
  simulation: Simulation,
  scenario: string,
  { findings, hazards }: { readonly findings: readonly Finding[]; readonly hazards: readonly Finding[] },
): { readonly [name: string]: Json } {
  const { kernel, outcomes, ending, steps, recording } = simulation;
  return {
    kreel: "simulate",
    version: VERSION,
    kernel,
    scenario,
    output: outcomes.map(outcomeJson),
    findings: findings.map(findingJson),
    hazards: hazards.map(findingJson),
    choices: choicesOf(simulation).map(({ task, steps: count }) => ({ task, steps: count })),
    ending:
      ending.type === "deadlock"
        ? { type: ending.type, waiting: ending.waiting.map((w) => ({ task: w.task, for: w.for })) }
        : { type: ending.type },
    steps,
    events: recording.report.events,
  };
}
