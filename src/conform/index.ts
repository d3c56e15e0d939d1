/** Does a simulated kernel admit a recording? The library's verb, and what `kreel conform` prints. */
import type { KernelDefinition } from "../kernels/kernel.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import type { Scenario } from "../scenario/types.js";
import { type Evidence, evidenceOf } from "./evidence.js";
import { signsOfAnother } from "./other-kernel.js";
import { DEFAULT_BUDGET, Search } from "./search.js";
import { type Conformance, GIVEN_UP, type Searched } from "./verdict.js";

export type { Blocked, Conformance } from "./verdict.js";

/** How to read the recording, and how long to search. */
export interface ConformOptions extends OpenOptions {
  /** States after which the search gives up, undecided. */
  readonly budget?: number;
}

/**
 * Says whether a simulated kernel admits a recording of a scenario: whether some order of its threads shows exactly
 * these events.
 *
 * @throws {TroubleError} Of what is no recording, with file and line.
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

/**
 * What was not admitted says something of the kernel that was recorded only where that is meant to be the simulated
 * one.
 */
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
