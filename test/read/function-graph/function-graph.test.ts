import test from "ava";
import { points } from "../../../events/index.js";
import { detectFormat } from "../../../src/read/detect.js";
import { FunctionGraphReader } from "../../../src/read/function-graph/index.js";
import { parseGraphLine } from "../../../src/read/function-graph/line.js";
import { openRecording } from "../../../src/read/recording.js";
import { CallTrees, type CallNode } from "../../../src/reduce/call-tree.js";
import { replayRecording, replay } from "../../../src/replay/replay.js";
import { holdsOnMutations, isAccounted, type MakeReader, readAs, type TextReading, unzipped } from "../text.js";

const graph: MakeReader = (tables, report, _, batchEvents) =>
  new FunctionGraphReader(points, tables, report, batchEvents);
const PATH = "fixtures/recordings/function-graph/linux-7.2-s04-bind-unbind.gz";
const SAME_SCENARIO = "fixtures/recordings/linux-7.2/s04-bind-unbind.trace.gz";
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 1000);

const read = (...lines: readonly string[]): TextReading => {
  const reading = readAs(graph, Buffer.from(lines.map((l) => `${l}\n`).join(""), "latin1"));
  if (!isAccounted(reading.report)) throw new Error("a line was lost silently");
  return reading;
};

const names = ({ events }: TextReading): string[] => events.map((e) => `${e.operation} ${e.phase}`);

test("the recording is read without an unread line", (t) => {
  const { events, report } = readAs(graph, unzipped(PATH), 100_000);
  t.is(report.lines, 82937);
  t.is(report.skipped + report.malformed + report.lost, 0);
  t.true(isAccounted(report));
  t.is(report.tracer, "function_graph");
  t.regex(report.warnings.join(), /neither arguments nor results.*no rule is judged/);
  const create = events.find((e) => e.operation === "kvm_gmem_create")!;
  t.deepEqual(
    [create.task.name, String(create.time), create.line, create.phase],
    ["gmemrun-126", "66371136000", 2520, "entry"],
  );
  t.deepEqual({ ...create.args }, { kvm: null, size: null, flags: null });
  t.is(events.find((e) => e.operation === "kvm_gmem_create" && e.phase === "return")!.line, 2979);
  t.is(events.filter((e) => e.operation === "tracing_mark_write").length, 18);
});

/** Returns the calls of an operation in order, each with its depth, for operations that both recordings can show. */
async function callsOf(path: string, operation: string, known?: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  const walk = (node: CallNode, depth: number): void => {
    if (!known || known.has(node.operation)) found.push(`${"  ".repeat(depth)}${node.operation}`);
    for (const child of node.children) walk(child, depth + 1);
  };
  const recording = await openRecording(path);
  await replayRecording(recording, {
    observe: (world) => new CallTrees(world, (tree) => tree.operation === operation && walk(tree, 0)),
  });
  return found;
}

test("what ran inside an operation is what ftrace's recording of the same scenario shows inside it", async (t) => {
  const text = await callsOf(SAME_SCENARIO, "kvm_gmem_create");
  t.true(text.length > 10);
  t.deepEqual(await callsOf(PATH, "kvm_gmem_create", new Set(text.map((line) => line.trim()))), text);
});

test("replay gives operations and markers, and no object, count or verdict", async (t) => {
  const { operations, findings, hazards, objects, counts, trace, rules } = await replay(PATH);
  const text = await replay(SAME_SCENARIO);
  const count = (of: typeof operations, name: string): number => of.filter((o) => o.name === name).length;
  // The text recording shows the ioctl around a bind; its inner half is an operation if the ioctl is not traced.
  t.is(count(operations, "kvm_gmem_create"), count(text.operations, "kvm_gmem_create"));
  t.is(
    count(operations, "kvm_gmem_bind") + count(operations, "kvm_gmem_unbind"),
    count(text.operations, "kvm_set_memory_region"),
  );
  t.true(
    operations.every((o) => o.result === undefined),
    "what a call returned is not known, not 0",
  );
  t.deepEqual([...findings, ...hazards], []);
  t.true(Object.values(objects).every(({ born, died, live }) => born + died + live === 0));
  t.is(counts.unexplained, 0);
  t.true([...rules.values()].every((tally) => tally.wrong === 0));
  t.is(trace.format, "function-graph");
});

test("every form that the tracer's options give a line", (t) => {
  const call = { what: "call", name: "fput", depth: 2, leaf: true };
  const task = { comm: "gmemrun", pid: 126 };
  const cases: readonly (readonly [string, object])[] = [
    [
      "   66.371404 |   0)  gmemrun-126   | + 10.335 us   |    fput();",
      { time: "66.371404", cpu: 0, task, shown: call },
    ],
    [" 0)               |    fput();", { time: undefined, cpu: 0, task: undefined, shown: call }],
    [" 12)   0.123 us    |    fput();", { time: undefined, cpu: 12, task: undefined, shown: call }],
    [" 0) ! 106.837 us  |    fput();", { time: undefined, cpu: 0, task: undefined, shown: call }],
    [
      "   66.371404 |   0)  gmemrun-126   |  d..1. | # 3259.527 us |    fput();",
      { time: "66.371404", cpu: 0, task, shown: call },
    ],
    [" 0)  gmemrun-126   |   0.123 us    |    fput();", { time: undefined, cpu: 0, task, shown: call }],
    [
      " 0)  a-1 b |-126   |   0.123 us    |    fput();",
      { time: undefined, cpu: 0, task: { comm: "a-1 b |", pid: 126 }, shown: call },
    ],
    [
      " 0)               |    kvm_gmem_create [kvm]() {",
      {
        time: undefined,
        cpu: 0,
        task: undefined,
        shown: { what: "call", name: "kvm_gmem_create", depth: 2, leaf: false },
      },
    ],
    [
      " 0)               |    fput(file=0xffff888100b08000); /* =0x0 */",
      { time: undefined, cpu: 0, task: undefined, shown: call },
    ],
    [
      " 0)               |    }",
      { time: undefined, cpu: 0, task: undefined, shown: { what: "end", name: undefined, depth: 2 } },
    ],
    [
      " 0)   0.123 us    |    } /* kvm_gmem_create [kvm] = 0x5 */",
      { time: undefined, cpu: 0, task: undefined, shown: { what: "end", name: "kvm_gmem_create", depth: 2 } },
    ],
    [
      " 0)               |  /* op: vm v */",
      { time: undefined, cpu: 0, task: undefined, shown: { what: "text", text: "op: vm v" } },
    ],
    [
      "   66.371404 |   0)  gmemrun-126   |   ==========> |",
      { time: "66.371404", cpu: 0, task, shown: { what: "interrupt" } },
    ],
    [" 0)   <========== |", { time: undefined, cpu: 0, task: undefined, shown: { what: "interrupt" } }],
  ];
  for (const [line, expected] of cases)
    t.deepEqual(parseGraphLine(line), expected as ReturnType<typeof parseGraphLine>, line);
  for (const line of ["", " 0)", "fput();", "a-1 [000] 1.0: fput: (fput) file=0x0", " 0)               |    fput("])
    t.is(parseGraphLine(line), undefined, line);
});

test("a call within one line is an entry and a return; ends without a name are those of what is open there", (t) => {
  const reading = read(
    " 0)               |  kvm_gmem_create [kvm]() {",
    " 0)   0.123 us    |    get_unused_fd_flags();",
    " 0)   0.123 us    |    fput();",
    " 0)               |    alloc_inode.isra.0() {",
    " 0)   0.123 us    |      fput.part.0();",
    " 0)   0.123 us    |    }",
    " 0)   5.123 us    |  }",
  );
  t.deepEqual(names(reading), [
    "kvm_gmem_create entry",
    "get_unused_fd_flags entry",
    "get_unused_fd_flags return",
    "fput entry",
    "alloc_inode.isra.0 unknown",
    "fput.part.0 unknown",
    "kvm_gmem_create return",
  ]);
  t.is(reading.report.pairs, 1);
  t.is(reading.report.control, 1);
  t.deepEqual(
    reading.events.map((e) => e.line),
    [1, 2, 2, 3, 4, 5, 7],
  );
});

test("tasks are those that the CPU switched to, each with its own calls open", (t) => {
  const { events } = read(
    " 0)               |  kvm_gmem_create() {",
    " ------------------------------------------",
    " 0)    bash-99     =>  gmemrun-126  ",
    " ------------------------------------------",
    "",
    " 0)               |  kvm_gmem_bind() {",
    " 0)  gmemrun-126   =>   bash-99     ",
    " 0)   5.1 us      |  }",
    " 0)  bash-99   =>   gmemrun-126     ",
    " 0)   5.1 us      |  }",
  );
  t.deepEqual(
    events.map((e) => [e.task.comm, e.operation, e.phase]),
    [
      ["<...>", "kvm_gmem_create", "entry"],
      ["gmemrun", "kvm_gmem_bind", "entry"],
      ["gmemrun", "kvm_gmem_bind", "return"],
    ],
  );
});

test("a probe's event beside the tracer is no marker, and no second call", (t) => {
  const { events } = read(
    " 0)               |  /* iput: (iput+0x4/0x260) inode=0xffff888100b08000 i_count=1 i_nlink=1 sb=0xffff888100a00000 */",
    " 0)               |  /* op: (x) */",
  );
  t.deepEqual(
    events.map((e) => [e.operation, e.phase]),
    [
      ["iput", "unknown"],
      ["tracing_mark_write", "entry"],
    ],
  );
});

test("losses are losses", (t) => {
  const { report, batches } = read(
    "# entries-in-buffer/entries-written: 3/10   #P:1",
    " 0)   0.1 us      |  fput();",
    "CPU:1 [LOST 5 EVENTS]",
    " 0)   0.1 us      |  fput();",
    "##### CPU 1 buffer started ####",
    " 0)   0.1 us      |  fput();",
  );
  t.deepEqual(
    batches.flatMap((b) => b.losses.map((l) => [b.firstSeq + l.index, l.cpu, l.count])),
    [
      [2, 1, 5],
      [3, 1, 0],
    ],
  );
  t.is(report.lost, 7);
});

test("lines that are full of what a line could end or go on with are read as fast as any", (t) => {
  const runs = [" ", " =>", "); ", ") {", ") { /*", "*/", ".isra.1", "/* ", "-", "}"];
  const lines = runs.flatMap((run) =>
    Array.from(
      { length: 30 },
      () =>
        ` 0)     init-1     |   1.0 us   |  f(${run.repeat(Math.floor(65_000 / run.length))}x\n ${run.repeat(Math.floor(65_000 / run.length))}x\n`,
    ),
  );
  const { report } = readAs(graph, lines.join(""));
  t.true(isAccounted(report));
  t.is(report.lines, 600);
});

test("recognised by content", (t) => {
  const detect = (text: string): string => detectFormat(Buffer.from(text, "latin1"), "FILE");
  t.is(detect(unzipped(PATH).subarray(0, 500).toString("latin1")), "function-graph");
  t.is(detect(" 0)   0.123 us    |    fput();\n"), "function-graph");
  t.is(detect("   66.371404 |   0)  gmemrun-126   | + 10.335 us   |    fput();\n"), "function-graph");
});

test("mutated text and bytes that are no text are read to their end, every line accounted for", (t) => {
  const text = unzipped(PATH).toString("latin1").split("\n");
  const around = [...text.slice(0, 20), ...text.slice(1900, 1930), ...text.slice(2510, 2990)].join("\n");
  holdsOnMutations(
    graph,
    Buffer.from(around, "latin1"),
    [" 0)   0.123 us    |    get_unused_fd_flags();\n", "  }\n", "CPU:1 [LOST 5 EVENTS]\n", " | ", "{", "}"],
    RUNS,
  );
  t.pass();
});
