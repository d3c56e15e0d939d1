/** Tests that a copy of `per_cpu/cpuN/trace` is read like the one file of all CPUs. */
import { printed } from "../../support/recordings.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { eventAt } from "../../../src/log/event.js";
import { diff } from "../../../src/compare/diff.js";
import { conform } from "../../../src/conform/index.js";
import { kernels } from "../../../src/kernels/index.js";
import { openRecording } from "../../../src/read/recording.js";
import { replay } from "../../../src/replay/replay.js";
import { readScenario } from "../../../src/scenario/parse.js";
import { line, PLAIN, text } from "../helpers.js";
import { byCpu, directoryOf, removeCopies } from "./copies.js";

test.after.always(removeCopies);

const unzip = (path: string): string => gunzipSync(readFileSync(`fixtures/recordings/${path}`)).toString("latin1");
const RACE = "race/linux-7.2-close-rmmod.trace.gz";

/** Returns a document without lines and file names. */
function documentOf(document: object): unknown {
  return JSON.parse(
    JSON.stringify(document, (key, value: unknown) => (["path", "file", "line"].includes(key) ? undefined : value)),
  );
}

for (const path of [
  RACE,
  "linux-7.2/s16-race-close-unbind.trace.gz",
  "linux-6.18/s15-threads-create-close.trace.gz",
  "churn/linux-7.2.trace.gz",
]) {
  test(`${path}, taken apart by CPU, comes to the same document`, async (t) => {
    const directory = directoryOf(byCpu(unzip(path)));
    const [apart, whole] = [await replay(directory), await replay(`fixtures/recordings/${path}`)];
    t.deepEqual(documentOf(printed(apart)), documentOf(printed(whole)));
    t.is(apart.recording.report.skipped, 0);
  });
}

test("a finding names its file, and the line in it", async (t) => {
  const directory = directoryOf(byCpu(unzip(RACE)));
  const { findings } = await replay(directory);
  for (const { file, line: at, time } of findings)
    t.regex(readFileSync(join(directory, file!), "latin1").split("\n")[at! - 1]!, new RegExp(` ${time}: `));
  t.deepEqual(
    findings.map(({ file }) => file),
    ["per_cpu/cpu0/trace"],
  );
});

test("compared with another recording, it is that recording; without lines, which would be of no one file", async (t) => {
  const directory = directoryOf(byCpu(unzip(RACE)));
  const { differences, summary } = await diff(directory, `fixtures/recordings/${RACE}`);
  t.deepEqual(differences, []);
  t.true(summary.operations.same > 20);
  const other = await diff(directory, "fixtures/recordings/linux-7.2/s16-race-close-unbind.trace.gz");
  t.true(other.differences.length > 0);
  t.true(other.differences.every(({ before }) => before?.line === undefined));
});

test("where a kernel does not admit it is named by file and line", async (t) => {
  const directory = directoryOf(byCpu(unzip("broken/leak-module-on-error/s09-enfile.trace.gz")));
  const { verdict, blocked } = await conform(
    directory,
    await readScenario("fixtures/scenarios/linux-6.12/s09-enfile.scn"),
    kernels["linux-6.12-patched"],
  );
  t.is(verdict, "not admitted");
  const [{ file, line: at }] = blocked[0] as [(typeof blocked)[0][0]];
  t.regex(readFileSync(join(directory, file!), "latin1").split("\n")[at! - 1]!, /: put_unused_fd: /);
});

async function eventsOf(path: string): Promise<object[]> {
  const recording = await openRecording(path);
  const events: object[] = [];
  for await (const batch of recording.batches()) {
    for (const { index, cpu, count } of batch.losses) events.push({ lost: count, cpu, before: batch.firstSeq + index });
    for (let i = 0; i < batch.length; i++) {
      const { line: _, ...event } = eventAt(batch, i, points, recording.tables);
      events.push({ ...event, context: batch.context[i] });
    }
  }
  const { report } = recording;
  return [
    ...events,
    {
      skipped: report.skipped,
      malformed: report.malformed,
      continuations: report.continuations,
      control: report.control,
      lost: report.lost,
      unknown: report.unknown,
      cpus: report.cpus,
    },
  ];
}

const body = fc.constantFrom(
  PLAIN,
  "tracing_mark_write: op: gmem",
  "tracing_mark_write: of\ntwo lines",
  'try_module_get: (try_module_get+0x4/0x20) module=0xffffffffa0000000 name="kvm_amd" refcnt=1 state=0',
  "try_module_get: (try_module_get+0x4/0x20) module=0x0 name=(fault) refcnt=7 state=0",
  "nobody_knows: this",
  "kvm_gmem_create_ret: (kvm_vm_ioctl+0x1/0x2 <- kvm_gmem_create) fd=-23",
);
const written = fc.array(
  fc.record({
    cpu: fc.integer({ min: 0, max: 3 }),
    pid: fc.integer({ min: 1, max: 9 }),
    gap: fc.integer({ min: 1, max: 2_000_000 }),
    body,
    lost: fc.option(fc.integer({ min: 1, max: 99 }), { freq: 9 }),
  }),
  { minLength: 4, maxLength: 40 },
);

test("any recording: every event of every CPU, in the order of time, with what was lost before it", async (t) => {
  await fc.assert(
    fc.asyncProperty(written, async (events) => {
      let now = 0;
      const lines = events.flatMap(({ cpu, pid, gap, body: event, lost }) => {
        now += gap;
        return [
          ...(lost === null ? [] : [`CPU:${cpu} [LOST ${lost} EVENTS]`]),
          line(event, { cpu, pid, time: (now / 1e6).toFixed(6) }),
        ];
      });
      const whole = text("# tracer: nop", ...lines);
      const apart = byCpu(whole);
      for (let cpu = 0; cpu < 4; cpu++) apart[`per_cpu/cpu${cpu}/trace`] ??= text("# tracer: nop");
      t.deepEqual(await eventsOf(directoryOf(apart)), await eventsOf(join(directoryOf({ trace: whole }), "trace")));
    }),
    { numRuns: 60 },
  );
});

test("of equal times the lower CPU comes first, and each CPU keeps its order", async (t) => {
  const at = (cpu: number, pid: number): string => line(PLAIN, { cpu, pid });
  const directory = directoryOf({ "cpu1/trace": text(at(1, 3), at(1, 4)), "cpu0/trace": text(at(0, 1), at(0, 2)) });
  const recording = await openRecording(directory);
  for await (const batch of recording.batches())
    t.deepEqual(
      [...batch.task].map((task) => recording.tables.tasks.get(task).pid),
      [1, 2, 3, 4],
    );
});

test("where a buffer overran, what each CPU did before its oldest event is in doubt, as in the kernel's own text", async (t) => {
  const head = "# tracer: nop\n# entries-in-buffer/entries-written: 2/9   #P:2\n";
  const [a, b, c] = [
    line(PLAIN, { cpu: 1, time: "1.0" }),
    line(PLAIN, { cpu: 0, time: "2.0" }),
    line(PLAIN, { cpu: 1, time: "3.0" }),
  ];
  const whole = join(directoryOf({ trace: `${head}${text(a, "##### CPU 0 buffer started ####", b, c)}` }), "trace");
  const apart = directoryOf({
    "per_cpu/cpu0/trace": `# tracer: nop\n# entries-in-buffer/entries-written: 1/1   #P:2\n${text(b)}`,
    "per_cpu/cpu1/trace": `# tracer: nop\n# entries-in-buffer/entries-written: 2/9   #P:2\n${text(a, c)}`,
  });
  const strip = (events: object[]): object[] => events.map((event) => ({ ...event, control: undefined }));
  t.deepEqual(strip(await eventsOf(apart)), strip(await eventsOf(whole)));
});

test("any dialect, and files that are packed", async (t) => {
  const whole = unzip(RACE).replaceAll(/^(.{16}-\S+ +)(\[\d+\]) \S+ /gm, "$1(-------) $2 ");
  const apart = byCpu(whole);
  const packed = Object.fromEntries(Object.entries(apart).map(([name, content]) => [`${name}.gz`, gzipSync(content)]));
  t.deepEqual(
    (await replay(directoryOf(packed))).findings.map(({ rule, event }) => `${rule} ${event}`),
    (await replay(directoryOf(apart))).findings.map(({ rule, event }) => `${rule} ${event}`),
  );
  const perCpu = directoryOf(apart);
  t.is((await replay(join(perCpu, "per_cpu"))).trace.events, (await replay(perCpu)).trace.events);
});

test("what is not there is named", async (t) => {
  const both = byCpu(unzip(RACE));
  const { "per_cpu/cpu0/trace": first, "per_cpu/cpu1/trace": second } = both as Record<string, string>;
  const plain = text(line(PLAIN, { cpu: 0 }));
  for (const [files, what] of [
    [{ README: "nothing" }, /per_cpu\/cpu0\/trace is missing in it/],
    [{ "per_cpu/cpu0/trace": first!, "per_cpu/cpu1/stats": "" }, /per_cpu\/cpu1\/trace is missing/],
    [{ "per_cpu/cpu0/trace": first! }, /per_cpu\/cpu1\/trace is missing/],
    [{ "per_cpu/cpu1/trace": second! }, /per_cpu\/cpu0\/trace is missing/],
    [{ "per_cpu/cpu0/trace": plain, "per_cpu/cpu2/trace": plain }, /per_cpu\/cpu1\/trace is missing/],
    [{ "per_cpu/cpu0/trace": "", "per_cpu/cpu1/trace": second! }, /per_cpu\/cpu0\/trace: the file is empty/],
    [{ "per_cpu/cpu0/trace": first!, "per_cpu/cpu0/trace_pipe_raw": "" }, /there are both .* --from/],
    [{ "per_cpu/cpu0/trace": "prose\n" }, /per_cpu\/cpu0\/trace:1: not a recording/],
    [
      {
        "cpu0/trace": "# tracer: function_graph\n 0)               |  kvm_init() {\n",
        "cpu1/trace": "# tracer: function_graph\n 1)               |  kvm_init() {\n",
      },
      /no times/,
    ],
    [
      { "cpu0/trace": plain, "cpu1/trace": "# tracer: function_graph\n" },
      /cpu0\/trace is ftrace and cpu1\/trace is function-graph/,
    ],
    [{ "cpu0/trace": text(line(PLAIN, { cpu: 1 })) }, /cpu0\/trace:1: an event of CPU 1 in the file of CPU 0/],
  ] as const) {
    const { message } = await t.throwsAsync(replay(directoryOf(files)), { name: "TroubleError" });
    t.regex(message, what);
    t.false(message.includes("\n"));
  }
});
