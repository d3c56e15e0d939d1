/** A simulated kernel with a mistake: a fault reveals it, and the run minimises to the failing call. */
import test from "ava";
import { resolve } from "node:path";
import { minimiseRecording } from "../../src/minimise/index.js";
import { loadKernel } from "../../src/own-kernel/load.js";
import { readScenario } from "../../src/scenario/parse.js";
import { walkFaults } from "../../src/workload/faults.js";
import { operationsOf, spareUnits } from "./results.js";

test("every fault under which the kernel forgets module_put comes down to a failed creation", async (t) => {
  const kernel = await loadKernel(resolve("examples/forgets-module-put.js"));
  const walk = await walkFaults(kernel, await readScenario("fixtures/scenarios/linux-6.12/s01-create-close.scn"));
  let found = 0;
  for await (const { simulation, findings } of walk.runs()) {
    if (!findings.some((f) => f.rule === "leaked-module-reference")) continue;
    found++;
    const result = await minimiseRecording(async () => simulation!.recording, {
      finding: { rule: "leaked-module-reference", nth: 1 },
    });
    if (!("excerpt" in result)) return t.fail();
    t.true(result.minimal);
    t.deepEqual(spareUnits(result), []);
    const calls = operationsOf(result, false);
    for (const needed of ["kvm_gmem_create", "try_module_get", "try_module_get_ret", "kvm_gmem_create_ret"])
      t.true(calls.includes(needed));
    t.false(calls.includes("__fput"));
  }
  t.true(found > 3);
});
