/** Odd scenarios, carried out on real kernels: error paths, limits, last owners, allocations that fail. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { kernels } from "../../src/kernels/index.js";
import { replayRecording } from "../../src/replay/replay.js";
import { readScenario } from "../../src/scenario/parse.js";
import { simulate } from "../../src/workload/simulate.js";
import { seen } from "../support/simulated.js";

const ODD = "fixtures/scenarios/odd";

for (const [name, kernel] of Object.entries(kernels)) {
  for (const file of readdirSync(join(ODD, name)).filter((f) => f.endsWith(".out"))) {
    test(`${name}: ${file.slice(0, -4)}`, async (t) => {
      const scn = file.replace(/out$/, "scn");
      const own = join(ODD, "linux-6.12", scn);
      const scenario = await readScenario(name.startsWith("linux-6.12") && existsSync(own) ? own : join(ODD, scn));
      const { output, ending, recording } = simulate(kernel, scenario);
      t.deepEqual(seen(output, scenario), seen(readFileSync(join(ODD, name, file), "utf8").split("\n"), scenario));
      t.is(ending.type, "finished");
      const said = await replayRecording(recording);
      t.deepEqual(said.findings, []);
      t.is(said.counts.unexplained, 0);
      t.is(said.missing.total, 0);
    });
  }
}
