import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { diff } from "../../../src/compare/diff.js";
import { BpftraceReader } from "../../../src/read/bpftrace/index.js";
import { Decimal } from "../../../src/read/bpftrace/decimal.js";
import { detectFormat } from "../../../src/read/detect.js";
import { replay } from "../../../src/replay/replay.js";
import { recordings } from "../helpers.js";
import { bpftraceLines, tuple } from "../printed.js";
import {
  essence,
  ftrace,
  holdsOnMutations,
  isAccounted,
  type MakeReader,
  NASTY,
  readAs,
  type TextReading,
  unzipped,
} from "../text.js";

const bpftrace: MakeReader = (tables, report, _, batchEvents) =>
  new BpftraceReader(points, tables, report, batchEvents);
/** Printed by bpftrace itself, of the values that the recording below holds. */
const PRINTED = "fixtures/bpftrace/linux-7.2-s02-dup.json.gz";
const VALUES = "fixtures/recordings/linux-7.2/s02-dup.trace.gz";
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);

const read = (...lines: readonly string[]): TextReading => {
  const reading = readAs(bpftrace, Buffer.from(lines.map((l) => `${l}\n`).join(""), "latin1"));
  if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
  return reading;
};
const event = (name: string, ...args: readonly (string | number | bigint)[]): string =>
  tuple(12775082546, 0, "gmemrun", 111, 110, name, ...args);
const IPUT = ["iput", 18446612682157199360n, 1, 1, 18446612682157199361n] as const;

test("a line that is no event after all says nothing of times, tasks and CPUs", (t) => {
  const [time, ...rest] = [12775082546, 0, "gmemrun", 111, 110, ...IPUT];
  const damaged = tuple(time + 1e12, 7, "another", 7, 7, ...IPUT).replace(
    "18446612682157199360",
    "184466x2682157199360",
  );
  const { events, batches, report, tables } = read(tuple(time, ...rest), damaged, tuple(time + 5, ...rest));
  t.deepEqual([events.length, report.skipped, tables.tasks.size, report.cpus], [2, 1, 1, [0]]);
  t.deepEqual(
    batches.flatMap(({ losses }) => losses),
    [],
  );
  t.false(report.warnings.some((warning) => warning.includes("time goes back")));
});

test("a task's name is not longer than what is written of it may be", (t) => {
  // Of each byte that is no UTF-8 a sign of three becomes.
  for (const [bytes, events] of [
    [85, 1],
    [86, 0],
  ] as const)
    for (const indent of ["", " "])
      t.is(read(`${indent}${tuple(1, 0, "\u00ff".repeat(bytes), 7, 7, ...IPUT)}`).events.length, events);
});

test("what has a task's name that no task has is no event", (t) => {
  for (const name of ["x".repeat(257), "y".repeat(100_000)]) {
    const { events, report } = read(
      tuple(1, 0, name, 7, 7, ...IPUT),
      ` ${tuple(1, 0, name, 7, 7, ...IPUT)}`,
      tuple(1, 0, "x".repeat(256), 7, 7, ...IPUT),
    );
    t.deepEqual([events.length, report.skipped], [1, 2]);
  }
});

test("a task's name is the same whichever way its line is read", (t) => {
  for (const name of ["", " ", "  a b"]) {
    const plain = tuple(1, 0, name, 7, 7, ...IPUT);
    t.deepEqual(read(` ${plain}`).events[0]!.task, read(plain).events[0]!.task);
  }
});

test("what bpftrace printed is read without an unread line, to the events that it was given", (t) => {
  const { events, report } = readAs(bpftrace, unzipped(PRINTED), 5000);
  const given = readAs(ftrace, unzipped(VALUES)).events;
  t.is(report.skipped + report.malformed + report.unknown + report.lost, 0);
  t.is(report.control, 2, "attached probes, and who prints");
  t.true(isAccounted(report));
  t.deepEqual(report.warnings, []);
  t.is(events.length, given.length);
  // A string that the kernel could not read is empty, and bpftrace keeps so many characters of a string.
  const plain = (e: (typeof events)[number]): object => ({
    ...essence(e),
    place: "",
    args: Object.values(e.args).map((arg) =>
      typeof arg === "string" ? (/^[ -~]*$/.test(arg) ? arg.slice(0, 60) : "") : String(arg ?? ""),
    ),
  });
  t.deepEqual(events.map(plain), given.map(plain));
  t.deepEqual(events[0]!.task, { comm: "init", pid: 1, tgid: 1, name: "init-1" });
});

test("it shows what the recording that it was given shows", async (t) => {
  const [printed, given] = [await replay(PRINTED), await replay(VALUES)];
  t.is(printed.trace.format, "bpftrace");
  t.deepEqual(printed.objects, given.objects);
  t.deepEqual(printed.operations, given.operations);
  t.deepEqual([printed.findings, printed.hazards.length], [[], given.hazards.length]);
  t.deepEqual(
    (await diff(VALUES, PRINTED)).differences.map((d) => d.kind),
    ["result-changed"],
    "a marker is longer than what bpftrace keeps of a string",
  );
});

for (const path of recordings("fixtures/recordings/linux-6.18").slice(0, 4)) {
  test(`${path} is the same when bpftrace prints it`, (t) => {
    const expected = readAs(ftrace, unzipped(path)).events;
    const lines = bpftraceLines(expected);
    const { events, report } = readAs(bpftrace, Buffer.from(lines));
    t.is(report.skipped + report.malformed, 0);
    const plain = (e: (typeof events)[number]): string =>
      JSON.stringify({ ...essence(e), place: "", args: Object.values(e.args).map((arg) => String(arg ?? "")) });
    t.deepEqual(
      events.filter((e, k) => plain(e) !== plain(expected[k]!)),
      [],
    );
    t.is(events.length, expected.length);
  });
}

/** Recorded on one kernel by bpftraces of three ages, and by ftrace. */
const RECORDED = "fixtures/bpftrace/recorded/linux-7.2-s04-bind-unbind";

for (const version of ["0.17", "0.23", "0.27"]) {
  test(`bpftrace ${version} on a real kernel: every line is read, no finding, and the same as ftrace recorded`, async (t) => {
    const path = `${RECORDED}.${version}.json.gz`;
    const { trace, findings, operations } = await replay(path);
    t.is(trace.format, "bpftrace");
    t.is(trace.skipped + trace.lost, 0);
    t.deepEqual(findings, []);
    t.deepEqual([...new Set(operations.map((o) => o.name))].sort(), [
      "fd_install",
      "file_close_fd",
      "kvm_arch_init_vm",
      "kvm_gmem_create",
      "kvm_set_memory_region",
    ]);
    const { differences, summary } = await diff(`${RECORDED}.trace.gz`, path);
    t.deepEqual(differences, []);
    t.is(summary.operations.same, 51);
  });
}

test("decimals of 64 bits are exact, whatever their sign", (t) => {
  const number = new Decimal();
  const words = (text: string): bigint | undefined => {
    const bytes = Buffer.from(`${text},`);
    return number.read(bytes, 0) === text.length ? (BigInt(number.high) << 32n) | BigInt(number.low) : undefined;
  };
  for (const value of [
    0n,
    1n,
    -1n,
    999_999_999_999_999n,
    1_000_000_000_000_000n,
    (1n << 53n) + 1n,
    (1n << 63n) - 1n,
    1n << 63n,
    (1n << 64n) - 1n,
    -(1n << 63n),
    -(1n << 32n),
  ])
    t.is(words(String(value)), BigInt.asUintN(64, value), String(value));
  fc.assert(
    fc.property(
      fc.bigInt(-(1n << 63n), (1n << 64n) - 1n),
      (value) => words(String(value)) === BigInt.asUintN(64, value),
    ),
    { numRuns: RUNS },
  );
  for (const wrong of [
    "",
    "-",
    "01",
    "1.5",
    "18446744073709551616",
    "-9223372036854775809",
    "99999999999999999999",
    "123456789012345678901",
  ])
    t.is(words(wrong), undefined, wrong);
});

test("addresses and times are exact", (t) => {
  const { events } = read(
    tuple(18446744073709551615n, 0, "a", 1, 1, ...IPUT),
    event(...IPUT),
    event("kvm_arch_init_vm_ret", -22),
  );
  t.is(events[0]!.time, 18446744073709551615n);
  t.is(events[0]!.args["inode"], 18446612682157199360n);
  t.is(events[0]!.args["sb"], 18446612682157199361n);
  t.is(events[1]!.time, 12775082546n);
  t.deepEqual([events[1]!.task.pid, events[1]!.task.tgid], [111, 110]);
  t.is(events[2]!.args["err"], -22);
});

test("a line that is no JSON is skipped, and told by its number", (t) => {
  const { events, report } = read(
    '{"type": "attached_probes", "data": {"probes": 2}}',
    event(...IPUT),
    '{"type": "value", "data": [1,2',
    "Attaching 2 probes...",
    event(...IPUT),
    "",
  );
  t.is(events.length, 2);
  t.is(report.skipped, 2);
  t.deepEqual(
    report.firstSkipped.map((s) => s.line),
    [3, 4],
  );
  t.regex(report.warnings.join(), /2 lines are no JSON \(the first is line 3\)/);
  t.is(report.blank, 1);
});

test("JSON that is not an event is accounted for", (t) => {
  const { events, report } = read(
    '{"type": "printf", "data": "x"}',
    '{"type": "map", "data": {"@": 3}}',
    '{"type": "helper_error", "helper": "x", "retcode": -1, "line": 1, "col": 2}',
    tuple("kreel", 1),
    tuple(1, 2, 3),
    '{"type": "value", "data": [1,[2,3]]}',
    tuple(1, 0, "a", 1, 1, "some_function", 5, "x y"),
  );
  t.is(events.length, 1);
  t.deepEqual([events[0]!.operation, events[0]!.args["text"]], ["some_function", '5 "x y"']);
  t.is(report.control, 5);
  t.is(report.skipped, 1);
  t.is(report.unknown, 1);
});

test("arguments that are missing, too many or of another kind are absent", (t) => {
  const { events, report } = read(event("iput", 1, 2), event(...IPUT, 5), event("iput", "x", 2, 3, 4));
  // What two values of four are cannot be told.
  t.deepEqual(
    events.map((e) => Object.values(e.args)),
    [
      [null, null, null, null],
      [18446612682157199360n, 1, 1, 18446612682157199361n],
      [null, 2, 3, 4n],
    ],
  );
  t.is(report.malformed, 3);
  t.deepEqual(report.arguments.saved().lacking, { iput: { inode: 1, i_count: 1, i_nlink: 1, sb: 1 } });
});

test("a loss counts, from the beginning to the end", (t) => {
  const { report, batches } = read(
    event(...IPUT),
    '{"type": "lost_events", "data": {"events": 123}}',
    event(...IPUT),
    event(...IPUT),
  );
  t.is(report.lost, 123);
  t.deepEqual(
    batches.flatMap((b) => b.losses.map((l) => [b.firstSeq + l.index, l.cpu, l.count])),
    [
      [2, 65535, 123],
      [4, 65535, 0],
    ],
  );
});

test("where time goes back nothing follows on what came before, and it is told how to sort", (t) => {
  const at = (time: number): string => tuple(time, 0, "a", 1, 1, ...IPUT);
  const { events, report, batches } = read(at(1000), at(2000), at(1500), at(1500), at(1600));
  t.is(events.length, 5);
  t.deepEqual(
    batches.flatMap((b) => b.losses.map((l) => b.firstSeq + l.index)),
    [3],
  );
  t.is(report.lost, 0);
  t.regex(report.warnings.join(), /time goes back once.*sort -s/);
});

test("whatever tasks and strings are called, the event is the same", (t) => {
  for (const name of [...NASTY, "a\nb", "\\", '\\"', "\u0001", "\t"].map((text) =>
    Buffer.from(text).toString("latin1"),
  )) {
    const { events, report } = read(
      tuple(1, 1, name, 110, 110, "module_put", 5, name, 2),
      tuple(2, 1, "x", 110, 110, "module_put", 5, name, 2),
    );
    t.is(report.skipped + report.malformed, 0, name);
    const text = Buffer.from(name, "latin1").toString("utf8");
    t.deepEqual(
      events.map((e) => [e.task.pid, e.args["name"], e.args["refcnt"]]),
      [
        [110, text, 2],
        [110, text, 2],
      ],
    );
    t.is(events[0]!.task.comm.trimStart(), text.trimStart());
  }
});

test("bytes that bpftrace prints as \\uffffffc3 are the bytes that they were", (t) => {
  const { events } = read(
    '{"type": "value", "data": [1,1,"na\\uffffffc3\\uffffffafve",110,110,"module_put",5,"\\\\uffffffc3",2]}',
  );
  t.is(events[0]!.task.comm, "naïve");
  t.is(events[0]!.args["name"], "\\uffffffc3");
});

test("markers", (t) => {
  const { events } = read(event("tracing_mark_write", "op: vm v\n"), event("tracing_mark_write", "ret: vm v = 5"));
  t.deepEqual(
    events.map((e) => e.args["text"]),
    ["op: vm v", "ret: vm v = 5"],
  );
});

test("a marker ends where it was written to, not where its string does", (t) => {
  const { events, report } = read(
    event("tracing_mark_write", "op: vm v\n", 9),
    event("tracing_mark_write", "op: vm vX", 8),
    event("tracing_mark_write", "op: vm v", 9),
    event("tracing_mark_write", "na\u00c3\u00afve!", 6),
  );
  t.deepEqual(
    events.map((e) => e.args["text"]),
    ["op: vm v", "op: vm v", "op: vm v", "naïve"],
  );
  t.is(report.malformed, 0);
});

test("a number that a double does not hold may be quoted, a time too", (t) => {
  const plain = tuple(9007199254740993n, 1, "a", 1, 1, ...IPUT);
  const quoted = plain.replaceAll(/\b(\d{16,})\b/g, '"$1"');
  t.regex(quoted, /\["9007199254740993",1,/);
  const { events, report } = read(plain, quoted, quoted.replace('0"', "0"), quoted.replace('"a"', '"\\""'));
  t.deepEqual(
    events.slice(0, 2).map((e) => [e.time, e.args]),
    [
      [9007199254740993n, events[0]!.args],
      [9007199254740993n, events[0]!.args],
    ],
  );
  t.deepEqual(
    [events.length, events[2]!.args, report.skipped, report.malformed],
    [3, events[0]!.args, 1, 0],
    "half a quote is no JSON",
  );
});

test("another program's layout is told", (t) => {
  t.regex(read(tuple("kreel", 2), event(...IPUT)).report.warnings.join(), /another kreel/);
});

test("recognised by content", (t) => {
  const detect = (text: string): string => detectFormat(Buffer.from(text, "latin1"), "FILE");
  t.is(detect(unzipped(PRINTED).subarray(0, 300).toString("latin1")), "bpftrace");
  t.is(detect(`${event(...IPUT)}\n`), "bpftrace");
  t.is(detect(`\n${tuple("kreel", 1)}\n`), "bpftrace");
});

test("mutated text and bytes that are no text are read to their end, every line accounted for", (t) => {
  holdsOnMutations(
    bpftrace,
    unzipped(PRINTED),
    [
      event(...IPUT),
      '{"type": "lost_events", "data": {"events": 3}}\n',
      "]}",
      '"',
      "\\",
      "\\uffffffc3",
      "99999999999999999999",
      ",",
      "[",
      "{",
    ],
    RUNS,
  );
  t.pass();
});
