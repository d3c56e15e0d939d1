/** Users' modules that run forever, or have stray errors: one line that names them, and status 2. */
import test from "ava";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawned, type Run } from "../cli/run.js";

const IMPATIENT = fileURLToPath(new URL("./impatient.js", import.meta.url));
const SCENARIO = "fixtures/scenarios/linux-6.12/s09-enfile.scn";
/** Milliseconds after which a hanging test is killed; the others take far less. */
const HANGS = 120_000;
const HEAD = 'import { kernels } from "kreel/kernels";\n';
const FUNCTION = "kvm_gmem_create";

function module(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "kreel-")), "mine.mjs");
  writeFileSync(path, HEAD + text);
  return path;
}

/** The function begins on line 3, and does what the kernel's own does after `body`. */
function kernelThat(body: string, before = ""): string {
  return module(
    `export default kernels["linux-6.12"].with("mine", { *${FUNCTION}(...args) {\n  ${body}\n  return yield* kernels["linux-6.12"].functions.${FUNCTION}.apply(this, args);\n} });\n${before}`,
  );
}

function impatient(path: string, limit: number): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [IMPATIENT, path, String(limit)], { timeout: HANGS });
  return { code: status, out: stdout.toString(), err: stderr.toString() };
}

const simulated = (path: string): Run => spawned(["simulate", SCENARIO, "--kernel", path]);

test("code that keeps the thread is broken off, and named with the line that it was at", (t) => {
  for (const [path, said] of [
    [module("let n = 0;\nfor (;;) n++;\n"), /mine\.mjs:3: does not load: its code does not come to an end/],
    [
      module("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);\n"),
      /mine\.mjs:2: does not load: its code does not come to an end/,
    ],
    [
      kernelThat("for (let n = 0; ; n++);"),
      /mine\.mjs:3: a function goes on without taking a step.*, while `gmem g v 64K` \(line 4\)/,
    ],
    [kernelThat("try { for (;;); } finally { for (;;); }"), /mine\.mjs:3: a function goes on without taking a step/],
  ] as const) {
    const { code, out, err } = impatient(path, 300);
    t.is(code, 2, err);
    t.is(out, "");
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  }
});

test("a top-level await that never ends is named", (t) => {
  for (const [path, said] of [
    [
      module("await new Promise(() => {});\n"),
      /^kreel: \S*mine\.mjs: does not load: a top-level await waits for what nothing will bring\n$/,
    ],
    [
      module("setInterval(() => {}, 10);\nawait new Promise(() => {});\n"),
      /^kreel: \S*mine\.mjs: does not load: a top-level await has not ended after 0\.3 s\n$/,
    ],
  ] as const) {
    const { code, out, err } = impatient(path, 300);
    t.is(code, 2);
    t.is(out, "");
    t.regex(err, said);
  }
});

test("a module that takes its time, and a run that takes longer than a step may, are left alone", (t) => {
  const slow = impatient(kernelThat("", "await new Promise((resolve) => setTimeout(resolve, 200));\n"), 60_000);
  t.deepEqual(slow, { code: 0, out: "finished\n", err: "" });
  // Many short steps: together they take longer than one may.
  const long = impatient(
    kernelThat(
      "for (const end = Date.now() + 1500; Date.now() < end; ) { yield* this.mutex_lock(this.system.freed, 'it'); yield* this.mutex_unlock(this.system.freed); }",
    ),
    1000,
  );
  t.deepEqual(long, { code: 0, out: "finished\n", err: "" });
});

test("what is thrown when nobody expects it is one line", (t) => {
  for (const [path, said] of [
    [
      kernelThat("", "setTimeout(() => { throw new Error('late'); }, 0);\n"),
      /mine\.mjs:6: threw in a timer, or in a promise that nobody awaits: late/,
    ],
    [kernelThat("", "Promise.reject(new TypeError('no\\nbody'));\n"), /mine\.mjs:6: threw .*: TypeError: no\\x0abody/],
    [kernelThat("", "Promise.reject(5);\n"), /mine\.mjs: threw .*: 5/],
    [kernelThat("setImmediate(() => { null.x; });"), /mine\.mjs:3: threw .*: TypeError: /],
    [kernelThat("Promise.reject(new Error('begun'));"), /mine\.mjs:3: threw .*: begun/],
    [kernelThat("throw Object.create(null);"), /kernel mine: something that has no words, while/],
    [kernelThat("throw Object.assign(new Error('x'), { stack: 5, name: 5 });"), /kernel mine: 5: x, while/],
    [kernelThat("process.exit(0);"), /mine\.mjs: ends the process \(process\.exit\) before the command is done/],
    [module("process.exit(0);\n"), /mine\.mjs: ends the process/],
  ] as const) {
    const { code, err } = simulated(path);
    t.is(code, 2, err);
    t.regex(err, /^kreel: [^\n]+\n$/);
    t.regex(err, said);
  }
});

test("every command that takes a kernel ends so", (t) => {
  const late = kernelThat("Promise.reject(new Error('begun'));");
  const recording = "fixtures/recordings/linux-6.12/s09-enfile.trace.gz";
  for (const args of [
    ["simulate", SCENARIO, "--kernel", late, "--fail", "all", "--json"],
    ["diff", "--scenario", SCENARIO, "linux-6.12", late],
    ["conform", recording, SCENARIO, "--kernel", late],
    ["ui", SCENARIO, "--kernel", late],
  ]) {
    const { code, err } = spawned(args);
    t.is(code, 2, args[0]);
    t.regex(err, /^kreel: \S*mine\.mjs:3: threw in a timer, or in a promise that nobody awaits: begun\n$/m, args[0]);
    t.notRegex(err, /^\s+at /m, args[0]);
  }
});
