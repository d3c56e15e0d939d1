/**
 * Tests that an export as NDJSON reads back as the same batches, exports as the same text, and replays to the same
 * verdicts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { ndjsonText } from "../../../src/export/ndjson.js";
import type { Batch } from "../../../src/log/batch.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { NdjsonReader } from "../../../src/read/ndjson/index.js";
import { ReadReport, type Recorded } from "../../../src/read/report.js";
import { TroubleError } from "../../../src/base/trouble.js";
import { openRecording } from "../../../src/read/recording.js";
import { replay } from "../../../src/replay/replay.js";
import { collected, contentOf, keptRecording, MadeRecording, madeRecordings } from "../../export/logs.js";
import { folderOf, inBatches, readBack, write } from "../../log/file/helpers.js";
import { isAccounted, recordings } from "../helpers.js";
import { same } from "../../support/same.js";

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);
/** Every SAMPLE-th recording is tested, and some that are replayed as well. */
const SAMPLE = 7;
const REPLAYED = ["broken/leak-module-on-error/s09-enfile", "race/linux-7.2-close-rmmod", "linux-7.2/s04-bind-unbind"];

interface Reading {
  readonly batches: readonly Batch[];
  readonly tables: Tables;
  readonly report: ReadReport;
}

function read(text: string | Buffer, { chunk = Infinity, batchEvents = 8192 } = {}): Reading {
  const bytes = Buffer.from(text);
  const tables = createTables();
  const report = new ReadReport("test");
  const reader = new NdjsonReader(points, tables, report, batchEvents);
  const batches: Batch[] = [];
  for (let p = 0; p < bytes.length; p += chunk)
    batches.push(...reader.push(bytes.subarray(p, Math.min(bytes.length, p + chunk))));
  batches.push(...reader.end());
  return { batches, tables, report };
}

const contents = ({ batches, tables }: Pick<Reading, "batches" | "tables">): unknown[] =>
  batches.map((batch) => contentOf(batch, tables));

/** Returns the same recording, read from its export. */
function reread(reading: Reading): Recorded {
  return Object.assign(new MadeRecording(reading.batches, reading.tables), { report: reading.report });
}

for (const path of [
  ...recordings().filter((_, k) => k % SAMPLE === 0),
  "fixtures/recordings/trace-dat/more/lossy.v6.dat.gz",
  "fixtures/recordings/trace-dat/more/counter.v6.dat.gz",
]) {
  test(`${path}: exported and read back, the same batches and the same text`, async (t) => {
    const recording = await keptRecording(path);
    const text = await collected(ndjsonText(recording));
    const reading = read(text);
    same(t, contents(reading), contents({ batches: recording.kept, tables: recording.tables }));
    t.true(isAccounted(reading.report));
    t.deepEqual([reading.report.skipped, reading.report.malformed, reading.report.warnings], [0, 0, []]);
    t.deepEqual(
      [reading.report.lost, reading.report.uncountedLoss, reading.report.clock],
      [recording.report.lost, recording.report.uncountedLoss, recording.report.clock],
    );
    t.true((await collected(ndjsonText(reread(reading)))) === text);
  });
}

for (const name of REPLAYED) {
  test(`${name}: the export replays as the recording does, recognised by its content`, async (t) => {
    const path = `fixtures/recordings/${name}.trace.gz`;
    const text = await collected(ndjsonText(await openRecording(path)));
    const input = (async function* () {
      yield Buffer.from(text);
    })();
    const [expected, got] = [await replay(path), await replay("-", { input })];
    t.is(got.trace.format, "ndjson");
    t.deepEqual({ ...got.trace, path: "", format: "" }, { ...expected.trace, path: "", format: "" });
    for (const what of ["objects", "operations", "findings", "hazards", "rules", "counts", "missing"] as const)
      same(t, got[what], expected[what], what);
    t.true(got.findings.length > 0 || name.startsWith("linux"));
  });
}

test("any log at all is the same when it comes back, whatever its names, values and pieces", async (t) => {
  await fc.assert(
    fc.asyncProperty(madeRecordings, fc.integer({ min: 1, max: 2000 }), async (recording, chunk) => {
      const text = await collected(ndjsonText(recording));
      const reading = read(text, { chunk, batchEvents: 16 });
      same(t, contents(reading), contents({ batches: recording.kept, tables: recording.tables }));
      t.deepEqual(reading.report.warnings, []);
      t.deepEqual([reading.report.skipped, reading.report.malformed], [0, 0]);
      t.is(await collected(ndjsonText(reread(reading))), text);
      // eslint-disable-next-line no-control-regex
      t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("damage is skipped and told, and never more than that", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      madeRecordings,
      fc.nat(),
      fc.nat({ max: 200 }),
      fc.string({ maxLength: 20 }),
      async (recording, at, length, put) => {
        const text = await collected(ndjsonText(recording));
        const from = at % text.length;
        const damaged = text.slice(0, from) + put + text.slice(from + length);
        try {
          t.true(isAccounted(read(damaged).report));
        } catch (error) {
          // A version that does not exist yet.
          t.true(error instanceof TroubleError, String(error));
        }
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
});

const EVENT = {
  seq: 1,
  time: "1.000001",
  cpu: 0,
  comm: "a",
  pid: 7,
  tgid: null,
  context: "task",
  line: 3,
  place: null,
  operation: "dput",
  phase: "entry",
  args: { dentry: "0xffff888000000001" },
};
const HEAD =
  '{"kreel":"events","version":1,"origin":{"path":"x","format":"ftrace"},"clock":{"kind":"seconds","digits":6}}';
const END = (events: number): string => `{"end":{"events":${events},"lost":0,"overrun":0,"uncounted":false}}`;
const document = (...events: readonly unknown[]): string =>
  [HEAD, ...events.map((e) => JSON.stringify(e)), END(events.length), ""].join("\n");

test("lines that were taken out are events that were lost", (t) => {
  const { batches, report } = read(document(EVENT, { ...EVENT, seq: 5, time: "1.000002" }));
  t.deepEqual(batches[0]!.losses, [{ index: 1, cpu: 65535, count: 3, line: 3 }]);
  t.is(report.lost, 3);
});

test("events that a damaged log lost are lost once when it is exported", async (t) => {
  const folder = folderOf(t);
  const path = join(folder, "a.klog");
  await write(path, inBatches("fixtures/recordings/linux-7.2/s17-exit-with-open-fds.trace.gz", 200));
  const bytes = readFileSync(path);
  const log = LogFile.open(path);
  const blocks = log.blocks.filter(({ kind }) => kind === "events");
  log.close();
  for (const { at } of blocks.slice(1, 4)) bytes[at + 200]! ^= 1;
  writeFileSync(path, bytes);
  const damaged = await openRecording(path);
  const { report, batches } = read(await collected(ndjsonText(damaged)));
  t.is(damaged.report.lost, 600);
  t.deepEqual([report.lost, report.events, report.uncountedLoss], [600, damaged.report.events, false]);
  t.deepEqual(
    batches.flatMap(({ losses }) => losses.map(({ cpu, count }) => [cpu, count])),
    [
      [65535, 200],
      [65535, 200],
      [65535, 200],
    ],
  );
});

test("lines and times that no file has are none, and what is read can be kept in a log", async (t) => {
  const far = 2 ** 53 - 1;
  const { batches, tables, report } = read(
    document(
      { ...EVENT, line: far },
      { ...EVENT, seq: 2, line: 3 },
      { ...EVENT, seq: 3, line: far },
      { ...EVENT, seq: 4, time: "9007199254740993.000001" },
    ),
  );
  t.deepEqual([...batches[0]!.line], [0, 3, 0]);
  t.is(report.skipped, 1);
  const path = join(folderOf(t), "a.klog");
  await write(path, { kept: batches, tables });
  t.deepEqual([readBack(path).damage, readBack(path).lost], [[], 0]);
});

test("a file that was cut off says so", (t) => {
  t.deepEqual(read(document(EVENT)).report.warnings, []);
  const { report } = read(`${HEAD}\n${JSON.stringify(EVENT)}\n`);
  t.true(report.truncated);
  t.regex(report.warnings.join(), /cut off/);
});

test("an operation of a newer catalogue is an unknown event, an argument that is not there a fault", (t) => {
  const { batches, report } = read(
    document({ ...EVENT, operation: "new_operation", phase: "return", args: { x: 1 } }, { ...EVENT, seq: 2, args: {} }),
  );
  t.deepEqual(batches[0]!.unknown.get(0), { name: "new_operation_ret", text: '{"x":1}' });
  t.is(batches[0]!.fault[1], 1);
  t.is(report.malformed, 1);
});

test("a newer version of the format is refused", (t) => {
  t.throws(() => read(HEAD.replace('"version":1', '"version":2')), { instanceOf: TroubleError, message: /version 2/ });
});

test("what is no event is skipped: wrong types, arrays, nesting, lines without end", (t) => {
  const lines = [
    "[]",
    "null",
    "1",
    '"x"',
    "{}",
    '{"seq":"1"}',
    '{"seq":1,"time":1}',
    JSON.stringify({ ...EVENT, cpu: 70000 }),
    // Of the first event too: a task that is not named is none.
    JSON.stringify({ ...EVENT, comm: undefined, pid: undefined, tgid: undefined }),
    JSON.stringify({ ...EVENT, comm: undefined }),
    JSON.stringify({ ...EVENT, pid: -1 }),
    JSON.stringify({ ...EVENT, pid: 10_000_000_000 }),
    JSON.stringify({ ...EVENT, pid: "12345678901" }),
    JSON.stringify({ ...EVENT, comm: 1 }),
    JSON.stringify({ ...EVENT, comm: "x".repeat(100_000) }),
    JSON.stringify({ ...EVENT, time: "1.0000000001" }),
    '{"lost":-1,"cpu":0}',
    '{"end":1}',
    "{".repeat(1000),
    `"${"x".repeat(9 << 20)}"`,
  ];
  const { report } = read([HEAD, ...lines, END(0)].join("\n"));
  t.is(report.skipped, lines.length);
  t.is(report.events, 0);
});
