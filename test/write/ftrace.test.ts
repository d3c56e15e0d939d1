/**
 * Tests that written text reads back the same: recordings of real kernels, and events with names that no kernel has.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { BatchBuilder } from "../../src/log/batch-builder.js";
import { eventAt } from "../../src/log/event.js";
import { createTables, type Tables } from "../../src/log/tables.js";
import { ftraceText, ftraceTextOf, type FtraceTextOptions } from "../../src/write/ftrace.js";
import { isAccounted, read, recordings } from "../read/helpers.js";
import { CHARACTER } from "../support/texts.js";

fc.configureGlobal({ includeErrorInReport: true });

const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);
/** Every SAMPLE-th recording: all of them, twice, would take a minute. */
const SAMPLE = 6;

const written = (batches: Iterable<Batch>, tables: Tables, options?: FtraceTextOptions): string =>
  [...ftraceText(batches, tables, options)].join("");

/**
 * Returns all contents of a log that text can have, in plain values; `line` is the file's, and a made-up `place` the
 * writer's.
 */
function contentOf(batches: readonly Batch[], tables: Tables, places = true): unknown[] {
  return batches.flatMap((batch) => {
    const losses = batch.losses.map(({ index, cpu, count }) => ({ before: batch.firstSeq + index, cpu, count }));
    const events = Array.from({ length: batch.length }, (_, i) => {
      const { line: _line, place, ...event } = eventAt(batch, i, points, tables);
      return { ...event, context: batch.context[i]!, digits: batch.timeDigits, ...(places ? { place } : {}) };
    });
    return [...losses, ...events];
  });
}

const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);
const lines = (content: readonly unknown[]): string[] => content.map((event) => JSON.stringify(event, plain)).sort();

/** Writes, reads, and writes again. The events must be the same, and so must the second text. */
function roundTrip(batches: readonly Batch[], tables: Tables, places: boolean, options?: FtraceTextOptions): string {
  const text = written(batches, tables, options);
  const again = read(text);
  const expected = lines(contentOf(batches, tables, places));
  const got = lines(contentOf(again.batches, again.tables, places));
  const at = expected.findIndex((event, k) => event !== got[k]);
  if (at >= 0 || got.length !== expected.length)
    throw new Error(
      `${got.length} of ${expected.length}; wrote ${expected[at]}\nread ${got[at]}\nin ${JSON.stringify(text.slice(0, 3000))}`,
    );
  if (written(again.batches, again.tables, options) !== text)
    throw new Error(`not the same again: ${JSON.stringify(text.slice(0, 3000))}`);
  const { report } = again;
  if (report.skipped + report.malformed > 0 || !isAccounted(report))
    throw new Error(
      `${report.skipped} lines skipped, ${report.malformed} malformed: ${JSON.stringify(text.slice(0, 3000))}`,
    );
  return text;
}

for (const path of recordings().filter((_, k) => k % SAMPLE === 0)) {
  test(`${path}: reads back, and is what the kernel printed`, (t) => {
    const original = gunzipSync(readFileSync(path));
    const { batches, tables } = read(original);
    const text = roundTrip(batches, tables, true);
    // An argument that was not recorded is written as one that could not be read.
    const faults = (lines: string): number => lines.split("(fault)").length;
    if (faults(text) !== faults(original.toString("utf8"))) return t.regex(path, /wide/);
    // Only the interrupt's flag is kept; for a buffer that starts late, only that events are missing.
    const printed = (from: string): string[] =>
      from
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .map((line) => line.replace(/^(.{17}\d+ +\[\d+\] )..(.)..(?= )/, "$1..$2.."));
    const lost = (line: string): boolean => !line.startsWith("CPU:");
    t.deepEqual(printed(text).filter(lost), printed(original.toString("utf8")).filter(lost));
  });
}

test("a marker of empty lines, with something behind them, is written as fast as any", (t) => {
  const tables = createTables();
  const builder = new BatchBuilder(tables.addresses);
  builder.begin(points.byEvent("tracing_mark_write")!.id, tables.tasks.intern("init", 1), 0, 0, 1, 0, 1);
  builder.pushString(`a${"\n".repeat(200_000)}b`);
  t.is(read(written([builder.seal()], tables)).report.skipped, 0);
});

test("a loss of more events than a reader takes digits is as many as it does", (t) => {
  const tables = createTables();
  const builder = new BatchBuilder(tables.addresses);
  builder.loss(65535, Number.MAX_SAFE_INTEGER, 0);
  const { batches, report } = read(written([builder.seal()], tables));
  t.deepEqual(
    batches.flatMap(({ losses }) => losses.map(({ cpu, count }) => [cpu, count])),
    [[65535, 999_999_999_999_999]],
  );
  t.is(report.skipped, 0);
});

test("a recording as the kernel would print it", (t) => {
  const tables = createTables();
  const builder = new BatchBuilder(tables.addresses);
  builder.timeDigits = 6;
  const init = tables.tasks.intern("init", 1);
  const odd = tables.tasks.intern("a b-7 [x]", 4194304);
  let time = 896890000;
  const begin = (event: string, task = init, context = 0, place = ""): void =>
    builder.begin(points.byEvent(event)?.id ?? 0, task, 1, context, 35, (time += 1000), 0, tables.places.intern(place));
  begin("filp_close", init, 0, "filp_close+0x4/0x30");
  builder.pushAddress(0x0583b540, 0xffff8880);
  begin("kvm_gmem_create");
  builder.pushAddress(0x00157000, 0xffffc900);
  builder.pushNumber(0, 0x80000000);
  builder.pushNumber(3, 0);
  begin("kvm_gmem_create_ret", init, 1, "kvm_vm_ioctl+0x900/0x10a0 [kvm] <- kvm_gmem_create");
  builder.pushNumber(-23, -1);
  begin("new_inode_ret", odd, 2);
  builder.pushAddress(0xffffffe9, 0xffffffff);
  builder.loss(3, 12, 0);
  begin("try_module_get", odd, 3);
  builder.pushAddress(0, 0);
  builder.pushFault();
  builder.pushNumber(0, 0);
  builder.pushNumber(0, 0);
  begin("try_module_get", odd, 4);
  builder.pushAddress(0xc022e0c0, 0xffffffff);
  builder.pushString('k"v\u001b[31m\nm');
  builder.pushNumber(2, 0);
  builder.pushNumber(1, 0);
  begin("truncate_inode_pages_range", init, 5);
  builder.pushAddress(0x0497e3c0, 0xffff8880);
  builder.pushNumber(0, 0);
  builder.pushNumber(-1, -1);
  begin("tracing_mark_write", init, 8);
  builder.pushString("op: gmem g v 2M\n  and more");
  begin("mm_filemap_add_to_page_cache");
  for (const value of [0, 10, 0x1a, 0x2b, 4096, 9]) builder.pushNumber(value, 0);
  begin("module_load");
  builder.pushString("kvm");
  builder.pushString("");
  begin("", init);
  builder.unknown("sched_switch", "prev_comm=init ==> next_comm=swapper/1");
  begin("", init);
  builder.unknown("sys_openat", "sys_openat(dfd: ffffff9c, filename: 7ffd)");
  begin("", init);
  builder.unknown("function", "vfs_read <-ksys_read");
  builder.loss(0, 0, 0);
  t.is(
    written([builder.seal()], tables, { header: ["simulated: linux-7.2", "seed 1\ntracer: function_graph"] }),
    `# tracer: nop
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
# simulated: linux-7.2
# seed 1
# ~ tracer: function_graph
            init-1       [001] .....    35.896891: filp_close: (filp_close+0x4/0x30) file=0xffff88800583b540
            init-1       [001] .....    35.896892: kvm_gmem_create: (kvm_gmem_create+0x0/0x0 [kvm]) kvm=0xffffc90000157000 size=9223372036854775808 flags=0x3
            init-1       [001] ..h..    35.896893: kvm_gmem_create_ret: (kvm_vm_ioctl+0x900/0x10a0 [kvm] <- kvm_gmem_create) fd=-23
       a b-7 [x]-4194304 [001] ..s..    35.896894: new_inode_ret: ([unknown/kretprobe'd] <- new_inode) inode=0xffffffffffffffe9
CPU:3 [LOST 12 EVENTS]
       a b-7 [x]-4194304 [001] ..H..    35.896895: try_module_get: (try_module_get+0x0/0x0) module=0x0 name=(fault) refcnt=0 state=0
       a b-7 [x]-4194304 [001] ..z..    35.896896: try_module_get: (try_module_get+0x0/0x0) module=0xffffffffc022e0c0 name="k"v\u001b[31m
m" refcnt=2 state=1
            init-1       [001] ..Z..    35.896897: truncate_inode_pages_range: (truncate_inode_pages_range+0x0/0x0) mapping=0xffff88800497e3c0 lstart=0 lend=-1
            init-1       [001]     35.896898: tracing_mark_write: op: gmem g v 2M
  and more
            init-1       [001] .....    35.896899: mm_filemap_add_to_page_cache: dev 0:10 ino 1a pfn=0x2b ofs=4096 order=9
            init-1       [001] .....    35.896900: module_load: kvm${" "}
            init-1       [001] .....    35.896901: sched_switch: prev_comm=init ==> next_comm=swapper/1
            init-1       [001] .....    35.896902: sys_openat(dfd: ffffff9c, filename: 7ffd)
            init-1       [001] .....    35.896903: vfs_read <-ksys_read
CPU:0 [LOST EVENTS]
`,
  );
});

const EDGES = [
  0n,
  1n,
  4096n,
  (1n << 31n) - 1n,
  1n << 31n,
  (1n << 32n) - 1n,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  (1n << 64n) - 23n,
  0xffff888100b08000n,
];
const word = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt(0n, (1n << 64n) - 1n));
/** Text that may be taken for something else: headers, ends of strings, losses, short lines. */
const nasty = fc.oneof(
  fc.string({ unit: fc.constantFrom(...' -19[](){}:.,"\\\t\r\n=x#<>a'), maxLength: 15 }),
  fc.string({ unit: CHARACTER, maxLength: 12 }),
  fc.constantFrom(
    "",
    "<idle>",
    "-9",
    "a-9 [1]",
    "-1 [000] 1: e:",
    "x-1 [000] 1: e:",
    "-1 [000] 1: e:\n",
    "\u001b[31mred",
    "任务",
    "#",
    "=> 567890123\nab",
    '"',
    '" refcnt=1',
    '" refcnt=1 state=0',
    "(fault)",
    "a\nb",
    "\n",
    " \n",
    "\n b",
    "\r\n",
  ),
);
const cutTo15 = (name: string): string =>
  [...name].reduce((kept, c) => (Buffer.byteLength(kept + c) <= 15 ? kept + c : kept), "");
const text = fc
  .array(
    fc.oneof(
      nasty,
      fc.constantFrom(
        "\n",
        "\n\n",
        "\nCPU:1 [LOST 5 EVENTS]",
        "\n##### CPU 1 buffer started ####",
        "\n=> x",
        "\n => x",
        "\n# tracer: function_graph",
        "\n ab",
        `\n${" ".repeat(15)}`,
        "\n            init-1       [001] .....     5.112510: dput: (dput+0x4/0x20) dentry=0x0",
        "\n            init-1       [001] .....     5.112510: words and words",
        "\nx-1 [000] 5.0: f <-g",
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(""));

interface Made {
  readonly point: number;
  readonly comm: string;
  readonly pid: number;
  readonly tgid: number | undefined;
  readonly cpu: number;
  readonly context: number;
  readonly high: number;
  readonly low: number;
  readonly place: string;
  readonly values: readonly bigint[];
  readonly texts: readonly string[];
  readonly faults: number;
  readonly unknown: string;
  readonly loss: number | undefined;
}

/** Points that read back with any text: a tracepoint only if the text has its format. */
const readable = points.points.flatMap((point) => (point && point.operation.probe !== "tracepoint" ? [point.id] : []));
const withStrings = readable.filter((id) => points.points[id]!.args.some((arg) => arg.type === "string"));

const made = (comm: fc.Arbitrary<string>, words: fc.Arbitrary<string>): fc.Arbitrary<Made> =>
  fc.record({
    point: fc.oneof(fc.constantFrom(...readable), fc.constantFrom(...withStrings, 0)),
    comm,
    pid: fc.integer({ min: 0, max: 4194304 }),
    tgid: fc.option(fc.integer({ min: 0, max: 4194304 }), { nil: undefined, freq: 3 }),
    cpu: fc.oneof(fc.nat(7), fc.nat(65535)),
    context: fc.constantFrom(0, 1, 2, 3, 4, 5, 8),
    high: fc.nat(99_999_999),
    low: fc.nat(999_999_999),
    place: fc.oneof(fc.constant(""), words),
    values: fc.array(word, { minLength: 16, maxLength: 16 }),
    texts: fc.array(words, { minLength: 2, maxLength: 2 }),
    faults: fc.oneof(fc.constant(0), fc.nat(65535)),
    unknown: fc.constantFrom("sched_switch", "kvm_userspace_exit", "sys_openat", "function"),
    loss: fc.option(fc.nat(1000), { nil: undefined, freq: 5 }),
  });

/** Returns batches of a few events each, whose times have `digits`. */
function batchesFrom(events: readonly Made[], tables: Tables, digits: number, capacity: number): Batch[] {
  const builder = new BatchBuilder(tables.addresses, capacity);
  const batches: Batch[] = [];
  builder.timeDigits = digits;
  for (const e of events) {
    if (builder.full) batches.push(builder.seal());
    if (e.loss !== undefined) builder.loss(e.cpu, e.loss, 0);
    const point = points.points[e.point];
    const place = point?.operation.probe === "kprobe" ? tables.places.intern(e.place) : 0;
    const low = digits === 0 ? e.low : e.low - (e.low % 10 ** (9 - digits));
    builder.begin(e.point, tables.tasks.intern(e.comm, e.pid, e.tgid), e.cpu, e.context, e.high, low, 0, place);
    if (!point) {
      builder.unknown(e.unknown, e.texts[0]!);
      continue;
    }
    point.args.forEach((arg, k) => {
      const value = e.values[k]!;
      const [low32, high32] = [Number(value & 0xffffffffn), Number(value >> 32n)];
      if (((e.faults >> k) & 1) !== 0 && point.operation.probe !== "marker") builder.pushFault();
      else if (arg.type === "string") builder.pushString(e.texts[k % 2]!);
      else if (arg.type === "ptr") builder.pushAddress(low32, high32);
      else builder.pushNumber(low32, high32);
    });
  }
  if (!builder.isEmpty) batches.push(builder.seal());
  return batches;
}

const shape = [fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 5 })] as const;

test("every value of every event reads back, whatever one line holds", (t) => {
  const comm = nasty.map((name) => cutTo15(name.replaceAll("\n", "").trimStart()));
  const words = nasty.map((s) => s.replaceAll(/[\n\r]/g, "§"));
  fc.assert(
    fc.property(fc.array(made(comm, words), { maxLength: 8 }), ...shape, (events, digits, capacity) => {
      const tables = createTables();
      const batches = batchesFrom(
        events.map((e) => ({ ...e, place: e.place.replaceAll(")", "]") })),
        tables,
        digits,
        capacity,
      );
      const places = events.every((e) => e.place !== "");
      roundTrip(batches, tables, places && events.every((e) => points.points[e.point]?.operation.probe === "kprobe"));
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("a text of several lines reads back, or with a mark for what could not", (t) => {
  const known = (s: string): string => s.replaceAll(/[\n\r?["]/g, "?");
  const seen = (batches: readonly Batch[], tables: Tables): string[] =>
    batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, i) => {
        const { operation, phase, time, cpu, task, args } = eventAt(batch, i, points, tables);
        const values = Object.entries(args).map(([name, value]) => [
          name,
          typeof value === "string"
            ? known(operation === "tracing_mark_write" ? value.replace(/\n+$/, "") : value)
            : value,
        ]);
        return JSON.stringify(
          [
            operation,
            phase,
            time,
            cpu,
            known(task.comm.replace(/^ +/, "")),
            task.pid,
            task.tgid,
            batch.context[i],
            values,
          ],
          plain,
        );
      }),
    );
  fc.assert(
    fc.property(fc.array(made(nasty.map(cutTo15), text), { maxLength: 8 }), ...shape, (events, digits, capacity) => {
      const tables = createTables();
      // A carriage return at the end of these is the line's own.
      const batches = batchesFrom(
        events.map((e) => (e.point === 0 ? { ...e, texts: [known(e.texts[0]!), ""] } : e)),
        tables,
        digits,
        capacity,
      );
      const first = written(batches, tables);
      const again = read(first);
      const [expected, got] = [seen(batches, tables), seen(again.batches, again.tables)];
      const at = expected.findIndex((event, k) => event !== got[k]);
      if (at >= 0 || got.length !== expected.length)
        throw new Error(
          `${got.length} of ${expected.length}; wrote ${expected[at]}\nread ${got[at]}\nin ${JSON.stringify(first)}`,
        );
      roundTrip(again.batches, again.tables, true);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("comments are comments, whatever they say", (t) => {
  const words = fc.oneof(
    text,
    fc.constantFrom(
      "tracer: function_graph",
      "x-1 [000] 1.0: e: f",
      "  irqsoff latency trace v1.1.5 on 7.2",
      "entries-in-buffer/entries-written: 5/9   #P:2",
      "  / _---=> hardirq/softirq",
      "CPU 1 buffer started ####",
      "##### CPU 1 buffer started ####",
    ),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 5 }), (header) => {
      const { report, events } = read(written([], createTables(), { header }));
      if (report.comments !== report.lines || events.length > 0 || report.overrun > 0 || report.tracer !== "nop")
        throw new Error(JSON.stringify(header));
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test("tracepoints are printed in their formats", (t) => {
  const tables = createTables();
  const builder = new BatchBuilder(tables.addresses);
  builder.timeDigits = 6;
  const task = tables.tasks.intern('rm"\n', 5);
  builder.begin(points.byEvent("module_get")!.id, task, 0, 0, 1, 0, 0);
  builder.pushString('name="x');
  builder.pushFault();
  builder.pushNumber(-1, -1);
  builder.begin(points.byEvent("dput")!.id, task, 0, 0, 1, 0, 0);
  builder.pushAddress(1, 0);
  const printed = written([builder.seal()], tables);
  t.true(printed.includes(": module_get: name=?x call_site=(fault) refcnt=-1\n"));
  t.deepEqual(
    read(printed).events.map((e) => e.name),
    ["module_get", "dput"],
  );
});

test("what no kernel prints is cut to what it could", (t) => {
  const tables = createTables();
  const builder = new BatchBuilder(tables.addresses);
  builder.timeDigits = 6;
  const long = tables.tasks.intern("任务任务任务", 5);
  const broken = tables.tasks.intern("\ufffd".repeat(9), 6);
  const point = points.byEvent("tracing_mark_write")!.id;
  for (const task of [long, broken]) {
    builder.begin(point, task, 0, 0, 1, 0, 0);
    builder.pushString("任".repeat(500_000));
  }
  const { events, report } = read(written([builder.seal()], tables));
  t.deepEqual(
    events.map((e) => [e.comm, e.pid]),
    [
      ["任务任务任", 5],
      ["?????????", 6],
    ],
  );
  t.is(report.skipped, 0);
});

test("text from a stream of batches is the same, in chunks of whole lines", async (t) => {
  const { batches, tables } = read(gunzipSync(readFileSync(recordings()[0]!)));
  async function* stream(): AsyncGenerator<Batch> {
    yield* batches;
  }
  const chunks: string[] = [];
  for await (const chunk of ftraceTextOf(stream(), tables)) chunks.push(chunk);
  t.is(chunks.join(""), written(batches, tables));
  t.true(chunks.length > 2 && chunks.every((chunk) => chunk.endsWith("\n") && chunk.length < 70_000));
});
