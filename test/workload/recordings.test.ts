/** Every recording of a healthy kernel whose scenario is known: the simulated kernel does what the real one did. */
import test from "ava";
import { diff } from "../../src/compare/diff.js";
import { kernels } from "../../src/kernels/index.js";
import { replayRecording } from "../../src/replay/replay.js";
import { simulate } from "../../src/workload/simulate.js";
import { nameOf, outOf, recordingsOf } from "../support/recordings.js";
import { scenarioFor, scenarioPathOf } from "../support/scenarios.js";
import { isThreaded, seen } from "../support/simulated.js";

const KERNELS = Object.keys(kernels) as (keyof typeof kernels)[];
const paths = recordingsOf(...KERNELS, "again", "random").filter(
  (path) => kernelOf(path) !== undefined && scenarioPathOf(path) !== undefined,
);

function kernelOf(path: string): keyof typeof kernels | undefined {
  return KERNELS.findLast((kernel) => path.includes(`/${kernel}/`));
}

/** Probes that one recording had and another had not are no difference between kernels. */
const UNSEEN = /never shows it: not there, inlined, or not probed$/;

test("there are recordings", (t) => t.true(paths.length > 100, `${paths.length}`));

for (const path of paths) {
  test.serial(nameOf(path), async (t) => {
    const scenario = (await scenarioFor(path))!;
    const { output, ending, recording } = simulate(kernels[kernelOf(path)!], scenario);
    t.deepEqual(seen(output, scenario), seen(outOf(path), scenario));
    t.is(ending.type, "finished");
    const said = await replayRecording(recording);
    t.deepEqual(said.findings, []);
    t.is(said.counts.unexplained, 0);
    t.is(said.missing.total, 0);
    if (isThreaded(scenario)) return;
    const { differences } = await diff(recording, path);
    t.deepEqual(
      differences.filter(({ message }) => !UNSEEN.test(message)).map(({ where, message }) => `${where}: ${message}`),
      [],
    );
  });
}
