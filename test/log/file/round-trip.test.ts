/** Tests that events written into a log read back the same, from its start and from anywhere. */
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { importRecording } from "../../../src/read/import.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogReader } from "../../../src/log/file/log-reader.js";
import { createTables } from "../../../src/log/tables.js";
import { exactTime } from "../../../src/log/time.js";
import { replay } from "../../../src/replay/replay.js";
import { contentOf, keptRecording, madeRecordings } from "../../export/logs.js";
import { recordings } from "../../read/helpers.js";
import { contents, folderOf, readBack, write } from "./helpers.js";
import { same } from "../../support/same.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 150);
/** Every SAMPLE-th recording is tested, and some that are replayed as well. */
const SAMPLE = 13;
const REPLAYED = [
  "broken/leak-module-on-error/s09-enfile.trace.gz",
  "race/linux-7.2-close-rmmod.trace.gz",
  "linux-7.2/s04-bind-unbind.trace.gz",
  "trace-dat/more/lossy.v6.dat.gz",
  "trace-dat/more/counter.v6.dat.gz",
];

for (const path of [
  ...recordings().filter((_, k) => k % SAMPLE === 0),
  "fixtures/recordings/trace-dat/more/lossy.v6.dat.gz",
  "fixtures/recordings/trace-dat/more/counter.v6.dat.gz",
]) {
  test(`${path}: written and read back, the same batches`, async (t) => {
    const recording = await keptRecording(path);
    const log = join(folderOf(t), "a.klog");
    await write(log, recording);
    const back = readBack(log);
    same(t, contents(back), contents({ batches: recording.kept, tables: recording.tables }));
    t.deepEqual([back.damage, back.tail, back.lost], [[], undefined, 0]);
  });
}

for (const name of REPLAYED) {
  test(`${name}: the log replays as the recording does`, async (t) => {
    const path = `fixtures/recordings/${name}`;
    const log = join(folderOf(t), "a.klog");
    const imported = await importRecording(path, log);
    const [expected, got] = [await replay(path), await replay(log)];
    t.is(got.trace.format, "kreel-log");
    t.is(imported.events, expected.trace.events);
    t.deepEqual({ ...got.trace, path: "", format: "" }, { ...expected.trace, path: "", format: "" });
    for (const what of ["objects", "operations", "findings", "hazards", "rules", "counts", "missing"] as const)
      same(t, got[what], expected[what], what);
    const { report } = expected.recording;
    t.deepEqual({ ...got.recording.report.saved(), bytes: 0 }, { ...report.saved(), bytes: 0 });
    t.deepEqual(got.recording.report.exportedFrom, { path, format: expected.trace.format });
  });
}

test("any log at all is the same when it comes back, whatever its names, values and pieces", async (t) => {
  const folder = folderOf(t);
  let n = 0;
  await fc.assert(
    fc.asyncProperty(madeRecordings, async (recording) => {
      const log = join(folder, `${n++}.klog`);
      await write(log, recording);
      same(t, contents(readBack(log)), contents({ batches: recording.kept, tables: recording.tables }));
    }),
    { numRuns: RUNS },
  );
});

test("a log is read from any event on, and from the one after any time", async (t) => {
  const recording = await keptRecording("fixtures/recordings/churn/linux-7.2.trace.gz");
  const log = join(folderOf(t), "a.klog");
  await write(log, recording);
  const file = LogFile.open(log);
  t.teardown(() => file.close());
  const reader = new LogReader(file, createTables());
  const events = file.events;
  t.is(
    events,
    recording.kept.reduce((sum, batch) => sum + batch.length, 0),
  );
  const times = recording.kept.flatMap(({ length, timeHigh, timeLow }) =>
    Array.from({ length }, (_, i) => exactTime(timeHigh[i]!, timeLow[i]!)),
  );
  for (const seq of [1, 2, 8192, 8193, 8194, 40_000, events - 1, events]) {
    const [first] = reader.batches(seq);
    t.true(first!.firstSeq <= seq && seq < first!.firstSeq + first!.length);
    const original = recording.kept.find(({ firstSeq, length }) => firstSeq + length > seq)!;
    same(t, contentOf(first!, reader.tables), contentOf(original, recording.tables));
    for (const time of [times[seq - 1]!, times[seq - 1]! - 1n])
      t.is(reader.after(time), times.findIndex((other) => other > time) + 1 || events + 1);
  }
  t.deepEqual([...reader.batches(events + 1)], []);
});

test("a scan finds each event of an operation and no other", async (t) => {
  const recording = await keptRecording("fixtures/recordings/churn/linux-7.2.trace.gz");
  const log = join(folderOf(t), "a.klog");
  await write(log, recording);
  const file = LogFile.open(log);
  t.teardown(() => file.close());
  const reader = new LogReader(file, createTables());
  for (const names of [
    ["iput"],
    ["alloc_file_pseudo_noaccount", "__fput"],
    ["kern_mount_ret"],
    ["no_such_operation"],
  ]) {
    const wanted = new Set(names);
    const expected = recording.kept.flatMap(({ firstSeq, length, point }) =>
      Array.from({ length }, (_, i) => firstSeq + i).filter((seq) =>
        wanted.has(points.points[point[seq - firstSeq]!]?.event ?? ""),
      ),
    );
    t.deepEqual(
      [...reader.scan(wanted)].flatMap(({ entry, indexes }) => [...indexes].map((i) => entry.firstSeq + i)),
      expected,
      names.join(),
    );
    const having = recording.kept.filter(({ point, length }) =>
      point.slice(0, length).some((id) => wanted.has(points.points[id]?.event ?? "")),
    );
    t.deepEqual(
      Array.from(reader.having(wanted), ({ firstSeq, length }) => [firstSeq, length]),
      having.map(({ firstSeq, length }) => [firstSeq, length]),
      names.join(),
    );
  }
});
