/** `simulate --fail all`. */
import type { KernelDefinition } from "../kernels/index.js";
import { TroubleError } from "../base/trouble.js";
import type { Scenario } from "../scenario/types.js";
import { FaultPrinter, faultsJson, wrongs } from "../show/faults.js";
import { jsonText } from "../show/json.js";
import { type FaultRun, walkFaults } from "../workload/faults.js";
import type { SimulationOptions } from "../workload/simulate.js";
import type { Terminal } from "./terminal.js";

export async function walkAndPrint(
  definition: KernelDefinition,
  scenario: Scenario,
  options: Omit<SimulationOptions, "fail" | "choices">,
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): Promise<number> {
  const { out, style, width } = terminal;
  const walk = await walkFaults(definition, scenario, options);
  if (walk.plain.ending.type !== "finished")
    throw new TroubleError(
      "the scenario does not come to its end even when nothing fails: see kreel simulate without --fail",
      scenario.path,
    );
  const printer = new FaultPrinter(walk, { style, width, print: (line) => out.line(line) });
  const runs: FaultRun[] = [];
  if (!json) printer.heading(scenario);
  let wrong = walk.findings.length;
  for await (const run of walk.runs()) {
    wrong += wrongs(run);
    // A run holds everything that happened in it, of which the text needs nothing more.
    if (json) runs.push({ ...run, simulation: undefined });
    else printer.add(run);
  }
  if (json) for (const piece of jsonText(faultsJson(scenario, walk, runs))) out.write(piece);
  else printer.summary();
  return wrong > 0 ? 1 : 0;
}
