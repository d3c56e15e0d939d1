/**
 * Runs s09 on the kernel of a module, as `kreel simulate` does but with less patience: `impatient.js MODULE
 * MILLISECONDS`.
 */
import { blamingKernel } from "../../src/cli/kernel.js";
import { TROUBLE, troubleText } from "../../src/cli/trouble.js";
import { loadKernel } from "../../src/own-kernel/load.js";
import { readScenario } from "../../src/scenario/parse.js";
import { simulate } from "../../src/workload/simulate.js";

const [path, limit] = process.argv.slice(2) as [string, string];
try {
  const definition = await loadKernel(path, { limit: Number(limit) });
  const scenario = await readScenario("fixtures/scenarios/linux-6.12/s09-enfile.scn");
  const { ending } = await blamingKernel(scenario, () => simulate(definition, scenario));
  console.log(ending.type);
} catch (error) {
  console.error(troubleText(error, false));
  process.exitCode = TROUBLE;
}
process.exit();
