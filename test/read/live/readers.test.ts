/** Tests that a recording followed in pieces, cut at any byte and flushed at any moment, reads the same as a whole. */
import { printed } from "../../support/recordings.js";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { ndjsonText } from "../../../src/export/ndjson.js";
import type { Batch } from "../../../src/log/batch.js";
import { eventAt, type KernelEvent } from "../../../src/log/event.js";
import { createTables } from "../../../src/log/tables.js";
import { detectFormat } from "../../../src/read/detect.js";
import type { TextFormat } from "../../../src/read/formats.js";
import { readerOf } from "../../../src/read/readers.js";
import { openRecording } from "../../../src/read/recording.js";
import { type Recorded, ReadReport } from "../../../src/read/report.js";
import { HEAD_BYTES } from "../../../src/read/source.js";
import type { StreamReader } from "../../../src/read/stream-reader.js";
import { replayRecording } from "../../../src/replay/replay.js";
import { line, PLAIN, text } from "../helpers.js";
import { bpftraceLines, perfScript, traceCmdReport } from "../printed.js";
import { ftrace, partsOf, readAs } from "../text.js";

/** So many bytes, and the number of flushes before the next. */
type Cut = readonly [bytes: number, flushes: number];

function recorded(format: TextFormat, bytes: Buffer, read: (reader: StreamReader) => Iterable<Batch>): Recorded {
  const tables = createTables();
  const report = new ReadReport("a recording");
  return {
    id: "",
    origin: { path: "a recording", format },
    tables,
    report,
    async *batches() {
      yield* read(readerOf(format, { beginning: bytes.subarray(0, HEAD_BYTES), points, tables, report }));
    },
    close: async () => {},
  };
}

const whole = (format: TextFormat, bytes: Buffer): Recorded =>
  recorded(format, bytes, function* (reader) {
    yield* reader.push(bytes);
    yield* reader.end();
  });

const followed = (format: TextFormat, bytes: Buffer, cuts: readonly Cut[]): Recorded =>
  recorded(format, bytes, function* (reader) {
    let at = 0;
    for (const [size, flushes] of cuts) {
      yield* reader.push(bytes.subarray(at, (at += size)));
      for (let k = 0; k < flushes; k++) yield* reader.flush();
    }
    yield* reader.push(bytes.subarray(at));
    yield* reader.end();
  });

async function documentOf(recording: Recorded): Promise<object> {
  const { report } = recording;
  const document = printed(await replayRecording(recording));
  return {
    document,
    lines: report.lines,
    continuations: report.continuations,
    comments: report.comments,
    control: report.control,
    blank: report.blank,
    malformed: report.malformed,
  };
}

async function eventsOf(recording: Recorded): Promise<KernelEvent[]> {
  const events: KernelEvent[] = [];
  for await (const batch of recording.batches())
    for (let i = 0; i < batch.length; i++) events.push(eventAt(batch, i, points, recording.tables));
  return events;
}

const unzip = (path: string): Buffer => gunzipSync(readFileSync(`fixtures/recordings/${path}`));
const BROKEN = "broken/leak-module-on-error/s09-enfile.trace.gz";

async function ndjson(): Promise<Buffer> {
  const recording = await openRecording(`fixtures/recordings/${BROKEN}`);
  const pieces: string[] = [];
  for await (const piece of ndjsonText(recording)) pieces.push(piece);
  return Buffer.from(pieces.join(""));
}

const broken = unzip(BROKEN);
const parts = partsOf(broken);
const RECORDINGS: Readonly<Record<string, () => Buffer | Promise<Buffer>>> = {
  ftrace: () => broken,
  "ftrace, a race": () => unzip("race/linux-7.2-close-rmmod.trace.gz"),
  "perf script": () =>
    Buffer.from(parts.map((p) => `${perfScript("comm,tid,cpu,time,event,trace", p)}\n`).join(""), "latin1"),
  "trace-cmd report": () => Buffer.from(parts.map((p) => `${traceCmdReport("f", p)}\n`).join(""), "latin1"),
  bpftrace: () => Buffer.from(bpftraceLines(readAs(ftrace, broken).events)),
  function_graph: () => unzip("function-graph/linux-7.2-s04-bind-unbind.gz"),
  "an export": ndjson,
};

const cutsOf = (most: number): fc.Arbitrary<Cut[]> =>
  fc.array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: most })),
      fc.integer({ min: 0, max: 2 }),
    ),
    { minLength: 1, maxLength: 60 },
  );

for (const [name, make] of Object.entries(RECORDINGS)) {
  test(`${name}: followed in pieces it comes to the same document`, async (t) => {
    const bytes = await make();
    const format = detectFormat(bytes.subarray(0, HEAD_BYTES), "a recording") as TextFormat;
    const expected = await documentOf(whole(format, bytes));
    await fc.assert(
      fc.asyncProperty(cutsOf(Math.ceil(bytes.length / 10)), async (cuts) => {
        t.deepEqual(await documentOf(followed(format, bytes, cuts)), expected);
      }),
      { numRuns: 12 },
    );
  });
}

const lines = fc.constantFrom(
  line(PLAIN),
  line("tracing_mark_write: op: gmem"),
  line('try_module_get: (try_module_get+0x4/0x20) module=0xffffffffa0000000 name="a'),
  'b" refcnt=1 state=0',
  "more of a text",
  "",
  "CPU:1 [LOST 5 EVENTS]",
  "##### CPU 1 buffer started ####",
  "     a",
  "# tracer: nop",
  line("nobody_knows: this"),
);
const texts = fc.array(lines, { minLength: 1, maxLength: 20 }).map((all) => Buffer.from(text(...all)));

test("any text: while bytes come between two flushes, no event is cut short", async (t) => {
  await fc.assert(
    fc.asyncProperty(texts, cutsOf(80), async (bytes, cuts) => {
      const once = cuts.map(([size, flushes]): Cut => [size, Math.min(1, flushes)]);
      t.deepEqual(await eventsOf(followed("ftrace", bytes, once)), await eventsOf(whole("ftrace", bytes)));
      t.deepEqual(await documentOf(followed("ftrace", bytes, cuts)), await documentOf(whole("ftrace", bytes)));
    }),
  );
});

test("a flush hands over all but the event whose rest may follow; the next one that too", (t) => {
  const report = new ReadReport();
  const reader = readerOf("ftrace", { beginning: Buffer.alloc(0), points, tables: createTables(), report });
  const create = 'kern_mount: (kern_mount+0x4/0x30) type=0xffffffffc0001000 name="kvm"';
  const [broken, rest] = [line(PLAIN).replace(/ dentry=.*/, ""), " dentry=0x8\n"];
  const lengths = (): number[] => reader.flush().map((batch) => batch.length);
  t.deepEqual(reader.push(Buffer.from(text(line(create), broken))), []);
  const [first] = reader.flush();
  t.deepEqual([first!.length, first!.strings], [1, ["kvm"]]);
  // It looks like the beginning of a task's name that continues in the next line, and is held for that.
  t.deepEqual(reader.push(Buffer.from(rest)), []);
  t.deepEqual(reader.flush(), []);
  t.deepEqual(reader.push(Buffer.from(text(line(create)))), []);
  const [mended] = reader.flush();
  t.deepEqual([mended!.firstSeq, mended!.length, mended!.fault[0], mended!.line[0]], [2, 2, 0, 2]);
  t.is(report.continuations, 1);
  // Nothing came since the last time: what is missing does not come any more.
  t.deepEqual(reader.push(Buffer.from(text(broken))), []);
  t.deepEqual(lengths(), []);
  t.deepEqual(lengths(), [1]);
  t.deepEqual(reader.push(Buffer.from(rest)), []);
  t.deepEqual(
    reader.end().map((batch) => batch.length),
    [],
  );
  t.is(report.skipped, 1);
});

test("a flush hands over all but the marker whose text may go on; the next one that too", (t) => {
  const report = new ReadReport();
  const reader = readerOf("ftrace", { beginning: Buffer.alloc(0), points, tables: createTables(), report });
  t.deepEqual(reader.push(Buffer.from(text(line(PLAIN), line("tracing_mark_write: first")))), []);
  t.deepEqual(
    reader.flush().map((batch) => batch.length),
    [1],
  );
  const [marker] = reader.flush();
  t.is(marker!.firstSeq, 2);
  t.deepEqual(marker!.strings, ["first"]);
  t.deepEqual(reader.push(Buffer.from("second\n")), []);
  t.deepEqual(reader.flush(), []);
  t.is(report.continuations, 1);
});

for (const format of ["ftrace", "perf-script", "ndjson"] as const) {
  test(`${format}: a new start is a loss behind the last event, and lines are counted anew`, async (t) => {
    const bytes =
      format === "ftrace" ? broken : format === "ndjson" ? await ndjson() : await RECORDINGS["perf script"]!();
    const recording = recorded(format, bytes, function* (reader) {
      yield* reader.push(bytes.subarray(0, bytes.length >> 1));
      yield* reader.restart();
      yield* reader.push(bytes);
      yield* reader.end();
    });
    const { batches } = recording;
    const losses: number[] = [];
    const expected = await replayRecording(whole(format, bytes));
    const result = await replayRecording({
      ...recording,
      async *batches() {
        for await (const batch of batches()) {
          losses.push(...batch.losses.map(({ index }) => batch.firstSeq + index));
          yield batch;
        }
      },
    });
    const again = result.trace.events - expected.trace.events;
    t.true(again > 500, String(again));
    t.deepEqual(losses, [again + 1]);
    t.true(recording.report.uncountedLoss);
    t.is(result.findings.at(-1)!.event, expected.findings.at(-1)!.event + again);
    t.is(result.findings.at(-1)!.line, expected.findings.at(-1)!.line);
  });
}
