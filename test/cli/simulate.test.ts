import test from "ava";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diff } from "../../src/compare/diff.js";
import { type KernelDefinition, kernels } from "../../src/kernels/index.js";
import { replay, replayRecording } from "../../src/replay/replay.js";
import { readScenario } from "../../src/scenario/parse.js";
import type { Scenario } from "../../src/scenario/types.js";
import { Scheduler } from "../../src/simulate/scheduler.js";
import { boot } from "../../src/workload/boot.js";
import { simulate } from "../../src/workload/simulate.js";
import { HEALTHY, RECORDINGS } from "../support/recordings.js";
import { fileOf, kreel, spawned } from "./run.js";

const SCENARIOS = "fixtures/scenarios";
const ENFILE = `${SCENARIOS}/linux-6.12/s09-enfile.scn`;
const THREADS = `${SCENARIOS}/linux-6.12/s15-threads-create-close.scn`;

/** 6.12 binds only to VMs of a type of its own, so its scenarios ask for one. */
function scenarioFor(kernel: string, name: string): string {
  const own = join(SCENARIOS, "linux-6.12", `${name}.scn`);
  return kernel.startsWith("linux-6.12") && existsSync(own) ? own : join(SCENARIOS, `${name}.scn`);
}

/** The lines of an `.out`, without numbers that the kernel chooses and leftovers of fault injection. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line !== "" && !line.includes("fail-nth left"))
    .map((line) => line.replaceAll(/ (?:dev|ino)=\w+/g, ""));
}

function threadOf(line: string, { lines }: Scenario): string | undefined {
  return lines.find(({ text }) => line.startsWith(`${text} = `))?.thread;
}

/** By thread, the results in order. */
function byThread(lines: readonly string[], scenario: Scenario): object {
  const of: Record<string, string[]> = {};
  for (const line of lines) (of[threadOf(line, scenario) ?? ""] ??= []).push(line);
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every order in which threads can carry out their lines, one at a time. */
function* orders(counts: ReadonlyMap<string, number>): Generator<readonly string[]> {
  if (![...counts.values()].some((n) => n > 0)) yield [];
  for (const [thread, n] of counts)
    if (n > 0) for (const rest of orders(new Map(counts).set(thread, n - 1))) yield [thread, ...rest];
}

/** A run in which threads carry out a line at a time, in this order as far as locks allow. */
function inOrder(definition: KernelDefinition, scenario: Scenario, order: readonly string[]): string[] {
  const { machine } = boot(definition, scenario);
  const scheduler = new Scheduler(machine);
  const output: string[] = [];
  machine.listener = (_, { operation, args }) => {
    const text = operation === "tracing_mark_write" ? String(args!["text"]) : "";
    if (text.startsWith("ret: ")) output.push(text.slice("ret: ".length));
  };
  const started = (): boolean =>
    new Set(order).size ===
    new Set(machine.tasks.map(({ program }) => program.comm).filter((comm) => order.includes(comm))).size;
  const any = (): boolean => {
    const next = scheduler.next();
    if (next !== undefined) machine.step(machine.tasks[next]!);
    return next !== undefined;
  };
  while (!started() && any());
  for (const thread of order) {
    const task = machine.tasks.find(({ program }) => program.comm === thread)!;
    for (const segment = task.segment; task.segment === segment && machine.enabled(task); ) machine.step(task);
  }
  while (any());
  return output;
}

for (const kernel of HEALTHY) {
  test(`${kernel}: every scenario prints what the recorded kernel printed`, async (t) => {
    const outs = readdirSync(join(RECORDINGS, kernel)).filter((file) => file.endsWith(".out"));
    t.true(outs.length >= 16);
    for (const file of outs) {
      const scenario = await readScenario(scenarioFor(kernel, file.slice(0, -".out".length)));
      const recorded = comparable(readFileSync(join(RECORDINGS, kernel, file), "utf8").split("\n"));
      const racing = recorded.flatMap((line) => threadOf(line, scenario) ?? []);
      if (racing.length === 0) {
        t.deepEqual(
          comparable([...simulate(kernels[kernel], scenario).output, "exit=0"]),
          recorded,
          `${kernel} ${file}`,
        );
        continue;
      }
      // The order of racing threads is chance: some schedule gives each thread its recorded results.
      const wanted = JSON.stringify(byThread(recorded, scenario));
      const counts = new Map(racing.map((thread) => [thread, racing.filter((other) => other === thread).length]));
      const found = [racing, ...orders(counts)].some(
        (order) =>
          JSON.stringify(byThread(comparable([...inOrder(kernels[kernel], scenario, order), "exit=0"]), scenario)) ===
          wanted,
      );
      t.true(found, `${kernel} ${file}`);
    }
  });
}

test("the command prints the lines of the .out file and nothing else", async (t) => {
  const { code, out, err } = await kreel(["simulate", ENFILE, "--kernel", "custom-inode"]);
  t.is(code, 0);
  t.is(err, "");
  t.is(out, readFileSync(`${RECORDINGS}/linux-6.12-patched/s09-enfile.out`, "utf8"));
  t.is(spawned(["simulate", "-", "--kernel", "anon-inode"], { input: readFileSync(ENFILE) }).out, out);
});

test("a hazard is no finding: it goes to standard error", async (t) => {
  const { code, out, err } = await kreel(["simulate", `${SCENARIOS}/s03-vm-closed-first.scn`, "--kernel", "linux-7.2"]);
  t.is(code, 0);
  t.notRegex(out, /hazard/);
  t.regex(err, /s03-vm-closed-first\.scn:\d+: hazard: module kvm_amd \[module-unpinned-early\]/);
});

test("findings follow the lines, at the line of the scenario, with their evidence", async (t) => {
  const { code, out } = spawned(["simulate", ENFILE, "--kernel", "./examples/forgets-module-put.js"]);
  t.is(code, 1);
  t.regex(
    out,
    /^load kvm = 0\n[^]*\nexit=0\n\nfixtures\/scenarios\/linux-6\.12\/s09-enfile\.scn:8: error: module kvm_amd \[leaked-module-reference\]\n {4}at event \d+, [\d.]+, scenario-100\n/,
  );
  t.regex(out, /\* \d+ {2}[\d.]+ {2}try_module_get returns 1\n/);
});

test("the log is a recording: replay finds what simulate found, diff finds nothing", async (t) => {
  const log = join(mkdtempSync(join(tmpdir(), "kreel-")), "log");
  for (const [kernel, findings] of [
    ["linux-7.2", 0],
    ["./examples/forgets-module-put.js", 1],
  ] as const) {
    const path = kernel === "linux-7.2" ? `${SCENARIOS}/s04-bind-unbind.scn` : ENFILE;
    t.is(spawned(["simulate", path, "--kernel", kernel, "--log", log]).code, findings);
    const text = readFileSync(log, "utf8");
    for (const line of ["# simulated by kreel\n", `# scenario: ${path}\n`, "# kernel: ", "# choices: scenario×"])
      t.true(text.includes(line), line);
    t.is((await kreel(["replay", "--no-tree", log])).code, findings);
    t.is((await kreel(["diff", log, log])).code, 0);
  }
  const simulation = simulate(kernels["linux-7.2"], await readScenario(`${SCENARIOS}/s04-bind-unbind.scn`));
  const direct = await replayRecording(simulation.recording);
  await kreel(["simulate", `${SCENARIOS}/s04-bind-unbind.scn`, "--kernel", "linux-7.2", "--log", log]);
  const { trace, objects, operations } = await replay(log);
  t.is(trace.format, "ftrace");
  t.is(trace.events, direct.trace.events);
  t.deepEqual([trace.skipped, trace.unknown, trace.warnings], [0, 0, []]);
  t.deepEqual(objects, direct.objects);
  t.deepEqual(operations, direct.operations);
  t.deepEqual(
    (await diff(log, simulate(kernels["linux-7.2"], await readScenario(`${SCENARIOS}/s04-bind-unbind.scn`)).recording))
      .differences,
    [],
  );
});

test("a seed picks a schedule, and its choices repeat it", async (t) => {
  const run = (...args: string[]) => kreel(["simulate", THREADS, "--kernel", "anon-inode", ...args]);
  const outputs = new Set<string>();
  for (const seed of ["1", "2", "3", "4"]) {
    const first = await run("--seed", seed);
    t.is(first.code, 0);
    const [, choices] = /^choices: (.+)\n$/.exec(first.err) ?? [];
    t.regex(choices!, /^scenario×\d+ .*\bta×\d+.*\btb×\d+/);
    const again = await run("--choices", choices!);
    t.is(again.out, first.out);
    t.is(again.err, "");
    t.is((await run("--choices", choices!.replaceAll("×", "*"))).out, first.out);
    outputs.add(first.out);
  }
  t.true(outputs.size > 1);
});

test("children share the name of the process, with a number; callbacks run as rcu", async (t) => {
  const { err } = await kreel(["simulate", `${SCENARIOS}/s13-fork.scn`, "--kernel", "linux-7.2", "--seed", "7"]);
  t.regex(err, /\bscenario\.2×\d+/);
  t.regex(err, /\brcu×\d+/);
  const [, choices] = /^choices: (.+)$/m.exec(err) ?? [];
  t.is(
    (await kreel(["simulate", `${SCENARIOS}/s13-fork.scn`, "--kernel", "linux-7.2", "--choices", choices!])).code,
    0,
  );
});

test("one document as JSON", async (t) => {
  const { code, out, err } = await kreel(["simulate", ENFILE, "--kernel", "custom-inode", "--json"]);
  t.is(code, 0);
  t.is(err, "");
  const document = JSON.parse(out) as { output: { text: string }[]; events: number; steps: number } & Record<
    string,
    unknown
  >;
  t.deepEqual(Object.keys(document), [
    "kreel",
    "version",
    "kernel",
    "scenario",
    "output",
    "findings",
    "hazards",
    "choices",
    "ending",
    "steps",
    "events",
  ]);
  t.like(document, {
    kreel: "simulate",
    version: 1,
    kernel: "linux-6.12-patched",
    scenario: ENFILE,
    findings: [],
    ending: { type: "finished" },
  });
  t.deepEqual(document.output[4] as object, {
    line: 5,
    operation: "refcnt kvm_amd",
    result: 0,
    text: "refcnt kvm_amd = 0 refcnt=2",
  });
  t.like(document.output[7], { line: 8, operation: "gmem h v 64K", result: -1, error: "ENFILE" });
  t.true(document.steps > document.events && document.events > 200);
  const wrong = JSON.parse(
    spawned(["simulate", ENFILE, "--kernel", "./examples/forgets-module-put.js", "--json"]).out,
  ) as { findings: object[] };
  t.like(wrong.findings[0], { rule: "leaked-module-reference", line: 8, object: "module kvm_amd" });
});

test("without guest_memfd the ioctl is refused", async (t) => {
  for (const option of ["CONFIG_KVM_PRIVATE_MEM=n", "CONFIG_KVM_GUEST_MEMFD=n"]) {
    t.regex(
      (await kreel(["simulate", `${SCENARIOS}/s01-create-close.scn`, "--kernel", "linux-6.18", "--config", option]))
        .out,
      /^gmem g v 2M = -1 ENOTTY$/m,
    );
  }
  t.regex(
    (
      await kreel([
        "simulate",
        `${SCENARIOS}/s01-create-close.scn`,
        "--kernel",
        "linux-6.18",
        "--config",
        "CONFIG_KVM_GUEST_MEMFD=y",
      ])
    ).out,
    /^gmem g v 2M = \d$/m,
  );
});

test("with slub_debug a cache of 7.2 is destroyed while an inode of it waits for RCU", async (t) => {
  const load = (...config: readonly string[]) =>
    kreel([
      "simulate",
      fileOf("load kvm\nload kvm-amd\n", "load.scn"),
      "--kernel",
      "linux-7.2",
      "--fail",
      "all",
      ...config,
    ]);
  const { code, out } = await load("--config", "CONFIG_SLUB_DEBUG_ON=y");
  t.is(code, 1);
  t.is(out.match(/\[cache-destroyed-in-use\]/g)?.length, 2);
  t.regex(out, /, 2 findings\n$/);
  for (const shipped of [await load(), await load("--config", "CONFIG_SLUB_DEBUG_ON=n")]) {
    t.is(shipped.code, 0);
    t.regex(shipped.out, /, 0 findings\n$/);
  }
});

test("tasks that wait for ever are a deadlock", async (t) => {
  const { code, out } = spawned([
    "simulate",
    fileOf("load kvm\nload kvm-amd\nvm v\ngmem g v 64K\nallocate g 0 64K\n", "stuck.scn"),
    "--kernel",
    "./fixtures/kernels/keeps-the-lock.js",
  ]);
  t.is(code, 1);
  t.regex(out, /\nkreel: deadlock: scenario waits for \S[^\n]*\n$/);
  t.notRegex(out, /exit=0/);
});

test("one fault at a time, or all of them", async (t) => {
  const all = await kreel(["simulate", ENFILE, "--kernel", "custom-inode", "--fail", "all"]);
  t.is(all.code, 0);
  t.is(all.err, "");
  t.regex(
    all.out,
    /^4: gmem g v 64K = 5\n(?: +\d+ +alloc_fd[^\n]*\n)+ +(\d+) +kzalloc\(sizeof\(\*gmem\)\) +ENOMEM +[^\n]*= -1 ENOMEM/m,
  );
  t.regex(all.out, /\n\d+ faults, 0 findings\n$/);
  const [, number] = /(\d+) +kzalloc\(sizeof\(\*gmem\)\)/.exec(all.out) ?? [];
  const one = await kreel(["simulate", ENFILE, "--kernel", "custom-inode", "--fail", `${number}=ENOMEM`]);
  t.regex(one.out, /^gmem g v 64K = -1 ENOMEM$/m);
  t.is(one.err, `kreel: fault ${number}: kzalloc(sizeof(*gmem)) fails with ENOMEM in \`gmem g v 64K\` (line 4)\n`);
  const wrong = spawned([
    "simulate",
    `${SCENARIOS}/linux-6.12/s01-create-close.scn`,
    "--kernel",
    "./examples/forgets-module-put.js",
    "--fail",
    "all",
  ]);
  t.is(wrong.code, 1);
  t.regex(wrong.out, /! module kvm_amd \[leaked-module-reference\] at line 6\n/);
  t.regex(wrong.out, /\n\d+ faults, [1-9]\d* findings\n$/);
  const document = JSON.parse(
    (await kreel(["simulate", ENFILE, "--kernel", "custom-inode", "--fail", "all", "--json"])).out,
  ) as { faults: object[]; summary: { faults: number } };
  t.is(document.faults.length, document.summary.faults);
  t.like(document.faults[0], {
    fault: 1,
    line: 1,
    error: "EMFILE",
    changed: true,
    outcome: { result: -1, error: "EMFILE" },
  });
});

test("trouble is one line", async (t) => {
  const trouble = async (args: readonly string[], said: RegExp): Promise<void> => {
    const { code, out, err } = await kreel(["simulate", ...args]);
    const what = args.join(" ");
    t.is(code, 2, what);
    t.is(out, "", what);
    t.regex(err, /^kreel: [^\n]+\n$/, what);
    t.regex(err, said, what);
  };
  const on = (...args: string[]): string[] => [THREADS, "--kernel", "anon-inode", ...args];
  await trouble([THREADS], /--kernel/);
  await trouble(
    [THREADS, "--kernel", "linux-5.10"],
    /no kernel linux-5\.10: there is linux-6\.12, .*a module that exports one/,
  );
  await trouble(["none.scn", "--kernel", "anon-inode"], /none\.scn: no such file/);
  await trouble(
    [fileOf("load kvm\ngmen g v\n", "x.scn"), "--kernel", "anon-inode"],
    /x\.scn:2: unknown operation "?gmen"?; did you mean gmem/,
  );
  await trouble(on("--config", "CONFIG_KVM=n"), /CONFIG_KVM_PRIVATE_MEM/);
  await trouble(on("--seed", "x"), /--seed x: a number/);
  await trouble(on("--choices", "scenario"), /--choices: scenario: a task and how many steps/);
  await trouble(on("--choices", "scenario×3 tz×2"), /choice 2, tz×2: no task of that name.*there is scenario, rcu/);
  await trouble(on("--choices", "scenario×100000"), /choice 1, scenario×100000: scenario waits, or is over/);
  await trouble(on("--fail", "some"), /--fail some: all, the number/);
  await trouble(on("--fail", "9999"), /the run has \d+ faults/);
  await trouble(on("--fail", "1=EWHAT"), /EWHAT is no error of Linux/);
  await trouble(on("--fail", "1=EPERM"), /fails with EMFILE or ENOMEM only/);
  await trouble(on("--fail", "all", "--log", "x"), /many runs/);
  await trouble(on("--log", "/nowhere/log"), /\/nowhere\/log: cannot be written \(ENOENT\)/);
});
