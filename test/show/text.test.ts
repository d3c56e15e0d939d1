import test from "ava";
import fc from "fast-check";
import type { Finding } from "../../src/check/finding.js";
import { parseMoment } from "../../src/cli/moment.js";
import type { Output } from "../../src/cli/output.js";
import { Progress } from "../../src/cli/progress.js";
import { Spool } from "../../src/cli/spool.js";
import type { Diff } from "../../src/compare/types.js";
import { sideBySide } from "../../src/show/columns.js";
import { diffLines, hunkLines, statLines } from "../../src/show/diff-text.js";
import { findingLines, type ShownStep } from "../../src/show/findings.js";
import { jsonText } from "../../src/show/json.js";
import { matches, nearest, parseSpec } from "../../src/show/object-life.js";
import { PLAIN } from "../../src/show/style.js";
import { operationsLine, traceLine } from "../../src/show/summary.js";
import { list, table, wrap } from "../../src/base/text.js";
import { CHARACTER } from "../support/texts.js";

test("text is broken at spaces, and a word that is too long stands alone", (t) => {
  t.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  t.deepEqual(wrap("a 0xffff888000010000 b", 6), ["a", "0xffff888000010000", "b"]);
  t.deepEqual(list(["a", "b", "c"]), "a, b and c");
  t.deepEqual(
    table(
      [
        ["a", "10"],
        ["bcd", "9"],
      ],
      ["left", "right"],
    ),
    ["a    10", "bcd   9"],
  );
});

test("two columns share the width and keep the order", (t) => {
  const cells = [
    { column: 0, head: "* 1  ", text: "__fput", below: ["inode: a change that is too long for one line of a column"] },
    { column: 1, head: "* 2  ", text: "kvm_exit", below: [] },
  ] as const;
  const lines = sideBySide(["left", "right"], cells, 60);
  t.true(lines.every((line) => line.length <= 60));
  t.is(lines.at(-1)!.indexOf("* 2"), lines[0]!.indexOf("right"));
});

const finding: Finding = {
  rule: "leaked-module-reference",
  severity: "error",
  object: "module x",
  event: 9,
  line: 19,
  time: "5.000009",
  task: "\u001b[1mtask-1",
  message: "it leaks",
  evidence: [3, 9],
  steps: [],
};
const step = (seq: number, task: string, did: readonly string[] = [], evidence = true): ShownStep => ({
  seq,
  task,
  time: "5.0",
  what: `call${seq}`,
  did,
  evidence,
});

function lines(steps: readonly ShownStep[], more: Partial<Finding> = {}): string[] {
  return findingLines({ ...finding, ...more }, { path: "a\u0007b", style: PLAIN, width: 80, steps: () => steps });
}

test("a finding is headed with file, line and rule; nothing of a recording is obeyed", (t) => {
  t.deepEqual(lines([]).slice(0, 3), [
    "a\\x07b:19: error: module x [leaked-module-reference]",
    "    at event 9, 5.000009, \\x1b[1mtask-1",
    "    it leaks",
  ]);
  const { line: _, ...without } = finding;
  t.regex(findingLines(without, { path: "a", style: PLAIN, width: 80, steps: () => [] })[0]!, /^a: error: /);
});

test("steps of one task are a list, of two tasks two columns, of three a list with the task's name", (t) => {
  t.regex(lines([step(3, "a-1"), step(9, "a-1", ["refcnt 2 → 3"])]).at(-1)!, /~ refcnt 2 → 3$/);
  const two = lines([step(3, "a-1"), step(9, "b-2")]);
  t.true(two.some((line) => /a-1 +b-2$/.test(line)));
  t.true(two.at(-1)!.indexOf("call9") > 40);
  const three = lines([step(3, "a-1"), step(5, "c-3"), step(9, "b-2")]);
  t.true(three.some((line) => /\* 5 {2}5\.0 {2}c-3 {2}call5/.test(line)));
});

test("beside the evidence only a few steps are shown, and the rest is counted", (t) => {
  const steps = [
    step(1, "a-1"),
    ...Array.from({ length: 30 }, (_, k) => step(2 + k, "a-1", ["refcnt 1 → 2"], false)),
    step(99, "a-1"),
  ];
  const shown = lines(steps);
  t.true(shown.length < 25);
  t.regex(shown.at(-1)!, /24 more steps: kreel replay --object 'module x'/);
});

test("in a column an object goes by its kind while it is the only one of it", (t) => {
  const steps = [
    step(1, "a-1", ["file 0x10#2: released; held by vm 0x20", "inode 0x1: gone"]),
    step(2, "b-2", ["inode 0x2: gone"]),
  ];
  const text = lines(steps).join("\n");
  t.regex(text, /~ file: released; held by vm\b(?! 0x)/);
  t.regex(text, /inode 0x1: gone/);
});

test("JSON is one document, an element a line, the same values and nothing that a terminal obeys", (t) => {
  const document = {
    kreel: "replay",
    list: [{ a: "\u001b\u009b\u202e\u2028é" }, { b: 1 }],
    none: [],
    deep: { x: null },
  };
  const text = [...jsonText(document)].join("");
  t.deepEqual(JSON.parse(text), document);
  // eslint-disable-next-line no-control-regex
  t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
  t.is(text.split("\n").filter((line) => line.startsWith("    {")).length, 2);
});

const trace = {
  path: "x",
  format: "ftrace",
  events: 10,
  lost: 0,
  skipped: 0,
  tasks: 1,
  seconds: 1.5,
  unknown: 0,
  warnings: [],
};
const empty: Diff = {
  before: trace,
  after: trace,
  differences: [],
  incomparable: [],
  hunks: [],
  same: [],
  summary: {
    operations: { same: 3, added: 0, removed: 0, replaced: 0, reordered: 0 },
    results: { same: 1, changed: 0 },
    state: { same: 1, changed: 0 },
  },
};

test("diff: no differences are said in so many words", (t) => {
  t.true(diffLines(empty, PLAIN).includes("no differences"));
});

test("diff: a row an operation, drawn to scale; hunks with marks and the events of both sides", (t) => {
  const differences = Array.from(
    { length: 400 },
    (_, k) =>
      ({
        kind: k % 2 ? "operation-added" : "operation-removed",
        where: k < 390 ? "load x" : "close \u001b",
        before: null,
        after: null,
        message: "",
      }) as const,
  );
  const rows = statLines({ ...empty, differences }, PLAIN);
  t.is(rows.length, 2);
  t.true(rows.every((row) => row.length < 80));
  t.regex(rows[1]!, /^ close \\x1b \| {2}10 \+/);
  const hunk = hunkLines(
    {
      where: "load x",
      times: 2,
      before: { event: 1, line: 5 },
      after: null,
      lines: [
        { mark: "-", depth: 1, text: "kern_mount()", before: { event: 1 }, after: null },
        { mark: "=", depth: 0, text: "same()", before: { event: 2 }, after: { event: 12 } },
      ],
    },
    PLAIN,
  );
  t.deepEqual(hunk, ["@@ -1:5 @@ load x  (2 times)", "-  1       kern_mount()", "   2 12  same()"]);
});

test("the summary counts operations by name with their errors, and says what is not in order", (t) => {
  t.is(
    operationsLine([
      { name: "a", task: "t", event: 1 },
      { name: "b", task: "t", event: 2, result: -23, error: "ENFILE" },
      { name: "b", task: "t", event: 3 },
    ]),
    "3 operations: 2 b (1 ENFILE), 1 a",
  );
  t.is(
    traceLine({ ...trace, lost: 5, skipped: 1, unknown: 2 }),
    "x: ftrace, 10 events in 1.50 s, 1 task, 5 lost, 2 of other operations, 1 line skipped",
  );
});

test("a moment is an event or an exact time", (t) => {
  t.deepEqual(parseMoment("1402"), { event: 1402 });
  t.deepEqual(parseMoment("35.846890"), { time: 35846890000n });
  t.deepEqual(parseMoment("9007199254740993.000000001".slice(1)), { time: 7199254740993000000001n });
  for (const wrong of ["", "0", "-1", "1.", ".5", "1.0000000001", "1e3", "0x10"])
    t.throws(() => parseMoment(wrong), undefined, wrong);
});

test("an object is asked for by name, by address, by life, or by kind", (t) => {
  const inode = { kind: "inode" as const, address: "0xffff00a0", generation: 2, names: [] };
  for (const spec of ["0xffff00a0", "0xFFFF00A0", "0xffff00a0#2", "inode 0xffff00a0", "inode 0xffff00a0#2", "inode"])
    t.true(matches(parseSpec(spec), inode), spec);
  for (const spec of ["0xffff00a0#1", "file 0xffff00a0", "0xffff00a", "module", "inode_x"])
    t.false(matches(parseSpec(spec), inode), spec);
  const kvm = { kind: "module" as const, address: "0xc0", generation: 1, names: ["kvm_amd"] };
  for (const spec of ["kvm_amd", "module kvm_amd", " module kvm_amd "]) t.true(matches(parseSpec(spec), kvm), spec);
  fc.assert(fc.property(fc.string({ unit: CHARACTER }), (text) => void t.notThrows(() => parseSpec(text))));
  t.is(parseSpec("module a\nb").name, "a\nb");
  t.is(nearest("kvm_amdd", ["vm 0x1", "module kvm_amd", "module kvm"])[0], "module kvm_amd");
});

test("what waits for the summary is bounded: a long recording goes straight out", (t) => {
  const out: string[] = [];
  const spool = new Spool(
    { rendered: (line) => line, relay: (written) => out.push(written) },
    () => out.push("(long)\n"),
    10,
  );
  spool.line("12345");
  t.deepEqual(out, []);
  spool.line("123456");
  spool.line("x");
  spool.release();
  t.is(out.join(""), "(long)\n12345\n123456\nx\n");
});

test("progress is drawn a few times a second, not before half a second, and cleared", (t) => {
  const drawn: string[] = [];
  let now = 0;
  const progress = new Progress(
    { draw: (move: string, lines: readonly string[] = []) => drawn.push(move + lines.join("\n")) } as unknown as Output,
    true,
    () => now,
  );
  for (now = 0; now < 1000; now += 10) progress.update(now * 1000, now);
  t.true(drawn.length >= 4 && drawn.length <= 6);
  progress.clear();
  t.is(drawn.at(-1), "\r\u001b[K");
  const silent = new Progress({ draw: () => t.fail() } as unknown as Output, false, () => now);
  silent.update(1, 1);
  silent.clear();
});
