import test from "ava";
import { points } from "../../events/index.js";
import { ANY_CPU, CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ, CONTEXT_UNKNOWN } from "../../src/log/batch.js";
import { createTables } from "../../src/log/tables.js";
import { readFtrace } from "../../src/read/ftrace/index.js";
import { MAX_LINE } from "../../src/read/text/reader.js";
import { readReference } from "./ftrace-reference.js";
import { ReadReport } from "../../src/read/report.js";
import { TroubleError } from "../../src/base/trouble.js";
import { isAccounted, line, PLAIN, read, text, type Reading } from "./helpers.js";

/** Reads lines as literal as they stand; each must be accounted for, and the reference must agree. */
function lines(...of: readonly string[]): Reading {
  const recording = text(...of);
  const reading = read(recording);
  if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
  const show = (value: unknown): string =>
    JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v));
  const reference = readReference(Buffer.from(recording), points);
  if (show(reading.events) !== show(reference.events))
    throw new Error(`the reference reads ${show(reference.events)}, not ${show(reading.events)}`);
  return reading;
}

const only = (...of: readonly string[]): Reading["events"][number] => {
  const { events } = lines(...of);
  if (events.length !== 1) throw new Error(`${events.length} events`);
  return events[0]!;
};

test("a line of trace with five flag characters", (t) => {
  t.deepEqual(
    only(
      "         gmemrun-138     [001] ..s1.    35.846890: kvm_gmem_create: (kvm_gmem_create+0x4/0x1f0 [kvm]) kvm=0xffffc90000485000 size=2097152 flags=0x0",
    ),
    {
      line: 1,
      comm: "gmemrun",
      pid: 138,
      tgid: undefined,
      cpu: 1,
      context: CONTEXT_SOFTIRQ,
      time: 35_846_890_000n,
      digits: 6,
      name: "kvm_gmem_create",
      place: "kvm_gmem_create+0x4/0x1f0 [kvm]",
      args: [0xffffc90000485000n, 2097152n, 0n],
      text: undefined,
    },
  );
});

for (const [flags, context] of [
  ["d..2", 0],
  ["..s1", CONTEXT_SOFTIRQ],
  [".....", 0],
  ["dNh3.", CONTEXT_HARDIRQ],
  ["d.H1.", CONTEXT_HARDIRQ | CONTEXT_SOFTIRQ],
  [".lz2.", CONTEXT_NMI],
  ["bBZff", CONTEXT_NMI | CONTEXT_HARDIRQ],
  ["d..h1..", CONTEXT_HARDIRQ],
  ["...s...", CONTEXT_SOFTIRQ],
  ["", CONTEXT_UNKNOWN],
] as const) {
  test(`flags "${flags}"`, (t) => t.is(only(line(PLAIN, { flags })).context, context));
}

test("where the legend says which column is the interrupt's, it is that one", (t) => {
  const legend = ["irqs-off", "need-resched", "need-resched-lazy", "preempt-depth", "hardirq/softirq"].map(
    (name) => `#                              | / _---=> ${name}`,
  );
  t.is(only("# tracer: nop", ...legend, line(PLAIN, { flags: "....s" })).context, CONTEXT_SOFTIRQ);
});

test("each recording of a file that holds several has its own legend", (t) => {
  const legend = (...names: string[]): string[] => [
    "# tracer: nop",
    ...names.map((name) => `#                              | / _---=> ${name}`),
  ];
  const { events } = lines(
    ...legend("irqs-off", "x", "y", "hardirq/softirq", "z"),
    line(PLAIN, { flags: "...s." }),
    ...legend("irqs-off", "x", "hardirq/softirq", "y", "z"),
    line(PLAIN, { flags: "..h.." }),
  );
  t.deepEqual(
    events.map((event) => event.context),
    [CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ],
  );
});

test("a head without a legend has not that of the one before", (t) => {
  const { events } = lines(
    "# tracer: nop",
    ...["hardirq/softirq", "a", "b", "c", "d"].map((name) => `#                              | / _---=> ${name}`),
    line(PLAIN, { flags: "s...." }),
    "# tracer: nop",
    line(PLAIN, { flags: "..s.." }),
  );
  t.deepEqual(
    events.map((event) => event.context),
    [CONTEXT_SOFTIRQ, CONTEXT_SOFTIRQ],
  );
});

test("the TGID column, known and unknown", (t) => {
  t.is(
    only(
      "         gmemrun-141     (    138) [001] .....     5.374322: iput: (iput+0x0/0x10) inode=0x0 i_count=0 i_nlink=0 sb=0x0",
    ).tgid,
    138,
  );
  t.is(only("         gmemrun-141     (  138) [001] ....     5.374322: dput: (dput+0x4/0x20) dentry=0x0").tgid, 138);
  t.is(
    only("         gmemrun-141     (-------) [001] .....     5.374322: dput: (dput+0x4/0x20) dentry=0x0").tgid,
    undefined,
  );
  t.is(
    only("          <idle>-0       (-----) [001] .....     5.374322: dput: (dput+0x4/0x20) dentry=0x0").comm,
    "<idle>",
  );
});

for (const comm of [
  "<...>",
  "<idle>",
  "a b c",
  "-9",
  "a-9 [1]",
  "[1]",
  "(x",
  "kworker/u8:3",
  "a: b",
  `it's "x"`,
  "naïve",
  "任务任务任",
  "fifteen-bytes-x",
  "x-1 [000] 1: e:",
  "#",
  "__proto__",
  "\u001b[31mx",
  "<b>",
  "CPU:1 [LOST 5",
  "a\rb",
  "=>",
]) {
  test(`a task named ${JSON.stringify(comm)}`, (t) => {
    const { events, tables } = lines(
      line(PLAIN, { comm }),
      line(PLAIN, { comm, tgid: "7" }),
      line(PLAIN, { comm, flags: "" }),
    );
    for (const event of events) {
      t.is(event.comm, comm);
      t.is(event.pid, 138);
      t.is(event.args[0], 0xffff888100b08000n);
    }
    t.is(events.length, 3);
    t.is(tables.tasks.get(0).name, `${comm}-138`);
    t.is(tables.tasks.size, 2, "with and without a known thread group");
  });
}

test("a task's name with line feeds is one name, and its lines are one event", (t) => {
  for (const comm of ["a\nb", "\nx", "a\n\nb", "a\n-9 [1]", "a\n# b", "x\n", "\n".repeat(15)]) {
    const { events, report } = lines(line(PLAIN), line(PLAIN, { comm }), line(PLAIN));
    t.deepEqual(
      events.map((event) => [event.comm, event.line]),
      [
        ["gmemrun", 1],
        [comm, 2],
        ["gmemrun", 2 + comm.split("\n").length],
      ],
    );
    t.is(report.skipped, 0);
    t.is(report.continuations, comm.split("\n").length - 1);
  }
});

test("a short line that is no task's name is skipped, and the event behind it is read", (t) => {
  const { events, report } = lines("   ab", line(PLAIN));
  t.is(events.length, 1);
  t.is(events[0]!.comm, "gmemrun");
  t.deepEqual(report.firstSkipped, [{ line: 1, text: "   ab" }]);
});

test("a short line in front of a task's name with a line feed is skipped alone", (t) => {
  const { events, report } = lines("   ab", line(PLAIN, { comm: "a\nb" }), line(PLAIN));
  t.deepEqual(
    events.map((event) => [event.comm, event.line]),
    [
      ["a\nb", 2],
      ["gmemrun", 4],
    ],
  );
  t.deepEqual(report.firstSkipped, [{ line: 1, text: "   ab" }]);
});

test("a line that somebody trimmed", (t) => {
  t.is(only("gmemrun-138 [001] ..... 5.374322: dput: (dput+0x4/0x20) dentry=0x0").comm, "gmemrun");
  t.is(only("a-9 [1]-77 [001] 5.374322: dput: (dput+0x4/0x20) dentry=0x0").comm, "a-9 [1]");
});

test("a clock in seconds is exact to the nanosecond", (t) => {
  t.is(only(line(PLAIN, { time: "0.000001" })).time, 1_000n);
  t.is(only(line(PLAIN, { time: "5.374322123" })).time, 5_374_322_123n);
  t.is(only(line(PLAIN, { time: "99999999999.999999" })).time, 99_999_999_999_999_999_000n);
  t.deepEqual(lines(line(PLAIN)).report.clock, { kind: "seconds", digits: 6 });
});

test("a counter clock is exact over all 64 bits", (t) => {
  for (const time of ["7", "123456789012", "18446744073709551615", "1000000000"])
    t.is(only(line(PLAIN, { time })).time, BigInt(time));
  const { report, batches } = lines(line(PLAIN, { time: "42" }));
  t.deepEqual(report.clock, { kind: "counter", digits: 0 });
  t.is(batches[0]!.timeDigits, 0);
});

test("digits of the clock hold for a batch: another clock begins another batch", (t) => {
  t.deepEqual(
    lines(line(PLAIN), line(PLAIN, { time: "42" }), line(PLAIN, { time: "43" })).batches.map((b) => [
      b.firstSeq,
      b.length,
      b.timeDigits,
    ]),
    [
      [1, 1, 6],
      [2, 2, 0],
    ],
  );
});

test("addresses that differ in their low digits stay different, and equal ones are one", (t) => {
  const { events, batches } = lines(
    line("dput: (dput+0x4/0x20) dentry=0xffff888100b08000"),
    line("dput: (dput+0x4/0x20) dentry=0xffff888100b08400"),
    line("dput: (dput+0x4/0x20) dentry=0xffff888100b08000"),
    line("dput: (dput+0x4/0x20) dentry=0x0"),
  );
  t.deepEqual(
    events.map((event) => event.args[0]),
    [0xffff888100b08000n, 0xffff888100b08400n, 0xffff888100b08000n, 0n],
  );
  const { low } = batches[0]!;
  t.not(low[0], low[1]);
  t.is(low[0], low[2]);
  t.is(low[3], 0);
});

test("places: symbol, module, bare address, return address, a function under a kretprobe", (t) => {
  for (const [place, event] of [
    ["kern_unmount+0x4/0x60", "kern_unmount: (kern_unmount+0x4/0x60) mnt=0x0"],
    ["0xffffffffa0014054", "kern_unmount: (0xffffffffa0014054) mnt=0x0"],
    ["0xffffffffa00193ac <- kern_mount", "kern_mount_ret: (0xffffffffa00193ac <- kern_mount) mnt=0xffff8880046579a0"],
    [
      "kvm_gmem_init+0x1c/0x40 [kvm] <- kern_mount",
      "kern_mount_ret: (kvm_gmem_init+0x1c/0x40 [kvm] <- kern_mount) mnt=0xffff8880046579a0",
    ],
    [
      "[unknown/kretprobe'd] <- anon_inode_make_secure_inode",
      "anon_inode_make_secure_inode_ret: ([unknown/kretprobe'd] <- anon_inode_make_secure_inode) inode=0xffff8880046579a0",
    ],
    [undefined, "kern_unmount: mnt=0x0"],
  ] as const) {
    t.is(only(line(event)).place, place);
  }
});

test("an operation without arguments", (t) =>
  t.deepEqual(only(line("kvm_gmem_exit: (kvm_gmem_exit+0x0/0x20 [kvm])")).args, []));

test("numbers: negative, 64-bit, unsigned beyond the signed, and error pointers", (t) => {
  t.deepEqual(only(line("ihold: (ihold+0x0/0x10) inode=0xffffffffffffffe9 i_count=-30592")).args, [
    0xffffffffffffffe9n,
    BigInt.asUintN(64, -30592n),
  ]);
  t.deepEqual(
    only(
      line("truncate_inode_pages_range: (x+0x0/0x1) mapping=0x1 lstart=-9223372036854775808 lend=18446744073709551615"),
    ).args,
    [1n, 1n << 63n, (1n << 64n) - 1n],
  );
});

test("(fault) is not a value, and what follows it is read", (t) => {
  const { events, report } = lines(line("module_put: (module_put+0x4/0x80) module=0x0 name=(fault) refcnt=7272512"));
  t.deepEqual(events[0]!.args, [0n, undefined, 7272512n]);
  t.is(report.malformed, 0);
});

test("a value that is no number, or too big for 64 bits, is no value; the event is kept and counted", (t) => {
  for (const value of ["0x1ffffffffffffffff", "99999999999999999999", "-9223372036854775809", "0x", "x", "", "1e3"]) {
    const { events, report } = lines(line(`ihold: (ihold+0x0/0x10) inode=0x1 i_count=${value}`));
    t.deepEqual(events[0]!.args, [1n, undefined], value);
    t.is(report.malformed, 1, value);
  }
});

test("arguments in another order, missing, and ones that the catalogue does not have", (t) => {
  t.deepEqual(only(line("module_put: (a+0x0/0x1) refcnt=3 module=0x10")).args, [16n, undefined, 3n]);
  t.deepEqual(only(line('module_put: (a+0x0/0x1) refcnt=3 name="kvm" module=0x10')).args, [16n, "kvm", 3n]);
  t.deepEqual(only(line('module_put: (a+0x0/0x1) cookie=0x9 module=0x10 name="kvm" refcnt=3 more=1')).args, [
    16n,
    "kvm",
    3n,
  ]);
});

const FAKE = "            init-1       [000] .....     1.000000: dput: (dput+0x4/0x20) dentry=0xffff888004880300";

test("a string may hold anything: it ends at the last quote behind which the other arguments stand", (t) => {
  for (const name of [
    "kvm",
    "",
    " ",
    '"',
    '" refcnt=1',
    '" refcnt=1 state=2',
    "\\",
    '\\"',
    "naïve 任务",
    "refcnt=1",
    FAKE,
    `" refcnt=5 ${FAKE}`,
    "[000] ..... 1.0: iput: x",
    "#",
    "__proto__",
  ]) {
    const { events, report } = lines(
      line(`try_module_get: (try_module_get+0x4/0xa0) module=0x10 name="${name}" refcnt=3 state=0`),
      line(`do_init_module: (a+0x0/0x1) module=0x10 name="${name}"`),
      line(PLAIN),
    );
    t.deepEqual(events[0]!.args, [16n, name, 3n, 0n]);
    t.deepEqual(events[1]!.args, [16n, name]);
    t.is(events.length, 3);
    t.is(report.malformed + report.skipped, 0);
  }
});

test("a string with line feeds is one string, even if a line of it is a whole event", (t) => {
  for (const name of [
    "a\nb",
    "\n",
    `x\n${FAKE}\ny`,
    `x\n${FAKE}`,
    'x"y\n"',
    "\n# tracer: function",
    "a\nCPU:1 [LOST 9 EVENTS]\nb",
  ]) {
    const { events, report } = lines(
      line(`module_put: (module_put+0x4/0x80) module=0x10 name="${name}" refcnt=3`),
      line(PLAIN),
    );
    t.deepEqual(events[0]!.args, [16n, name, 3n]);
    t.is(events.length, 2, name);
    t.is(report.lost + report.skipped, 0);
    t.is(report.continuations, name.split("\n").length - 1);
  }
});

test("a string of more than eight lines is given up: it could swallow a recording", (t) => {
  const of = (count: number): Reading =>
    lines(
      line(
        `module_put: (module_put+0x4/0x80) module=0x10 name="${Array.from({ length: count }, (_, k) => `line ${k} of the string`).join("\n")}" refcnt=3`,
      ),
      line(PLAIN),
    );
  t.deepEqual([of(8).report.continuations, of(8).report.skipped, of(8).report.malformed], [7, 0, 0]);
  t.deepEqual([of(9).report.continuations, of(9).report.skipped, of(9).report.malformed], [0, 8, 1]);
  t.is(of(9).events.length, 2);
});

test("a string without an end is kept as far as its line goes, and swallows nothing", (t) => {
  const { events, report } = lines(
    line('module_put: (module_put+0x4/0x80) module=0x10 name="kv'),
    ...Array.from({ length: 20 }, () => line(PLAIN)),
  );
  t.deepEqual(events[0]!.args, [16n, "kv", undefined]);
  t.is(events.length, 21);
  t.is(report.malformed, 1);
});

test("a marker is text to the end of its line, whatever it looks like", (t) => {
  for (const words of ["op: vm V", "", " leading", FAKE.trim(), 'name="x', "<stack trace>", "[LOST 5 EVENTS]"]) {
    const event = only(line(`tracing_mark_write: ${words}`));
    t.is(event.name, "tracing_mark_write");
    t.deepEqual(event.args, [words]);
  }
});

test("a marker goes on in lines that are nothing else", (t) => {
  const { events, report } = lines(line("tracing_mark_write: one"), "two", "# three", "", "   4", line(PLAIN));
  t.deepEqual(events[0]!.args, ["one\ntwo\n# three\n\n   4"]);
  t.is(events.length, 2);
  t.deepEqual([report.continuations, report.blank, report.comments, report.skipped], [3, 1, 0, 0]);
});

test("operations that are not in the catalogue are events, kept with their text and counted by name", (t) => {
  const { events, report } = lines(
    line("sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b"),
    line("sys_openat(dfd: ffffff9c, filename: 7ffd)"),
    line("sys_openat -> 0x3"),
    line("vfs_read <-ksys_read"),
    line("vfs_read [ext4] <-ksys_read"),
    line("sched_switch: x"),
    line("__proto__: x"),
  );
  t.deepEqual(
    events.map((event) => [event.name, event.text]),
    [
      ["sched_switch", "prev_comm=a prev_pid=1 ==> next_comm=b"],
      ["sys_openat", "sys_openat(dfd: ffffff9c, filename: 7ffd)"],
      ["sys_openat", "sys_openat -> 0x3"],
      ["function", "vfs_read <-ksys_read"],
      ["function", "vfs_read [ext4] <-ksys_read"],
      ["sched_switch", "x"],
      ["__proto__", "x"],
    ],
  );
  t.is(report.unknown, 7);
  t.deepEqual(
    [...report.unknownByName],
    [
      ["sched_switch", 2],
      ["sys_openat", 2],
      ["function", 2],
      ["__proto__", 1],
    ],
  );
});

test("lost events: counted, uncounted, and overwritten", (t) => {
  const { report, batches } = lines(
    "# entries-in-buffer/entries-written: 100/130   #P:2",
    line(PLAIN),
    "CPU:1 [LOST 35 EVENTS]",
    line(PLAIN),
    "CPU:0 [LOST EVENTS]",
    line(PLAIN),
  );
  t.deepEqual(batches[0]!.losses, [
    { index: 1, cpu: 1, count: 35, line: 3 },
    { index: 2, cpu: 0, count: 0, line: 5 },
  ]);
  t.is(report.overrun, 30);
  t.is(report.lost, 35, "the header and the lines count the same events");
  t.true(report.uncountedLoss);
  t.is(report.events, 3);
});

test("a loss on a CPU that no kernel has may be on any", (t) => {
  const { batches, report } = lines(
    line(PLAIN),
    "CPU:99999 [LOST 3 EVENTS]",
    "##### CPU 70000 buffer started ####",
    line(PLAIN),
  );
  t.deepEqual(
    batches[0]!.losses.map(({ cpu, count }) => [cpu, count]),
    [
      [ANY_CPU, 3],
      [ANY_CPU, 0],
    ],
  );
  t.is(report.lost, 3);
});

test("losses of more than can be counted exactly are as many as can be, and a log keeps that", (t) => {
  const { report } = lines(
    ...Array.from({ length: 20 }, () => [
      "# entries-in-buffer/entries-written: 1/999999999999999   #P:2",
      line(PLAIN),
      "CPU:1 [LOST 999999999999999 EVENTS]",
    ]).flat(),
  );
  const kept = new ReadReport();
  kept.restore(JSON.parse(JSON.stringify(report.saved())) as Record<string, unknown>);
  for (const { lostLines, overrun, lost } of [report, kept])
    t.deepEqual(
      [lostLines, overrun, lost],
      Array.from({ length: 3 }, () => Number.MAX_SAFE_INTEGER),
    );
});

test("a loss behind the last event is not forgotten", (t) => {
  t.deepEqual(
    lines("CPU:3 [LOST 2 EVENTS]").batches.map((b) => [b.length, b.losses.length]),
    [[0, 1]],
  );
});

test("buffers started and stack dumps are neither events nor skipped", (t) => {
  const { report } = lines(
    "# tracer: nop",
    "##### CPU 1 buffer started ####",
    line(PLAIN),
    line("<stack trace>"),
    " => vfs_read",
    " => ksys_read+0x6b/0xf0",
    line("<user stack trace>"),
    " => <00007f0000000000>",
    line(PLAIN),
  );
  t.deepEqual([report.events, report.control, report.comments, report.skipped], [2, 6, 1, 0]);
  t.is(report.tracer, "nop");
});

test("a buffer that starts later than the recording has lost what came before", (t) => {
  const started = (cpu: number): string => `##### CPU ${cpu} buffer started ####`;
  const { report, batches } = lines(
    "# entries-in-buffer/entries-written: 100/130   #P:3",
    started(2),
    line(PLAIN),
    line(PLAIN),
    started(1),
    line(PLAIN),
    started(0),
  );
  t.deepEqual(
    batches.flatMap((b) => b.losses),
    [
      { index: 2, cpu: 1, count: 0, line: 5 },
      { index: 3, cpu: 0, count: 0, line: 7 },
    ],
  );
  t.deepEqual([report.events, report.control, report.skipped], [3, 3, 0]);
  t.deepEqual([report.lost, report.lostLines], [30, 0], "how many is in the header");
  t.false(report.uncountedLoss);
});

test("CRLF line ends", (t) => {
  const recording = text(
    "# tracer: nop",
    line("d_instantiate: (d_instantiate+0x4/0x20) dentry=0x1 inode=0x2"),
    line("tracing_mark_write: x"),
    "CPU:1 [LOST 3 EVENTS]",
    "",
    line('module_put: (a+0x0/0x1) module=0x1 name="a\nb" refcnt=1'),
  );
  const { events, report } = lines(...recording.replaceAll("\n", "\r\n").split("\n").slice(0, -1));
  t.deepEqual(
    events.map((event) => event.args),
    [[1n, 2n], ["x"], [1n, "a\nb", 1n]],
  );
  t.deepEqual([report.lost, report.skipped, report.blank], [3, 0, 1]);
});

test("a line that is not understood is counted, and the first five are shown with their numbers", (t) => {
  const long = "y".repeat(1000);
  const { report, events } = lines(
    line(PLAIN),
    "what is this, then?",
    line(PLAIN),
    long,
    ...Array.from({ length: 8 }, () => "more than fifteen bytes of it"),
  );
  t.is(report.skipped, 10);
  t.is(events.length, 2);
  t.deepEqual(
    report.firstSkipped.map((skipped) => skipped.line),
    [2, 4, 5, 6, 7],
  );
  t.is(report.firstSkipped[1]!.text, long.slice(0, 200));
});

test("the last line, cut: an event only if it is beyond doubt", (t) => {
  const whole = line("d_instantiate: (d_instantiate+0x4/0x20) dentry=0xffff888004880300 inode=0xffff888004880300");
  const results = Array.from({ length: whole.length + 1 }, (_, cut) => {
    const { events, report } = read(`${line(PLAIN)}\n${whole.slice(0, cut)}`);
    if (!isAccounted(report)) throw new Error("a line was lost silently");
    if (report.truncated !== cut > 0 || report.skipped !== (cut > 0 && cut < whole.length ? 1 : 0)) {
      if (whole.slice(0, cut).trim() !== "") throw new Error(`cut at ${cut}: ${report.skipped} skipped`);
    }
    return events.length;
  });
  t.deepEqual(new Set(results.slice(0, -1)), new Set([1]));
  t.is(results.at(-1), 2);
});

test("a line longer than a megabyte is let go without being kept", (t) => {
  const huge = Buffer.alloc(MAX_LINE + 1, "x").toString();
  for (const chunk of [Infinity, 100_000, 4096]) {
    const { events, report } = read(text(line(PLAIN), huge, line(PLAIN), "x".repeat(MAX_LINE)) + huge, chunk);
    t.is(events.length, 2);
    t.deepEqual([report.skipped, report.lines, report.truncated], [3, 5, true]);
    t.true(report.firstSkipped.every((skipped) => skipped.text === "x".repeat(200)));
  }
});

test("a line longer than a megabyte is no event, however much of it comes at once", (t) => {
  const long = line(`dput: (${"a".repeat(MAX_LINE)}) dentry=0xffff888100b08000`);
  const recording = text(line(PLAIN), long, line(PLAIN));
  for (const chunk of [Infinity, 64 * 1024]) {
    const { events, report } = read(recording, chunk);
    t.deepEqual([events.map((event) => event.line), report.skipped], [[1, 3], 1]);
  }
});

test("function_graph and latency format say what would help, and where", async (t) => {
  const of = async (...comments: string[]): Promise<TroubleError | undefined> => {
    const reading = async (): Promise<void> => {
      for await (const _ of readFtrace(chunksOf(text(...comments)), points, createTables(), new ReadReport("a.trace")));
    };
    return t.throwsAsync(reading, { instanceOf: TroubleError });
  };
  t.regex(String(await of("# tracer: function_graph")), /^kreel: a\.trace:1: .*function_graph.*kreel record/);
  t.regex(
    String(await of("# tracer: nop", "#", "# nop latency trace v1.1.5 on 6.12.0")),
    /^kreel: a\.trace:3: .*latency-format/,
  );
});

test("a sealed batch never changes again", async (t) => {
  const recording = text(
    ...Array.from({ length: 20 }, (_, k) => line(`ihold: (ihold+0x0/0x10) inode=0x${k + 1} i_count=${k}`)),
  );
  const { batches } = read(recording, Infinity, 8);
  t.deepEqual(
    batches.map((b) => b.length),
    [8, 8, 4],
  );
  t.deepEqual(
    [...batches[0]!.low].filter((_, k) => k % 2 === 1),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  t.is(new Set(batches.map((b) => b.low.buffer)).size, 3);
});

async function* chunksOf(whole: string): AsyncGenerator<Buffer> {
  yield Buffer.from(whole);
}

test("the kernel's own events that the catalogue has are read by their formats", (t) => {
  const own = (event: string): Reading["events"][number] =>
    only(`        scenario-244     [000] .....    15.750894: ${event}`);
  t.deepEqual(own("module_load: kvm ").args, ["kvm", ""]);
  t.deepEqual(own("module_load: kvm_amd OE").args, ["kvm_amd", "OE"]);
  t.deepEqual(own("module_free: kvm").args, ["kvm"]);
  t.deepEqual(own("module_get: kvm_amd call_site=kvm_dev_ioctl [kvm] refcnt=3").args, [
    "kvm_amd",
    "kvm_dev_ioctl [kvm]",
    3n,
  ]);
  t.deepEqual(own("mm_filemap_add_to_page_cache: dev 0:14 ino 5fe pfn=0x1b23c ofs=4096 order=0").args, [
    0n,
    14n,
    0x5fen,
    0x1b23cn,
    4096n,
    0n,
  ]);
  t.deepEqual(own("module_get: kvm").args, [undefined, undefined, undefined]);
});

test("an event of the kernel's own that has a probe's name is not the probe's", (t) => {
  const reading = lines(
    "             vmm-244     [000] .....    15.857400: kvm_exit: vcpu 0 reason hlt rip 0xfff0 info1 0x0000000000000000 error_code 0x00000000",
    "             vmm-244     [000] .....    15.857401: kvm_exit: (kvm_exit+0x4/0x90 [kvm])",
    "             vmm-244     [000] .....    15.857402: module_put: kvm call_site=register_kprobe refcnt=2",
    '             vmm-244     [000] .....    15.857403: module_put: (module_put+0x4/0x80) module=0xffffffffc02faf40 name="kvm" refcnt=3',
  );
  t.deepEqual(
    reading.events.map((e) => [e.name, e.text]),
    [
      ["kvm_exit", "vcpu 0 reason hlt rip 0xfff0 info1 0x0000000000000000 error_code 0x00000000"],
      ["kvm_exit", undefined],
      ["module_put", "kvm call_site=register_kprobe refcnt=2"],
      ["module_put", undefined],
    ],
  );
  t.is(reading.report.unknown, 2);
  t.is(reading.report.malformed, 0);
});
