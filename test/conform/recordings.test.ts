/** Simulated kernels, and the recordings that vouch for them. */
import test from "ava";
import { conform } from "../../src/conform/index.js";
import { kernels, withSlubDebug } from "../../src/kernels/index.js";
import { readScenario } from "../../src/scenario/parse.js";
import { HEALTHY, nameOf, RECORDINGS, recordingsOf } from "../support/recordings.js";
import { scenarioFor } from "../support/scenarios.js";

/** A recording of one of the four kernels, and of others in which the same was carried out. */
const CASES = [...HEALTHY, "random", "again"]
  .flatMap((folder) => recordingsOf(folder))
  .map((path) => ({ path, kernel: HEALTHY.find((name) => path.includes(`/${name}/`)) }));

for (const { path, kernel } of CASES) {
  if (!kernel || path.includes("wide")) continue;
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

/** A cache that waits for RCU when it is destroyed, and one that does not: each is a run of its own kernel only. */
for (const name of ["s01-create-close", "alloc_vfsmnt", "d_make_root"]) {
  const folder = name.startsWith("s01") ? "fixtures" : `${RECORDINGS}/cache`;
  for (const [kernel, own, other] of [
    ["linux-7.2", kernels["linux-7.2"], withSlubDebug(kernels["linux-7.2"])],
    ["linux-7.2-slub_debug", withSlubDebug(kernels["linux-7.2"]), kernels["linux-7.2"]],
  ] as const) {
    test(`${own.name} admits cache/${kernel}/${name}, ${other.name} does not`, async (t) => {
      const path = `${RECORDINGS}/cache/${kernel}/${name}.trace.gz`;
      const scenario = await readScenario(`${folder}/scenarios/${name}.scn`);
      const { verdict, blocked, events } = await conform(path, scenario, own);
      t.is(verdict, "admitted", JSON.stringify(blocked));
      t.is(events.explained, events.total);
      t.is((await conform(path, scenario, other)).verdict, "not admitted");
    });
  }
}

/**
 * Other recorders, a program that began with other descriptors, page-cache probes left out, and a bug of the kernel's
 * own.
 */
for (const [path, scenario, kernel] of [
  ["trace-dat/linux-7.2-s09-enfile.v7.dat.gz", "s09-enfile", "linux-7.2"],
  ["trace-dat/linux-6.18-s04-bind-unbind.v6.dat.gz", "s04-bind-unbind", "linux-6.18"],
  ["perf-script/linux-7.2-s04-bind-unbind.script-ns.gz", "s04-bind-unbind", "linux-7.2"],
  ["race/linux-7.2-close-rmmod.trace.gz", "close-rmmod", "linux-7.2"],
] as const) {
  test(`${kernel} admits ${path}`, async (t) => {
    const { verdict, blocked } = await conform(
      `fixtures/recordings/${path}`,
      await readScenario(`fixtures/scenarios/${scenario}.scn`),
      kernels[kernel],
    );
    t.is(verdict, "admitted", JSON.stringify(blocked));
  });
}
