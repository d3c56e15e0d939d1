/** Decides whether a simulated kernel admits a recording: the library's verb, and the result of `kreel conform`. */
import type { KernelDefinition } from "../kernels/kernel.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import type { Scenario } from "../scenario/types.js";
import { type Evidence, evidenceOf } from "./evidence.js";
import { signsOfAnother } from "./other-kernel.js";
import { DEFAULT_BUDGET, Search } from "./search.js";
import { type Conformance, GIVEN_UP, type Searched } from "./verdict.js";

export type { Blocked, Conformance } from "./verdict.js";

/** Options of reading and of the search. */
export interface ConformOptions extends OpenOptions {
  /** States after which the search gives up, undecided. */
  readonly budget?: number;
}

/**
 * Says whether a simulated kernel admits a recording of a scenario: whether some order of its threads shows exactly
 * these events.
 *
 * @throws {TroubleError} If it is no recording: with file and line.
 */
export async function conform(
  log: string | Recorded,
  scenario: Scenario,
  kernel: KernelDefinition,
  options: ConformOptions = {},
): Promise<Conformance> {
  const recorded = typeof log === "string" ? await openRecording(log, options) : log;
  const { evidence, trace } = await evidenceOf(recorded);
  return {
    ...decided(new Search(kernel, scenario, evidence).run(options.budget ?? DEFAULT_BUDGET), kernel, evidence),
    trace,
  };
}

/** A rejection says something of the recorded kernel only if the simulated one is meant to be the same. */
function decided(found: Searched, kernel: KernelDefinition, evidence: Evidence): Omit<Conformance, "trace"> {
  const undecided = (...reasons: readonly string[]): Omit<Conformance, "trace"> => ({
    ...found,
    verdict: "inconclusive",
    reasons,
  });
  if (found.events.total === 0) return undecided("it has no event that the kernel must account for");
  const signs = found.verdict === "not admitted" ? signsOfAnother(kernel, evidence) : [];
  if (signs.length > 0) return undecided(...signs);
  return { ...found, reasons: found.verdict === "inconclusive" ? [GIVEN_UP] : [] };
}
