/** Tests the probes of a recording: those that it shows, and no others. */
import test from "ava";
import fc from "fast-check";
import { catalogue, points } from "../../events/index.js";
import { probeFile } from "../../events/probe-file.js";
import { probesOf } from "../../src/export/kprobe-events.js";
import { openRecording } from "../../src/read/recording.js";
import { textEvents } from "../support/recordings.js";
import { madeRecordings } from "./logs.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 300);
const PATHS = [
  "linux-6.12/s01-create-close",
  "linux-7.2/s04-bind-unbind",
  "mistakes/unbind-no-fput/wide/s04-bind-unbind",
].map((name) => `fixtures/recordings/${name}.trace.gz`);

for (const path of PATHS) {
  test(`${path}: a probe for every event that it shows`, async (t) => {
    const { text, unknown } = await probesOf(await openRecording(path));
    const lines = text.split("\n").slice(0, -1);
    const all = new Set(probeFile(catalogue).split("\n"));
    t.true(lines.every((line) => all.has(line)));
    t.is(new Set(lines).size, lines.length);
    const probed = new Set(lines.map((line) => /^[pr]:gmem\/(\S+) /.exec(line)![1]!));
    const names = new Set(textEvents(path).map((event) => event.name));
    for (const name of names) if (points.byEvent(name)?.operation.probe === "kprobe") t.true(probed.has(name), name);
    // It has no probe of an operation without an entry and without a return.
    for (const name of probed)
      t.true(names.has(name) || names.has(`${name}_ret`) || names.has(name.replace(/_ret$/, "")), name);
    t.deepEqual(unknown, []);
  });
}

test("the lines are those of the catalogue, in its order, whatever the log", async (t) => {
  const order = probeFile(catalogue).split("\n");
  await fc.assert(
    fc.asyncProperty(madeRecordings, async (recording) => {
      const { text } = await probesOf(recording);
      const at = text
        .split("\n")
        .slice(0, -1)
        .map((line) => order.indexOf(line));
      t.true(at.every((place, k) => place >= 0 && (k === 0 || place > at[k - 1]!)));
    }),
    { numRuns: RUNS },
  );
  t.pass();
});
