import test from "ava";
import { points } from "../../../events/index.js";
import { CONTEXT_SOFTIRQ } from "../../../src/log/batch.js";
import { detectFormat } from "../../../src/read/detect.js";
import { TraceCmdReportReader } from "../../../src/read/trace-cmd-report/index.js";
import { diff } from "../../../src/compare/diff.js";
import { replay } from "../../../src/replay/replay.js";
import { line as ftraceLine, recordings } from "../helpers.js";
import { traceCmdReport } from "../printed.js";
import {
  essence,
  ftrace,
  holdsOnMutations,
  isAccounted,
  type MakeReader,
  NASTY,
  type Parts,
  partsOf,
  readAs,
  type TextReading,
  unzipped,
} from "../text.js";

const report: MakeReader = (tables, of, _, batchEvents) => new TraceCmdReportReader(points, tables, of, batchEvents);
const FOLDER = "fixtures/recordings/trace-cmd-report";
const BIND = `${FOLDER}/linux-7.2-s04-bind-unbind`;
const ENFILE = `${FOLDER}/linux-6.18-s09-enfile`;
const DIALECTS = ["report", "report-l", "report-t", "report-R"].map((dialect) => `${BIND}.${dialect}.gz`);
const SAME: Readonly<Record<string, string>> = {
  [BIND]: "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz",
  [ENFILE]: "fixtures/recordings/linux-6.18/s09-enfile.trace.gz",
};
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);

const read = (...lines: readonly string[]): TextReading => {
  const reading = readAs(report, Buffer.from(lines.map((l) => `${l}\n`).join(""), "latin1"));
  if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
  return reading;
};

const IPUT = "(ffffffff817c3604) inode=0xffff888100b08000 i_count=1 i_nlink=1 sb=0xffff888100a00000";
const at = (event: string, time = "5.274858"): string => `         gmemrun-117   [001]     ${time}: ${event}`;

test("a space behind the place of an operation without arguments says nothing, of whichever line", (t) => {
  for (const lines of [
    [at("kvm_init: (ffffffff817c3604) ")],
    [at(`iput: ${IPUT}`), at("kvm_init: (ffffffff817c3604) ")],
  ]) {
    const { events, report: said } = read(...lines);
    t.deepEqual([events.length, events.at(-1)!.operation, said.malformed], [lines.length, "kvm_init", 0]);
  }
  t.is(read(at(`iput: ${IPUT} `)).report.malformed, 1);
});

test("every dialect of one recording is read without an unread line, to the same events", (t) => {
  const [plain, latency, exact, raw] = DIALECTS.map((path) => readAs(report, unzipped(path), 5000));
  for (const reading of [plain!, latency!, exact!, raw!]) {
    t.is(reading.events.length, 2817);
    t.is(reading.report.comments, 1);
    t.is(reading.report.skipped + reading.report.unknown + reading.report.malformed + reading.report.lost, 0);
    t.true(isAccounted(reading.report));
  }
  const but =
    (...fields: readonly string[]): ((event: (typeof plain & {})["events"][number]) => object) =>
    (event) =>
      Object.fromEntries(Object.entries(essence(event)).filter(([name]) => !fields.includes(name)));
  t.deepEqual(raw!.events.map(but("args")), plain!.events.map(but("args")));
  const known = ({ events }: TextReading): unknown[] =>
    events.filter((e) => e.args["module"] !== 0n).map((e) => but()(e));
  t.deepEqual(
    known(raw!),
    known(plain!),
    "where the module is NULL its name is a leftover, of which -R prints other bytes",
  );
  t.deepEqual(exact!.events.map(but("time")), plain!.events.map(but("time")));
  t.deepEqual(
    plain!.events.map((e) => e.time),
    exact!.events.map((e) => ((e.time + 500n) / 1000n) * 1000n),
    "trace-cmd rounds to the nearest",
  );
  const cut = (name: string): string => name.replace(/^(.{1,8}).*-(\d+)$/, "$1-$2");
  t.deepEqual(
    latency!.events.map((e) => e.task.name),
    plain!.events.map((e) => cut(e.task.name)),
  );
  t.deepEqual(latency!.events.map(but("task")), plain!.events.map(but("task")));
  t.true(
    latency!.batches.some((b) => b.context.includes(CONTEXT_SOFTIRQ)),
    "the flags say what was interrupted",
  );
  t.is(exact!.report.clock?.digits, 9);
});

test("raw strings of garbage that hold line feeds are read", (t) => {
  const { report: said } = readAs(report, unzipped(`${BIND}.again-R.gz`));
  t.is(said.events, 2774);
  t.is(said.continuations, 2);
  t.is(said.skipped + said.malformed, 0);
});

for (const path of [
  ...DIALECTS,
  `${BIND}.again-R.gz`,
  `${ENFILE}.report.gz`,
  `${ENFILE}.report-lt.gz`,
  `${ENFILE}.report-R.gz`,
]) {
  test(`${path.slice(FOLDER.length + 1)} shows what ftrace's recording of the same scenario shows`, async (t) => {
    const same = SAME[path.startsWith(BIND) ? BIND : ENFILE]!;
    const [of, text] = [await replay(path), await replay(same)];
    t.is(of.trace.format, "trace-cmd-report");
    const outcome = ({ name, error, result }: (typeof of.operations)[number]): string =>
      `${name} ${error ?? result ?? ""}`;
    t.deepEqual(of.operations.map(outcome), text.operations.map(outcome));
    t.deepEqual(of.objects, text.objects);
    t.deepEqual(of.findings, []);
    t.deepEqual(
      of.hazards.map((h) => h.rule),
      text.hazards.map((h) => h.rule),
    );
    t.deepEqual((await diff(same, path)).differences, []);
  });
}

for (const path of recordings("fixtures/recordings/linux-7.2").slice(0, 3)) {
  test(`${path} is the same when trace-cmd prints it`, (t) => {
    const bytes = unzipped(path);
    const parts = partsOf(bytes).filter((p) => p.name !== "tracing_mark_write" && !p.args.includes("(fault)"));
    const { events: all } = readAs(ftrace, bytes);
    const expected = all.filter((e) => e.operation !== "tracing_mark_write" && !Object.values(e.args).includes(null));
    t.is(parts.length, expected.length);
    for (const dialect of ["", "f", "l", "R", "lR"]) {
      const { events, report: said } = readAs(
        report,
        Buffer.from(parts.map((p) => `${traceCmdReport(dialect, p)}\n`).join(""), "latin1"),
      );
      t.is(said.skipped + said.malformed, 0, dialect);
      t.is(events.length, expected.length, dialect);
      const plain = (e: (typeof events)[number], k: number): string =>
        JSON.stringify({ ...essence(e), seq: k, place: "", ...(dialect.includes("l") ? { task: e.task.pid } : {}) });
      const different = events.findIndex((e, k) => plain(e, k) !== plain(expected[k]!, k));
      t.is(
        different,
        -1,
        `${dialect}: ${different < 0 ? "" : `${plain(events[different]!, 0)} ${plain(expected[different]!, 0)}`}`,
      );
    }
  });
}

test("dropped events are losses", (t) => {
  const { report: said, batches } = read(
    "cpus=2",
    at(`iput:                 ${IPUT}`),
    "CPU:1 [35 EVENTS DROPPED]",
    at(`iput:                 ${IPUT}`),
    "CPU:0 [EVENTS DROPPED]",
  );
  t.deepEqual(
    batches.flatMap((b) => b.losses.map(({ index, cpu, count, line }) => [b.firstSeq + index, cpu, count, line])),
    [
      [2, 1, 35, 3],
      [3, 0, 0, 5],
    ],
  );
  t.is(said.lost, 35);
  t.true(said.uncountedLoss);
  t.is(said.control, 2);
});

test("an event of the kernel's own that is called like a probe is not that", (t) => {
  const { events } = read(
    at("kvm_exit:             reason EXIT_HLT rip 0x1"),
    at("kvm_exit:             (ffffffffc0401004)"),
    at("kvm_exit:              __probe_ip=ffffffffc0401004"),
    at("sched_switch:         a:1 ==> b:2"),
  );
  t.deepEqual(
    events.map((e) => e.phase),
    ["unknown", "entry", "entry", "unknown"],
  );
});

test("markers, and text of theirs that goes on in the next line", (t) => {
  const { events, report: said } = read(
    at("print:                tracing_mark_write: op: vm v"),
    "more",
    at("print:                 ip=ffffffff8150f4f2 buf=op: raw"),
    at("print:                ffffffff8150f4f2: op: bare"),
    at("print:                some_function: not a marker"),
  );
  t.deepEqual(
    events.map((e) => e.args["text"]),
    ["op: vm v\nmore", "op: raw", "op: bare", "some_function: not a marker"],
  );
  t.deepEqual(
    events.map((e) => e.phase),
    ["entry", "entry", "entry", "unknown"],
  );
  t.is(said.continuations, 1);
});

test("whatever tasks and strings are called, the event is the same", (t) => {
  for (const comm of NASTY.map((name) => Buffer.from(name).subarray(0, 15).toString("latin1"))) {
    for (const dialect of ["", "f", "l", "R", "lR"]) {
      const parts: Parts = {
        comm,
        pid: "110",
        cpu: "001",
        flags: ".....",
        time: "12.775082",
        name: "module_put",
        place: "a",
        args: 'module=0xffff888100b08000 name="x-1 [000] 1.0: a: b refcnt=1" refcnt=2',
      };
      const { events, report: said } = read(traceCmdReport(dialect, parts));
      t.is(said.skipped + said.malformed, 0, comm);
      const name = Buffer.from(dialect.includes("l") ? comm.slice(0, 8) : comm, "latin1")
        .toString("utf8")
        .trimStart();
      t.deepEqual(
        [events[0]!.task.comm, events[0]!.task.pid, events[0]!.args["refcnt"], events[0]!.args["name"]],
        [name, 110, 2, "x-1 [000] 1.0: a: b refcnt=1"],
        `${dialect} ${comm}`,
      );
    }
  }
});

test("recognised by content", (t) => {
  const detect = (text: string): string => detectFormat(Buffer.from(text, "latin1"), "FILE");
  for (const path of DIALECTS) {
    const text = unzipped(path).subarray(0, 4096).toString("latin1");
    t.is(detect(text), "trace-cmd-report", path);
    t.is(detect(text.slice(text.indexOf("\n") + 1)), "trace-cmd-report", `${path} without its first line`);
  }
  t.is(detect(`${ftraceLine("dput: (0xffffffffa0014054) dentry=0x0")}\n`), "ftrace");
  t.is(detect(`${ftraceLine("dput: (dput+0x4/0x20) dentry=0x0")}\n`), "ftrace");
});

test("mutated text and bytes that are no text are read to their end, every line accounted for", (t) => {
  const extra = [
    "CPU:1 [35 EVENTS DROPPED]\n",
    "cpus=2\n",
    " name=",
    at("print:                tracing_mark_write: op: vm v\n"),
  ];
  holdsOnMutations(report, unzipped(DIALECTS[1]!), extra, RUNS / 2);
  holdsOnMutations(report, unzipped(DIALECTS[3]!), extra, RUNS / 2);
  t.pass();
});
