/**
 * Files that end without close(2), and files that nobody may run, recorded: the simulated kernel does what the
 * real one did.
 */
import test from "ava";
import { diff } from "../../src/compare/diff.js";
import { kernels } from "../../src/kernels/index.js";
import { replayRecording } from "../../src/replay/replay.js";
import { simulate } from "../../src/workload/simulate.js";
import { HEALTHY, nameOf, outOf, recordingsOf } from "../support/recordings.js";
import { scenarioFor } from "../support/scenarios.js";
import { seen } from "../support/simulated.js";

/** Probes that one of the two had and the other had not are no difference. */
const UNSEEN = /never shows it: not there, inlined, or not probed$/;

test("there are recordings of each kernel that a Debian release has", (t) => {
  for (const kernel of ["linux-6.12", "linux-6.18", "linux-7.2", "linux-7.3"])
    t.true(recordingsOf(`odd-closes/${kernel}`).length > 10, kernel);
});

for (const path of recordingsOf("odd-closes", "noexec")) {
  const kernel = HEALTHY.find((name) => path.includes(`/${name}/`));
  if (!kernel) continue;
  test.serial(nameOf(path), async (t) => {
    const scenario = (await scenarioFor(path))!;
    const { output, ending, recording } = simulate(kernels[kernel], scenario);
    t.deepEqual(seen(output, scenario), seen(outOf(path), scenario));
    t.is(ending.type, "finished");
    const said = await replayRecording(recording);
    t.deepEqual(said.findings, []);
    t.is(said.counts.unexplained, 0);
    t.is(said.missing.total, 0);
    const { differences } = await diff(recording, path);
    t.deepEqual(
      differences.filter(({ message }) => !UNSEEN.test(message)).map(({ where, message }) => `${where}: ${message}`),
      [],
    );
  });
}
