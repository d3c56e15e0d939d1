import test from "ava";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { failedCreation, fileOf, kreel, recording, RECORDINGS, VM, spawned } from "./run.js";

const HEALTHY = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
const FAILING = `${RECORDINGS}/linux-6.12-patched/s09-enfile.trace.gz`;
const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const RACE = `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`;
const BINDING = `${RECORDINGS}/linux-7.2/s04-bind-unbind.trace.gz`;

// eslint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u;

test("a healthy recording: status 0, a summary, the calls, no findings, and nothing on standard error", async (t) => {
  const { code, out, err } = await kreel(["replay", HEALTHY]);
  t.is(code, 0);
  t.is(err, "");
  const lines = out.split("\n");
  t.regex(lines[0]!, /s01-create-close\.trace\.gz: ftrace, \d+ events in [\d.]+ s, \d+ tasks$/);
  const verdict = lines.findIndex((line) => line.startsWith("no findings; judged "));
  t.true(verdict > 0);
  t.true(lines.findIndex((line) => line.includes("kvm_gmem_create(")) > verdict);
  t.notRegex(out, OBEYED);
});

test("a failed creation reads as one: the error's name, and every reference given back by whoever took it", async (t) => {
  const { code, out } = await kreel(["replay", FAILING]);
  t.is(code, 0);
  const from = out.search(/kvm_gmem_create\(.*= -ENFILE/);
  t.true(from > 0);
  const tree = out.slice(from, out.indexOf("# ", from));
  for (const step of [
    /= ERR_PTR\(-ENFILE\)/,
    /module: refcnt (\d+) → \d+, held by kvm_gmem_create/,
    /inode: allocated, i_count 1/,
    /i_count 1 → 0/,
    /module: refcnt \d+ → (\d+), given back by kvm_gmem_create/,
  ])
    t.regex(tree, step);
});

test("the puts by which a release ends are its own, not those of the VM's last put before them", async (t) => {
  const { out } = await kreel(["replay", HEALTHY]);
  const lines = out.slice(out.indexOf("kvm_gmem_release(")).split("\n");
  const depth = (operation: string): number =>
    lines.find((line) => line.includes(`${operation}(`))!.search(/[a-z_]+\(/);
  t.true(depth("kvm_put_kvm") > depth("module_put"));
  t.is(depth("module_put"), depth("dput"));
  t.true(depth("iput") > depth("dput"));
});

test("findings: status 1, where it is as compilers say it, and the evidence", async (t) => {
  const { code, out } = await kreel(["replay", BROKEN]);
  t.is(code, 1);
  const [head] = out.split("\n").filter((line) => line.endsWith("[leaked-module-reference]"));
  t.regex(head!, /^fixtures\/.*s09-enfile\.trace\.gz:\d+: error: module \S+ \[leaked-module-reference\]$/);
  const line = Number(/:(\d+): error/.exec(head!)![1]);
  const text = gunzipSync(readFileSync(BROKEN)).toString().split("\n")[line - 1]!;
  t.regex(text, /kvm_gmem_create_ret: .*fd=-23/);
  t.regex(
    out,
    /\* \d+ {2}[\d.]+ {2}try_module_get returns 1\n +~ refcnt \d+ → \d+, held by kvm_gmem_create\n +\* \d+ {2}[\d.]+ {2}kvm_gmem_create returns -ENFILE/,
  );
});

test("a race: the steps of the two tasks stand side by side, in order, within the width", (t) => {
  const { code, out } = spawned(["replay", "--no-tree", RACE], { env: { COLUMNS: "80" } });
  t.is(code, 1);
  const finding = out.slice(out.indexOf("[module-exit-in-use]"), out.indexOf("[module-unpinned-early]"));
  const lines = finding.split("\n").slice(1);
  const title = lines.find((line) => /\S+-\d+ {3,}\S+-\d+$/.test(line))!;
  const left = lines.find((line) => /\* +\d+ {2}__fput$/.test(line))!;
  const right = lines.find((line) => /\* +\d+ {2}kvm_exit$/.test(line))!;
  t.true(right.indexOf("*") > left.indexOf("*") + 20);
  t.true(lines.indexOf(title) < lines.indexOf(left) && lines.indexOf(left) < lines.indexOf(right));
  t.true(lines.filter((line) => !line.includes("hazard:")).every((line) => line.length <= 80));
});

test("without the tree there are the summary and the findings", async (t) => {
  for (const flag of ["--no-tree", "--summary"]) {
    const { code, out } = await kreel(["replay", flag, BROKEN]);
    t.is(code, 1);
    t.notRegex(out, /get_unused_fd_flags\(/);
    t.regex(out, /\[leaked-module-reference\]/);
  }
});

test("--json: one document with the promised fields, nothing else", async (t) => {
  const { code, out, err } = await kreel(["replay", "--json", BROKEN]);
  t.is(code, 1);
  t.is(err, "");
  const document = JSON.parse(out) as Record<string, unknown> & {
    trace: Record<string, unknown>;
    objects: Record<string, unknown>;
    operations: Record<string, unknown>[];
    findings: Record<string, unknown>[];
  };
  t.is(document["kreel"], "replay");
  t.is(document["version"], 1);
  for (const [name, type] of Object.entries({
    path: "string",
    format: "string",
    events: "number",
    lost: "number",
    skipped: "number",
    tasks: "number",
    seconds: "number",
  }))
    t.true(typeof document.trace[name] === type, name);
  for (const kind of ["inode", "file", "dentry", "mount", "superblock", "module", "vm", "memslot"])
    t.deepEqual(Object.keys(document.objects[kind] as object), ["born", "died", "live"], kind);
  const failed = document.operations.find((o) => o["error"] === "ENFILE")!;
  t.is(failed["name"], "kvm_gmem_create");
  t.is(failed["result"], -23);
  t.deepEqual([typeof failed["event"], typeof failed["task"]], ["number", "string"]);
  const finding = document.findings.find((f) => f["rule"] === "leaked-module-reference")!;
  for (const [name, type] of Object.entries({
    severity: "string",
    object: "string",
    event: "number",
    line: "number",
    time: "string",
    task: "string",
    message: "string",
  }))
    t.true(typeof finding[name] === type, name);
  t.true((finding["evidence"] as number[]).every((e) => Number.isInteger(e)));
  t.true(Array.isArray(document["hazards"]));
});

test("standard input is a recording too, compressed or not", (t) => {
  const bytes = readFileSync(RACE);
  for (const input of [bytes, gunzipSync(bytes)]) {
    const { code, out } = spawned(["replay", "--json", "-"], { input });
    t.is(code, 1);
    t.is((JSON.parse(out) as { trace: { path: string } }).trace.path, "-");
  }
});

test("--at: the state after an event, the same by its time; calls in progress hold what they took", async (t) => {
  const { out: json } = await kreel(["replay", "--json", FAILING]);
  const { event } = (JSON.parse(json) as { operations: { name: string; event: number }[] }).operations.find(
    (o) => o.name === "kvm_gmem_create",
  )!;
  const text = gunzipSync(readFileSync(FAILING)).toString().split("\n");
  const first = text.findIndex((line) => line.includes("tracing_mark_write: ") || /: [a-z_]+: \(/.test(line));
  const time = / (\d+\.\d+): /.exec(text[first + event + 3]!)![1]!;
  const byEvent = await kreel(["replay", "--at", String(event + 4), FAILING]);
  const byTime = await kreel(["replay", "--at", time, FAILING]);
  t.is(byEvent.code, 0);
  t.deepEqual(byTime, byEvent);
  t.regex(byEvent.out, /held by kvm_gmem_create, in progress since event \d+/);
  t.regex(byEvent.out, new RegExp(`calls in progress\n.*\n +kvm_gmem_create, since event ${event}`));
});

test("--at --json is one document", async (t) => {
  const { code, out } = await kreel(["replay", "--at", "1000", "--json", BINDING]);
  t.is(code, 0);
  const state = JSON.parse(out) as { kreel: string; at: { event: number; time: string }; objects: { kind: string }[] };
  t.is(state.kreel, "state");
  t.is(state.at.event, 1000);
  t.true(state.objects.some((o) => o.kind === "module"));
});

test("--at outside the recording is trouble that says what there is", async (t) => {
  for (const [at, said] of [
    ["999999999", /has \d+ events/],
    ["0.000001", /begins later/],
    ["soon", /event number .* time/],
    ["0", /event number/],
  ] as const) {
    const { code, out, err } = await kreel(["replay", "--at", at, HEALTHY]);
    t.is(code, 2);
    t.is(out, "");
    t.regex(err, said);
  }
});

test("--object: every get and put of an object with its owner, and how it ended", async (t) => {
  const { code, out } = await kreel(["replay", "--object", "kvm_amd", HEALTHY]);
  t.is(code, 0);
  t.regex(out, /^module kvm_amd at 0x[0-9a-f]+ {2}\(refcnt\)\n/);
  t.regex(out, / 2 → 3 +try_module_get = 1: held by kvm_gmem_create\n/);
  t.regex(out, / 3 → 2 +module_put: given back by file 0x[0-9a-f#]+\n/);
  t.regex(out, /\nmodule kvm_amd: .*gone at event \d+; refcnt \d+ at first, \d+ gets, \d+ puts\n$/);
  t.is((await kreel(["replay", "--object", "module kvm_amd", HEALTHY])).out, out);
});

test("--object by address: all its lives, or the one that is asked for", async (t) => {
  const churn = recording(
    ...[1, 2].flatMap(
      (k) =>
        [
          ["one-1", `kvm_gmem_create: (kvm_gmem_create+0x4/0x1f0 [kvm]) kvm=${VM} size=${k * 4096} flags=0x0`],
          ["one-1", "alloc_empty_file: (alloc_empty_file+0x4/0x120) flags=0x2"],
          ["one-1", "alloc_empty_file_ret: (alloc_file_pseudo+0x1/0x2 <- alloc_empty_file) file=0xffff888000020000"],
          ["one-1", "kvm_gmem_create_ret: (kvm_vm_ioctl+0x1/0x2 [kvm] <- kvm_gmem_create) fd=5"],
        ] as [string, string][],
    ),
  );
  const path = fileOf(churn);
  t.is((await kreel(["replay", "--object", VM, path])).code, 0);
  const unknown = await kreel(["replay", "--object", "vm 0xffff888000010001", path]);
  t.is(unknown.code, 2);
  t.is(unknown.out, "");
  t.regex(unknown.err, new RegExp(`^kreel: .*there is vm ${VM}`));
});

test("a name that nothing has suggests those that are near", async (t) => {
  const { code, err } = await kreel(["replay", "--object", "kvm_amdd", HEALTHY]);
  t.is(code, 2);
  t.regex(err, /no such object in this recording; there is module kvm_amd,/);
});

test("--focus all shows what guest_memfd has nothing to do with", async (t) => {
  const calls = (out: string): number => out.split("\n").filter((line) => /[a-z_]+\(/.test(line)).length;
  t.true(
    calls((await kreel(["replay", "--focus", "all", HEALTHY])).out) > 2 * calls((await kreel(["replay", HEALTHY])).out),
  );
});

test("nothing that a recording says is obeyed by the terminal, and --json keeps it as it is", async (t) => {
  const task = "\u001b[2J\u202eevil-7";
  const path = fileOf(
    recording([task, "tracing_mark_write: op: \u001b]0;owned\u0007 \u2066x"], ...failedCreation(task)),
  );
  for (const flags of [[], ["--at", "3"], ["--object", VM], ["--focus", "all"]]) {
    const { code, out, err } = await kreel(["replay", ...flags, path]);
    t.is(code, 0, err);
    t.regex(out, /evil-7/);
    t.notRegex(out + err, OBEYED);
  }
  const { out } = await kreel(["replay", "--json", path]);
  t.notRegex(out, OBEYED);
  t.is((JSON.parse(out) as { operations: { task: string }[] }).operations[0]!.task, task);
});

test("lines that are not understood are counted, and the first are shown with their numbers, on standard error", async (t) => {
  const good = recording(...failedCreation("one-1"), ...failedCreation("two-2")).split("\n");
  const lines = [...good.slice(0, 3), ...Array.from({ length: 9 }, (_, k) => `what is this ${k}`), ...good.slice(3)];
  const path = fileOf(lines.join("\n"));
  const { code, out, err } = await kreel(["replay", path]);
  t.is(code, 0);
  t.regex(out.split("\n")[0]!, /9 lines skipped/);
  t.true(err.startsWith(`kreel: ${path}:4: warning: not an event, skipped: what is this 0\nkreel: ${path}:5: `));
  t.regex(err, /9 lines skipped in all; the first 5 are shown\n$/);
  const json = await kreel(["replay", "--json", path]);
  t.is((JSON.parse(json.out) as { trace: { skipped: number } }).trace.skipped, 9);
});

test("events of operations that kreel does not know are named", async (t) => {
  const { err } = await kreel([
    "replay",
    fileOf(recording(["one-1", "sched_switch: prev=1"], ...failedCreation("one-1"))),
  ]);
  t.regex(err, /1 event of operations that kreel does not know: sched_switch \(1\)/);
});

test("the exit of a guest is not that of KVM's module: an event of the kernel's own under a probe's name is told as one", async (t) => {
  const { out, err } = await kreel([
    "replay",
    fileOf(recording(["one-1", "kvm_exit: vcpu 0 reason hlt rip 0xfff0"], ...failedCreation("one-1"))),
  ]);
  t.regex(err, /1 event of operations that kreel does not know: the kernel's own kvm_exit \(1\)/);
  t.notRegex(out, /1 kvm_exit/);
});
