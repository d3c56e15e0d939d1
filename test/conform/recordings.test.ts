/** Simulated kernels, and the recordings that vouch for them. */
import test from "ava";
import { conform } from "../../src/conform/index.js";
import { kernels } from "../../src/kernels/index.js";
import { HEALTHY, nameOf, recordingsOf } from "../support/recordings.js";
import { scenarioFor } from "../support/scenarios.js";

/** A recording of one of the four kernels, and of others in which the same was carried out. */
const CASES = [...HEALTHY, "random", "again"].flatMap((folder) => recordingsOf(folder)).map((path) => ({ path, kernel: HEALTHY.find((name) => path.includes(`/${name}/`)) }));

for (const { path, kernel } of CASES) {
  if (!kernel || path.includes("more-probes")) continue;
  test(`${kernel} admits ${nameOf(path)}`, async (t) => {
    const scenario = await scenarioFor(path);
    if (!scenario) return t.pass("what was carried out is not in the repository");
    const { verdict, blocked, events } = await conform(path, scenario, kernels[kernel]);
    t.is(verdict, "admitted", JSON.stringify(blocked));
    t.true(events.total > 0);
    t.is(events.explained, events.total);
  });
}

for (const path of recordingsOf(...HEALTHY)) {
  test(`no other kernel admits ${nameOf(path)}`, async (t) => {
    const scenario = (await scenarioFor(path))!;
    for (const other of HEALTHY) {
      if (path.includes(`/${other}/`)) continue;
      const { verdict, blocked, events } = await conform(path, scenario, kernels[other]);
      t.is(verdict, "not admitted", other);
      t.true(blocked.length > 0 && blocked.every((state) => state.length > 0));
      t.true(events.explained < events.total);
    }
  });
}
