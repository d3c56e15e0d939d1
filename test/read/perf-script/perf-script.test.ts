import test from "ava";
import { points } from "../../../events/index.js";
import { detectFormat } from "../../../src/read/detect.js";
import { PerfScriptReader } from "../../../src/read/perf-script/index.js";
import { FIRST_UNKNOWN_PID } from "../../../src/read/text/tasks.js";
import { replay } from "../../../src/replay/replay.js";
import { recordings } from "../helpers.js";
import { perfScript } from "../printed.js";
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

const perf: MakeReader = (tables, report, beginning, batchEvents) =>
  new PerfScriptReader(points, tables, report, beginning, batchEvents);
const FOLDER = "fixtures/recordings/perf-script";
const PLAIN = `${FOLDER}/linux-7.2-s04-bind-unbind.script.gz`;
const NANOSECONDS = `${FOLDER}/linux-7.2-s04-bind-unbind.script-ns.gz`;
const SAME_SCENARIO = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);

const read = (...lines: readonly string[]): TextReading => {
  const reading = readAs(perf, Buffer.from(lines.map((l) => `${l}\n`).join(""), "latin1"));
  if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
  return reading;
};

const EVENT = "gmem:iput: (ffffffff817c3604) inode=0xffff888100b08000 i_count=1 i_nlink=1 sb=0xffff888100a00000";

test("the recordings are read without an unread line, to the same events", (t) => {
  const [plain, exact] = [readAs(perf, unzipped(PLAIN)), readAs(perf, unzipped(NANOSECONDS), 5000)];
  for (const { events, report } of [plain, exact]) {
    t.is(events.length, 2817);
    t.is(report.lines, 2817);
    t.is(report.skipped + report.unknown + report.malformed + report.lost, 0);
    t.deepEqual(report.warnings, []);
  }
  t.is(plain.report.clock?.digits, 6);
  t.is(exact.report.clock?.digits, 9);
  const cut = (e: object): object => ({ ...e, time: 0 });
  t.deepEqual(
    plain.events.map((e) => cut(essence(e))),
    exact.events.map((e) => cut(essence(e))),
  );
  t.deepEqual(
    plain.events.map((e) => e.time),
    exact.events.map((e) => (e.time / 1000n) * 1000n),
    "perf rounds down",
  );
  t.is(exact.events[0]!.task.tgid, 110);
  t.is(plain.events[1]!.place, "0xffffffff817b0b02 <- 0xffffffff8179b254", "as ftrace has it: the caller first");
});

test("what the recording shows agrees with ftrace's of the same scenario", async (t) => {
  const [perfs, text] = [await replay(PLAIN), await replay(SAME_SCENARIO)];
  t.is(perfs.trace.format, "perf-script");
  const outcome = ({ name, error, result }: (typeof perfs.operations)[number]): string =>
    `${name} ${error ?? (result === undefined ? "" : Math.sign(result))}`;
  t.deepEqual(perfs.operations.map(outcome), text.operations.map(outcome));
  t.deepEqual(perfs.findings, []);
  t.deepEqual(
    perfs.hazards.map((h) => h.rule),
    text.hazards.map((h) => h.rule),
  );
  // RCU callbacks were not probed: no inode is seen to be freed.
  t.deepEqual({ ...perfs.objects, inode: text.objects["inode"] }, text.objects);
  t.is(perfs.counts.unexplained, 0);
});

for (const path of recordings("fixtures/recordings/linux-6.18").slice(0, 4)) {
  test(`${path} is the same when perf prints it, with any fields that say who and when`, (t) => {
    const bytes = unzipped(path);
    const parts = partsOf(bytes).filter((p) => p.name !== "tracing_mark_write");
    const expected = readAs(ftrace, bytes).events.filter((e) => e.operation !== "tracing_mark_write");
    t.is(parts.length, expected.length);
    const same = expected.map((e, k) => essence({ ...e, seq: k + 1 }));
    for (const [fields, width] of [
      ["comm,tid,cpu,time,event,trace", 5],
      ["comm,tid,cpu,time,event,trace", 7],
      ["comm,pid,tid,cpu,time,event,trace", 7],
      ["comm,tid,cpu,misc,time,period,event,trace,ip", 7],
      ["comm,tid,cpu,misc,tod,time,event,trace", 7],
      ["comm!,tid,cpu,time,event,trace", 7],
    ] as const) {
      const { events, report } = readAs(
        perf,
        Buffer.from(parts.map((p) => `${perfScript(fields, p, width)}\n`).join(""), "latin1"),
      );
      t.is(report.skipped + report.malformed, 0, fields);
      t.is(events.length, expected.length, fields);
      const at = events.findIndex((e, k) => JSON.stringify(essence(e)) !== JSON.stringify(same[k]));
      t.is(at, -1, `${fields}: ${at < 0 ? "" : JSON.stringify([essence(events[at]!), same[at]])}`);
    }
  });
}

test("fields that are not printed are unknown", (t) => {
  const of = (text: string): object => {
    const { events, report } = read(text, text);
    t.is(report.skipped, 0, text);
    t.is(events.length, 2, text);
    t.is(events[1]!.args["i_count"], 1, text);
    const { comm, pid } = events[1]!.task;
    return { comm, pid, cpu: events[1]!.cpu, time: Number(events[1]!.time) };
  };
  t.deepEqual(of(`    110 [001]    12.775082: ${EVENT}`), { comm: "<...>", pid: 110, cpu: 1, time: 12775082000 });
  t.deepEqual(of(`         gmemrun    12.775082: ${EVENT}`), {
    comm: "gmemrun",
    pid: FIRST_UNKNOWN_PID,
    cpu: 0,
    time: 12775082000,
  });
  t.deepEqual(of(`         gmemrun     110 ${EVENT}`), { comm: "gmemrun", pid: 110, cpu: 0, time: 0 });
  t.deepEqual(of(`[003] ${EVENT}`), { comm: "<...>", pid: FIRST_UNKNOWN_PID, cpu: 3, time: 0 });
  t.deepEqual(of(`   12.775082: ${EVENT}`), { comm: "<...>", pid: FIRST_UNKNOWN_PID, cpu: 0, time: 12775082000 });
  t.deepEqual(of(`             :-1      -1 [000]    12.775082: ${EVENT}`), {
    comm: ":-1",
    pid: FIRST_UNKNOWN_PID,
    cpu: 0,
    time: 12775082000,
  });
  const warned = read(`         gmemrun    12.775082: ${EVENT}`).report.warnings;
  t.regex(warned.join(), /no pid or tid/);
  t.regex(read(`         gmemrun     110 ${EVENT}`).report.warnings.join(), /no times/);
});

test("tasks of different names without a pid are different tasks", (t) => {
  const { events } = read(
    `             one    12.775082: ${EVENT}`,
    `             two    12.775083: ${EVENT}`,
    `             one    12.775084: ${EVENT}`,
  );
  t.deepEqual(
    events.map((e) => e.task.pid),
    [FIRST_UNKNOWN_PID, FIRST_UNKNOWN_PID + 1, FIRST_UNKNOWN_PID],
  );
});

test("events without their arguments are kept, and nothing is concluded from them", async (t) => {
  const bytes = Buffer.from(
    partsOf(unzipped(SAME_SCENARIO))
      .map((p) => `${perfScript("comm,tid,cpu,time,event", p)}\n`)
      .join(""),
    "latin1",
  );
  const input = (async function* () {
    yield bytes;
  })();
  const result = await replay("-", { input });
  t.regex(result.trace.warnings.join(), /no arguments/);
  t.deepEqual([...result.findings, ...result.hazards], []);
  t.true(result.trace.events > 2000);
});

test("call chains are read and let go", (t) => {
  const { events, report } = read(
    `gmemrun     110 [000]    12.775082: ${EVENT}`,
    "\tffffffff817c3604 iput+0x4 ([kernel.kallsyms])",
    "\tffffffff817c0b02 __dentry_kill+0x72 ([kernel.kallsyms])",
    "\t    7f0102030405 [unknown] (/usr/bin/gmemrun)",
    "",
    `ksoftirqd/0      15 [000]    12.775083: ${EVENT}`,
    "\tffffffff817c3604 iput+0x4 ([kernel.kallsyms])",
    "",
  );
  t.is(events.length, 2);
  t.deepEqual(
    events.map((e) => [e.line, e.task.name]),
    [
      [1, "gmemrun-110"],
      [6, "ksoftirqd/0-15"],
    ],
  );
  t.is(report.comments, 4);
  t.is(report.blank, 2);
  t.is(report.skipped, 0);
});

test("losses are losses: counted, on their CPU, before the event that follows", (t) => {
  const { report, batches } = read(
    `         gmemrun     110 [001]    12.775082: ${EVENT}`,
    "         gmemrun     110 [001]    12.775083: PERF_RECORD_LOST lost 12",
    `         gmemrun     110 [001]    12.775084: ${EVENT}`,
    "            perf      99 [003]    12.775085: PERF_RECORD_LOST_SAMPLES lost 3",
    "         gmemrun     110 [001]    12.775086: PERF_RECORD_COMM: gmemrun:110/110",
    `         gmemrun     110 [001]    12.775087: ${EVENT}`,
    "Processed 4 events and lost 1 chunks!",
  );
  t.deepEqual(
    batches.flatMap((b) => b.losses.map(({ index, cpu, count, line }) => [b.firstSeq + index, cpu, count, line])),
    [
      [2, 1, 12, 2],
      [3, 3, 3, 4],
      [4, 65535, 0, 7],
    ],
  );
  t.is(report.lost, 15);
  t.true(report.uncountedLoss);
  t.is(report.control, 4);
});

test("a group that is the kernel's own is no probe's", (t) => {
  const { events, report } = read(
    "         gmemrun     110 [000]    12.775082: kvm:kvm_exit: reason EXIT_HLT rip 0x1 info 0 0",
    "         gmemrun     110 [000]    12.775083: probe:kvm_exit: (ffffffffc0401004)",
    "         gmemrun     110 [000]    12.775084: module:module_put: kvm call_site=fput refcnt=1",
    "         gmemrun     110 [000]    12.775085: sched:sched_switch: a:1 [120] S ==> b:2 [120]",
  );
  t.deepEqual(
    events.map((e) => `${e.operation} ${e.phase}`),
    ["kvm:kvm_exit unknown", "kvm_exit entry", "module:module_put unknown", "sched:sched_switch unknown"],
  );
  t.is(report.unknown, 3);
});

test("markers, and text of theirs that goes on in the next line", (t) => {
  const { events, report } = read(
    "         gmemrun     110 [000]    12.775082: ftrace:print: tracing_mark_write: op: vm v",
    "",
    "more",
    `         gmemrun     110 [000]    12.775083: ${EVENT}`,
    "         gmemrun     110 [000]    12.775084: ftrace:print: some_function: not a marker",
  );
  t.is(events[0]!.operation, "tracing_mark_write");
  t.is(events[0]!.args["text"], "op: vm v\n\nmore");
  t.is(report.continuations, 1);
  t.is(events[2]!.operation, "ftrace:print");
});

test("whatever tasks and strings are called, the event is the same", (t) => {
  for (const comm of NASTY.map((name) => Buffer.from(name).subarray(0, 15).toString("latin1"))) {
    const parts: Parts = {
      comm,
      pid: "110",
      cpu: "001",
      flags: ".....",
      time: "12.775082",
      name: "module_put",
      place: "a <- b",
      args: 'module=0xffff888100b08000 name="x 1 [000] 1.0: a:b: " refcnt=1" refcnt=2',
    };
    const { events, report } = read(
      perfScript("comm,tid,cpu,time,event,trace", parts),
      perfScript("comm,tid,cpu,time,event,trace", { ...parts, comm: "gmemrun" }),
      perfScript("comm,tid,cpu,time,event,trace", { ...parts, comm: "gmemrun" }),
    );
    t.is(report.skipped + report.malformed, 0, comm);
    t.deepEqual(
      [events[0]!.task.comm, events[0]!.task.pid, events[0]!.args["refcnt"]],
      [Buffer.from(comm, "latin1").toString("utf8").trimStart(), 110, 2],
      comm,
    );
    t.is(events[0]!.args["name"], 'x 1 [000] 1.0: a:b: " refcnt=1');
  }
});

test("names and strings may hold line feeds", (t) => {
  const { events, report } = read(
    `         gmemrun     110 [000]    12.775082: ${EVENT}`,
    "             a",
    `b     110 [000]    12.775083: ${EVENT}`,
    '         gmemrun     110 [000]    12.775084: gmem:module_put: (ffffffff8145a454) module=0xffff888100b08000 name="a',
    'b" refcnt=2',
    `         gmemrun     110 [000]    12.775085: ${EVENT}`,
  );
  t.is(report.skipped, 0);
  t.deepEqual(
    events.map((e) => [e.line, e.task.comm]),
    [
      [1, "gmemrun"],
      [2, "a\nb"],
      [4, "gmemrun"],
      [6, "gmemrun"],
    ],
  );
  t.is(events[2]!.args["name"], "a\nb");
  t.is(report.continuations, 2);
});

test("a string that never ends is one malformed event, and what follows is read", (t) => {
  const { events, report } = read(
    '         gmemrun     110 [000]    12.775084: gmem:module_put: (ffffffff8145a454) module=0xffff888100b08000 name="a',
    ...Array.from({ length: 20 }, () => `         gmemrun     110 [000]    12.775085: ${EVENT}`),
  );
  t.is(events.length, 21);
  t.is(report.malformed, 1);
});

test("a file that is cut in the middle of an event ends before it", (t) => {
  const text = `         gmemrun     110 [000]    12.775082: ${EVENT}\n`;
  const { events, report } = readAs(perf, `${text}${text.slice(0, -4)}`);
  t.is(events.length, 1);
  t.true(report.truncated);
  t.is(report.skipped, 1);
});

test("a line of a megabyte of spaces, numbers or addresses is read as fast as any", (t) => {
  for (const run of [" ", "9", " 12345678", " ffffffff817c3604", '"', ' a="', "1.", "[000] "]) {
    const long = run.repeat(Math.floor(1_000_000 / run.length));
    const { report } = readAs(
      perf,
      `gmemrun   110 [000]     1.000001: gmem:dput: (ffffffff817c3604) dentry=0x1${long}x"\n${long}\n`,
    );
    t.true(isAccounted(report));
  }
});

test("recognised by content", (t) => {
  const detect = (text: string): string => detectFormat(Buffer.from(text, "latin1"), "FILE");
  t.is(detect(unzipped(PLAIN).subarray(0, 4096).toString("latin1")), "perf-script");
  t.is(detect(unzipped(NANOSECONDS).subarray(0, 200).toString("latin1")), "perf-script");
  t.is(detect(`# ========\n# captured on\n\n         gmemrun    12.775082: ${EVENT}\n`), "perf-script");
  t.is(detect(`         a-9 [1]     110 [000]    12.775082: ${EVENT}\n`), "perf-script");
  t.is(detect(`gmemrun     110 [000]    12.775082: ${EVENT}\n`), "perf-script");
});

test("mutated text and bytes that are no text are read to their end, every line accounted for", (t) => {
  const chains = partsOf(unzipped(SAME_SCENARIO))
    .slice(0, 300)
    .map(
      (p) =>
        `${perfScript("comm!,tid,cpu,time,event,trace", p)}\n\tffffffff817c3604 iput+0x4 ([kernel.kallsyms])\n\t          40105f main+0x5 (/usr/bin/gmemrun)\n\n`,
    );
  holdsOnMutations(perf, Buffer.from(chains.join(""), "latin1"), ["\t", "\tffffffff817c3604"], RUNS / 2);
  holdsOnMutations(
    perf,
    unzipped(NANOSECONDS),
    ["\tffffffff817c3604 iput+0x4 ([kernel.kallsyms])\n", "PERF_RECORD_LOST lost 3\n", 'name="'],
    RUNS,
  );
  t.pass();
});
