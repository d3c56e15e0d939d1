/** Does a simulated kernel admit a recording? The library's verb, and what `kreel conform` prints. */
import type { KernelDefinition } from "../kernels/kernel.js";
import { openRecording, type OpenOptions } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import type { Scenario } from "../scenario/types.js";
import { evidenceOf } from "./evidence.js";
import { DEFAULT_BUDGET, Search } from "./search.js";
import type { Conformance } from "./verdict.js";

export type { Blocked, Conformance } from "./verdict.js";

export interface ConformOptions extends OpenOptions {
  /** States after which the search gives up, undecided. */
  readonly budget?: number;
}

export async function conform(log: string | Recorded, scenario: Scenario, kernel: KernelDefinition, options: ConformOptions = {}): Promise<Conformance> {
  const recorded = typeof log === "string" ? await openRecording(log, options) : log;
  const { evidence, trace } = await evidenceOf(recorded);
  return { ...new Search(kernel, scenario, evidence).run(options.budget ?? DEFAULT_BUDGET), trace };
}
