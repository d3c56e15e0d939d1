/**
 * Tests blocks whose checksums are right and whose contents no reader could have produced: reported as damaged, and
 * never yielded.
 */
import test from "ava";
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import { DamagedError } from "../../../src/log/file/bytes.js";
import { EventsDecoder } from "../../../src/log/file/decode.js";
import { EventsEncoder } from "../../../src/log/file/encode.js";
import { type BlockHeader, decodeBlockHeader, encodeBlockHeader, HASH_BYTES } from "../../../src/log/file/format.js";
import { schemaOf, upcasts } from "../../../src/log/file/schema.js";
import { createTables } from "../../../src/log/tables.js";
import { ReadReport } from "../../../src/read/report.js";
import { line, PLAIN, read } from "../../read/helpers.js";
import { inBatches } from "./helpers.js";

const { kept, tables } = inBatches("fixtures/recordings/linux-7.2/s17-exit-with-open-fds.trace.gz", 100);
const BATCH = kept[0]!;
const HEADER: BlockHeader = {
  kind: "events",
  length: 0,
  events: BATCH.length,
  firstSeq: 1,
  timeHigh: 5,
  timeLow: 0,
  schema: 0,
  previous: Buffer.alloc(HASH_BYTES),
  synced: 0,
  payloadCrc: 0,
};

function decoded(changed: Partial<Batch>): Batch {
  const batch = { ...BATCH, ...changed };
  const { payload } = new EventsEncoder(points, tables).encode(batch);
  return new EventsDecoder(upcasts(schemaOf(points), points), createTables()).decode(HEADER, payload);
}

/** Returns a column with another value at event 3. */
function changed<Column extends Float64Array | Uint32Array | Uint16Array>(column: Column, value: number): Column {
  const copy = column.slice() as Column;
  copy[3] = value;
  return copy;
}

test("a block of nothing odd is read", (t) => {
  t.is(decoded({}).length, BATCH.length);
});

test("times, lines, tasks, names and losses that cannot be are damage", (t) => {
  const long = tables.tasks.internBytes(Buffer.from(`${"x".repeat(300)}-1`), 0, 302);
  const nobody = tables.tasks.internBytes(Buffer.from("rm-1\x006"), 0, 6);
  const loss = { cpu: 0, count: 1, line: 0 };
  for (const [what, batch] of Object.entries({
    "a time before the first": { timeHigh: changed(BATCH.timeHigh, -1) },
    "a nanosecond beyond a second": {
      timeLow: changed(BATCH.timeLow, 2_000_000_001),
      timeHigh: changed(BATCH.timeHigh, 2 ** 45),
    },
    "a line before the first": { line: changed(BATCH.line, -7) },
    "a task without a number": { task: changed(BATCH.task, nobody) },
    "a task with a name that none has": { task: changed(BATCH.task, long) },
    "an unknown event without a name": { point: changed(BATCH.point, 0) },
    "losses out of order": {
      losses: [
        { index: 9, ...loss },
        { index: 3, ...loss },
      ],
    },
    "a loss on no CPU": { losses: [{ index: 9, ...loss, cpu: 99_999 }] },
  }))
    t.throws(() => decoded(batch), { instanceOf: DamagedError }, what);
});

test("a thread group of as many digits as readers take is kept", (t) => {
  const text = line(PLAIN, { tgid: "9999999999", pid: 4294967295 });
  const { batches, tables: own, events } = read(`${text}\n`);
  t.is(events[0]!.tgid, 9_999_999_999);
  const { payload } = new EventsEncoder(points, own).encode(batches[0]!);
  const again = createTables();
  const batch = new EventsDecoder(upcasts(schemaOf(points), points), again).decode({ ...HEADER, events: 1 }, payload);
  t.deepEqual(again.tasks.get(batch.task[0]!), own.tasks.get(batches[0]!.task[0]!));
});

test("arguments that an event does not have are not said to be missing", (t) => {
  const { fault, point } = decoded({ fault: changed(BATCH.fault, 0xffff) });
  t.is(fault[3], (1 << points.points[point[3]!]!.args.length) - 1);
});

test("a block whose latest time is none is no block", (t) => {
  t.truthy(decodeBlockHeader(encodeBlockHeader(HEADER)));
  for (const timeHigh of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 60])
    t.is(decodeBlockHeader(encodeBlockHeader({ ...HEADER, timeHigh })), undefined);
  t.is(decodeBlockHeader(encodeBlockHeader({ ...HEADER, timeLow: 1_000_000_000 })), undefined);
});

test("what a log says of its reading has bounds", (t) => {
  const report = new ReadReport("a.klog");
  const long = "x".repeat(100_000);
  report.restore({
    warnings: Array.from({ length: 10_000 }, () => long),
    firstSkipped: Array.from({ length: 10_000 }, (_, line) => ({ line, text: long })),
    skipped: 10_000,
  });
  t.true(report.warnings.length < 5000 && report.warnings.every((warning) => warning.length <= 1000));
  t.deepEqual(
    report.firstSkipped.map(({ text }) => text.length),
    [200, 200, 200, 200, 200],
  );
});
