/**
 * Minimised recordings of broken kernels, for every rule: each replays to the same finding and to no error that the
 * whole does not have, in the recording's own lines; cannot be reduced; and stays the same when minimised again.
 */
import test from "ava";
import { subjectOf } from "../../src/minimise/watch.js";
import { written } from "../../src/minimise/written.js";
import { replay } from "../../src/replay/replay.js";
import { nameOf, recordingsOf, replayed } from "../support/recordings.js";
import { findingsOf, inMemory, minimised, operationsOf, saying, spareUnits } from "./results.js";

const MOST = 5;

for (const [path, rule] of await findingsOf(recordingsOf("broken", "race", "mistakes"), MOST)) {
  test(`${nameOf(path)}: ${rule}`, async (t) => {
    const result = await minimised(path, { rule, nth: 1 });
    t.true(result.minimal);
    const whole = await replayed(path);
    const own = await written(result, undefined, path);
    t.true(own.own);
    const text = own.text.toString("latin1");

    const left = await replay("-", { input: inMemory(text) });
    t.is(left.trace.events, result.excerpt.batch.length);
    t.true([...left.findings, ...left.hazards].some((f) => saying(f) === saying(result.finding)));
    const errors = new Set(whole.findings.map((f) => `${f.rule} ${f.object.replace(/#\d+/, "")}`));
    for (const found of left.findings)
      t.true(errors.has(`${found.rule} ${found.object.replace(/#\d+/, "")}`), saying(found));

    t.deepEqual(spareUnits(result), []);

    const again = await minimised(inMemory(text), { rule, nth: 1 });
    t.deepEqual(operationsOf(again), operationsOf(result));
    t.is(again.shown.message, result.shown.message);
  });
}

test("a subject is the same whatever life at an address it is, and whatever the events are numbered", (t) => {
  const told = (object: string, event: number) => ({
    finding: {
      rule: "use-after-free",
      severity: "error",
      object,
      event,
      time: "",
      task: "",
      message: "",
      evidence: [],
      steps: [],
    } as const,
    anchor: event,
    at: event,
  });
  t.is(
    subjectOf(told("inode 0xff10#3", 1402), (event) => event),
    subjectOf(told("inode 0xff10", 7), () => 1402),
  );
});
