/** `kreel minimise` as users run it. */
import test from "ava";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { failedCreation, fileOf, kreel, recording, RECORDINGS, spawned } from "./run.js";

const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s18-fail-nth.trace.gz`;
const HEALTHY = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
const RACE = `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`;
const inFolder = (name: string): string => join(mkdtempSync(join(tmpdir(), "kreel-")), name);
const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("what is left goes to standard output, in the recording's own lines, and the summary to standard error", async (t) => {
  const { code, out, err } = await kreel(["minimise", BROKEN]);
  t.is(code, 0);
  const whole = new Set(gunzipSync(readFileSync(BROKEN)).toString("utf8").split("\n"));
  t.true(out.split("\n").every((line) => whole.has(line)));
  t.deepEqual(
    linesOf(out).map((line) => /: (\w+): /.exec(line)![1]),
    [
      "module_put",
      "kvm_arch_init_vm",
      "kvm_arch_init_vm_ret",
      "kvm_gmem_create",
      "try_module_get",
      "try_module_get_ret",
      "kvm_gmem_create_ret",
    ],
  );
  t.regex(err, /7 of 2559 events left\n/);
  t.regex(err, /none of the 4 calls that are left can be spared/);
  t.regex(err, /at event 7, in the recording 578, 21\.439680, gmemrun-122/);
  t.regex(err, /4 {2}21\.439626 {2}kvm_gmem_create\(.*\) = -ENOMEM/);
  t.regex(err, /nothing could be told without: 1 module_put/);
});

test("to a file, the summary on standard output; the file replays to the finding", async (t) => {
  const file = inFolder("minimal.trace");
  const { code, out, err } = await kreel(["minimise", BROKEN, "-o", file]);
  t.deepEqual([code, err], [0, ""]);
  t.regex(out, /7 of 2559 events left/);
  const replayed = await kreel(["replay", "--no-tree", file]);
  t.is(replayed.code, 1);
  t.regex(replayed.out, /error: module kvm_amd \[leaked-module-reference\]/);
  t.is(readFileSync(file, "utf8"), (await kreel(["minimise", file])).out);
});

test("as ftrace text, NDJSON and a log: each replays to the finding", async (t) => {
  for (const [to, format] of [
    ["ftrace", "ftrace"],
    ["ndjson", "ndjson"],
    ["log", "kreel-log"],
  ] as const) {
    const file = inFolder(`minimal.${to}`);
    t.is((await kreel(["minimise", BROKEN, "--to", to, "-o", file])).code, 0);
    const { trace, findings } = JSON.parse((await kreel(["replay", "--json", file])).out) as {
      readonly trace: object;
      readonly findings: readonly { readonly rule: string }[];
    };
    t.like(trace, { format, events: 7 });
    t.is(findings[0]?.rule, "leaked-module-reference");
  }
});

test("--json says what was found, what is kept, and where it went", async (t) => {
  const { code, out, err } = await kreel(["minimise", BROKEN, "--json", "--finding", "leaked-module-reference:2"]);
  t.deepEqual([code, err], [0, ""]);
  t.like(JSON.parse(out), {
    kreel: "minimise",
    version: 1,
    trace: { path: BROKEN, format: "ftrace", events: 2559 },
    finding: { rule: "leaked-module-reference", event: 624 },
    shown: { rule: "leaked-module-reference", event: 7 },
    minimal: true,
    units: 4,
    kept: [150, 156, 157, 599, 602, 603, 624],
    witnesses: [1],
  });
  const file = inFolder("minimal.trace");
  t.like(JSON.parse((await kreel(["minimise", BROKEN, "--json", "-o", file])).out), {
    output: { path: file, format: "ftrace" },
  });
  t.is(linesOf(readFileSync(file, "utf8")).length, 7);
});

test("a finding by its event, and a hazard by its rule", async (t) => {
  t.regex((await kreel(["minimise", BROKEN, "--finding", "624"])).err, /in the recording 624/);
  t.regex(
    (await kreel(["minimise", RACE, "--finding", "module-unpinned-early"])).err,
    /hazard: module kvm_amd \[module-unpinned-early\]/,
  );
});

test("standard input is read as often as it takes", async (t) => {
  t.is(spawned(["minimise", "-"], { input: readFileSync(BROKEN) }).out, (await kreel(["minimise", BROKEN])).out);
});

test("no such finding: status 1, and what there is", async (t) => {
  t.deepEqual(await kreel(["minimise", HEALTHY]), { code: 1, out: `${HEALTHY}: no finding\n`, err: "" });
  const other = await kreel(["minimise", BROKEN, "--finding", "use-after-free"]);
  t.is(other.code, 1);
  t.regex(
    other.out,
    /: no finding use-after-free; there are leaked-module-reference \(event 578\), unbalanced-error-path \(event 578\), /,
  );
  const { code, out } = await kreel(["minimise", HEALTHY, "--json"]);
  t.is(code, 1);
  t.like(JSON.parse(out), { kreel: "minimise", trace: { events: 2988 }, finding: null, findings: [], hazards: [] });
});

test("a budget that runs out is said, and what is left still shows the finding", async (t) => {
  const { code, out, err } = await kreel(["minimise", BROKEN, "--budget", "3"]);
  t.is(code, 0);
  t.regex(err, /the budget ran out, and less may do/);
  t.true(linesOf(out).length > 7);
  t.is(spawned(["replay", "-"], { input: out }).code, 1);
});

test("trouble is one line and status 2", async (t) => {
  for (const [args, said] of [
    [["--to", "perfetto"], /^kreel: --to perfetto: one of ftrace, ndjson, log\n$/],
    [["--to", "log"], /^kreel: --to log needs a file: -o FILE\n$/],
    [
      ["--finding", "leaks"],
      /^kreel: --finding leaks: a rule \(leaked-inode, .*\), RULE:N, or the number of an event\n$/,
    ],
    [["--finding", "use-after-free:0"], /^kreel: --finding use-after-free:0: /],
    [["--budget", "none"], /^kreel: --budget none: a number of parts, from 1\n$/],
    [["-o", BROKEN], /^kreel: .*: is the recording itself; give -o another file\n$/],
  ] as const) {
    const { code, out, err } = await kreel(["minimise", BROKEN, ...args]);
    t.deepEqual([code, out], [2, ""]);
    t.regex(err, said);
  }
  t.is((await kreel(["minimise", "nowhere.trace"])).code, 2);
});

test("a text that takes several lines stays whole", async (t) => {
  const named = `${"a\nb".padStart(16)}-1`;
  const leak = failedCreation(named).filter(([, event]) => !event.startsWith("put_unused_fd"));
  const file = fileOf(recording(...failedCreation("other-2"), ...leak));
  const { code, out } = await kreel(["minimise", file]);
  t.is(code, 0);
  t.true(out.includes(`${named} [000]`));
  t.is(spawned(["replay", "-"], { input: out }).code, 1);
});
