/**
 * Tests that the facts in a recording's head are kept when it is written in another form: they are part of the
 * recording.
 */
import test from "ava";
import fc from "fast-check";
import { ndjsonText } from "../../src/export/ndjson.js";
import { createTables } from "../../src/log/tables.js";
import { openRecording } from "../../src/read/recording.js";
import { ReadReport, type Recorded } from "../../src/read/report.js";
import { replayRecording } from "../../src/replay/replay.js";
import { ftraceText, ftraceTextOf } from "../../src/write/ftrace.js";
import { recordingsOf } from "../support/recordings.js";
import { collected } from "../export/logs.js";

/** Recordings with an overrun, with remarks, of several CPUs; and one whose format has no such header. */
const HEADED = [
  "fixtures/recordings/trace-dat/more/lossy.v6.dat.gz",
  ...recordingsOf("partial", "recorded").filter((path) => /overrun|pipe|s09/.test(path)),
];

function ofText(text: string): Promise<Recorded> {
  const input = (async function* () {
    yield Buffer.from(text);
  })();
  return openRecording("-", { input });
}

async function headOf(recording: Recorded): Promise<Pick<ReadReport, "overrun" | "entries" | "environment">> {
  await replayRecording(recording);
  const { overrun, entries, environment } = recording.report;
  return { overrun, entries, environment };
}

for (const path of HEADED) {
  test(`as ftrace text and as NDJSON, the head says the same: ${path}`, async (t) => {
    const before = await headOf(await openRecording(path));
    const recording = await openRecording(path);
    const text = await collected(ftraceTextOf(recording.batches(), recording.tables, { report: recording.report }));
    const after = await headOf(await ofText(text));
    t.deepEqual({ ...after, entries: before.entries && after.entries }, before);
    t.deepEqual(await headOf(await ofText(await collected(ndjsonText(await openRecording(path))))), before);
  });
}

test("of those some were overwritten, some have remarks", async (t) => {
  const heads = await Promise.all(HEADED.map(async (path) => headOf(await openRecording(path))));
  t.true(heads.some(({ overrun, entries }) => overrun > 1000 && entries?.cpus === 2));
  t.true(heads.some(({ environment }) => environment.some(({ name }) => name === "refused")));
  t.true(heads.some(({ overrun, entries }) => overrun > 0 && entries === undefined));
});

test("property: remarks of any text are comments, read back as one line each", async (t) => {
  const remark = fc.record({
    name: fc.oneof(fc.constantFrom("release", "refused", "stands-in"), fc.string({ maxLength: 40 })),
    text: fc.oneof(
      fc.constantFrom("a-1 [000] ..... 1.000000: iput: x", "# tracer: function_graph", " latency trace v1"),
      fc.string({ maxLength: 80, unit: "grapheme" }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(remark, { maxLength: 6 }), async (environment) => {
      const report = new ReadReport();
      for (const { name, text } of environment) report.remark(name, text);
      const text = [...ftraceText([], createTables(), { report })].join("");
      const recording = await ofText(text);
      for await (const batch of recording.batches()) if (batch.length > 0) throw new Error(text);
      const names = environment.filter(({ name }) => /^[a-z][a-z-]{0,31}$/.test(name)).map(({ name }) => name);
      t.deepEqual(
        recording.report.environment.map(({ name }) => name),
        names,
      );
      t.is(recording.report.tracer, "nop");
      t.is(recording.report.comments, recording.report.lines);
    }),
    { numRuns: 100 },
  );
});
