/** What is said of arguments that events lack or have under other names, and that it stays with the recording. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { points } from "../../../events/index.js";
import { importRecording } from "../../../src/read/import.js";
import { conclude } from "../../../src/read/conclude.js";
import { ReadReport } from "../../../src/read/report.js";
import { replay, type Replay } from "../../../src/replay/replay.js";
import { spawned } from "../../cli/run.js";
import { directoryOf, removeCopies } from "../directory/copies.js";
import { line } from "../helpers.js";
import { ftrace, readAs } from "../text.js";
import { text } from "./edited.js";

test.after.always(removeCopies);

const CASES = "fixtures/arguments/";
const MODULE = "0xffffffffa0163640";
const PROBE =
  "probe p:gmem/module_put module_put module=%di name=module->name:string refcnt=module->refcnt.counter:s32";

const warnings = (...lines: readonly string[]): readonly string[] => {
  const { report } = readAs(ftrace, text(lines.map((event) => line(event))));
  conclude(report);
  conclude(report);
  return report.warnings;
};
const rules = ({ findings }: Replay): string[] => findings.map(({ rule }) => rule).sort();

test("one sentence for an event: what it lacks, what that means, and the probe that prints it", (t) => {
  const whole = `module_put: (module_put+0x4/0x20) module=${MODULE} name="kvm" refcnt=2`;
  t.deepEqual(warnings(whole), []);
  t.deepEqual(warnings("module_put: (module_put+0x4/0x20)", "module_put: (module_put+0x4/0x20)", whole), [
    `2 events of module_put lack module=, name= and refcnt=: what they are about is not known, as if module_put were not probed; ${PROBE}`,
  ]);
  t.deepEqual(warnings('module_put: (module_put+0x4/0x20) name="kvm" refcnt=2', "module_put: (module_put+0x4/0x20)"), [
    `2 events of module_put lack module=, name= (1) and refcnt= (1): what they are about is not known, as if module_put were not probed; ${PROBE}`,
  ]);
  t.deepEqual(warnings("kvm_gmem_create_ret: (a <- b)"), [
    "1 event of kvm_gmem_create_ret lacks fd=: what it returned is not known, as if kvm_gmem_create_ret were not probed; probe r:gmem/kvm_gmem_create_ret kvm:kvm_gmem_create fd=$retval:s32",
  ]);
  t.deepEqual(
    warnings("ihold: (ihold+0x4/0x20) inode=0xffff888100b08000", "evict: (evict+0x4/0x20) inode=0xffff888100b08000"),
    [
      "1 event of evict lacks nrpages= and 1 event of ihold lacks i_count=: nothing is concluded from what is not there; kreel record --print prints the probes that have it",
    ],
  );
});

test("what the kernel could not read is there", (t) => {
  t.deepEqual(warnings("module_put: (module_put+0x4/0x20) module=0x0 name=(fault) refcnt=-1"), []);
  t.deepEqual(warnings("module_load: kvm "), [], "nor has an event of the kernel's own a probe");
});

test("names that are taken for others are said once for an event", (t) => {
  t.deepEqual(
    warnings(
      `module_put: (module_put+0x4/0x20) mod=${MODULE} name="kvm" refcnt=2`,
      "module_put: (module_put+0x4/0x20) mod=0x0 name=(fault) refcnt=2",
    ),
    ["module_put: mod= is taken for module="],
  );
  t.deepEqual(warnings(`module_put: (module_put+0x4/0x20) arg1=${MODULE} arg2="kvm" arg3=2`), [
    "module_put: arg1= is taken for module=, arg2= for name= and arg3= for refcnt=",
  ]);
  t.deepEqual(warnings(`dput: (dput+0x4/0x20) d=${MODULE}`, "dput: (dput+0x4/0x20) d=7"), [
    "1 event of dput lacks dentry=: what it is about is not known, as if dput were not probed; probe p:gmem/dput dput dentry=%di",
    "dput: d= is taken for dentry=",
    "dput: d= is not dentry= after all (line 2): from there on dentry= is missing, and what it was before is in doubt",
  ]);
});

test("however many events there are, a few sentences say it", (t) => {
  const probes = points.points.flatMap((point) =>
    point?.operation.probe === "kprobe" && point.args.length > 0 ? [point] : [],
  );
  const lacking = warnings(...probes.map(({ event }) => `${event}: (a+0x1/0x2)`));
  t.is(lacking.length, 7);
  t.regex(
    lacking[5]!,
    /^so do events of (?:\w+ \(1\), ){19}\w+ \(1\) and \d\d+ more events, as if those were not probed; kreel record --print/,
  );
  t.regex(lacking[6]!, /^1 event of .* lacks .* and \d+ more operations some, too: nothing is concluded/);
  const taken = warnings(
    ...probes.filter(({ phase }) => phase === "return").map(({ event }) => `${event}: (a+0x1/0x2) arg1=0x0`),
  );
  t.is(taken.length, 6);
  t.regex(taken[5]!, /^arguments have other names also in \w+, .* more events: they are recognised by place or kind$/);
  t.true([...lacking, ...taken].every((sentence) => sentence.length < 800));
});

test("counts and names are kept as they are, add up over files, and a broken one is left out", (t) => {
  const { report } = readAs(
    ftrace,
    text([line("module_put: (a)"), line(`dput: (a) d=${MODULE}`), line("dput: (a) d=7")]),
  );
  const saved = JSON.parse(JSON.stringify(report.saved())) as ReturnType<ReadReport["saved"]>;
  const restored = new ReadReport();
  restored.restore(saved);
  t.deepEqual(restored.arguments.saved(), report.arguments.saved());
  const both = new ReadReport();
  both.add(report, "cpu0");
  both.add(report, "cpu1");
  conclude(both);
  t.deepEqual(both.arguments.saved().lacking, { module_put: { module: 2, name: 2, refcnt: 2 }, dput: { dentry: 2 } });
  t.is(both.warnings.filter((warning) => warning.startsWith("2 events of module_put lack")).length, 1);
  t.regex(both.warnings.join("\n"), /dput: d= is not dentry= after all \(cpu0, line 3\)/);
  for (const broken of [
    1,
    null,
    [],
    { lacking: 1 },
    { lacking: { x: 5, y: { z: -1, a: "b" } }, taken: { x: { y: 1, z: [2] } }, refused: [1, {}, { event: 1 }] },
    { lacking: { ["x".repeat(100)]: { y: 1 } } },
  ]) {
    const other = new ReadReport();
    other.restore({ arguments: broken });
    t.true(other.arguments.isEmpty, JSON.stringify(broken));
  }
});

test("it stays through a log, NDJSON and ftrace's text, from any to any", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const own = join(folder, "own.trace");
  writeFileSync(
    own,
    text([
      line("module_put: (module_put+0x4/0x20)"),
      line(`try_module_get: (try_module_get+0x4/0x20) mod=${MODULE} name="kvm" refcnt=2 state=0`),
      line("kvm_init: (a)"),
    ]),
  );
  const said = async (path: string): Promise<readonly string[]> => (await replay(path)).trace.warnings;
  const expected = await said(own);
  t.is(expected.length, 2);
  const log = join(folder, "own.klog");
  await importRecording(own, log);
  t.deepEqual(await said(log), expected);
  for (const from of [own, log]) {
    for (const format of ["ndjson", "ftrace"]) {
      const to = join(folder, `${format}-of-${from === own ? "text" : "log"}`);
      t.is(spawned(["export", from, "--to", format, "-o", to]).code, 0);
      t.deepEqual(await said(to), expected, to);
      const again = `${to}.klog`;
      await importRecording(to, again);
      t.deepEqual(await said(again), expected, again);
    }
  }
});

test("files of several CPUs learn from one another", async (t) => {
  const ask = "try_module_get: (try_module_get+0x4/0x70) mod=0x0 flag=0x0 name=(fault) refcnt=0 state=0";
  const folder = directoryOf({
    "per_cpu/cpu0/trace": text([
      line(`try_module_get: (try_module_get+0x4/0x70) mod=${MODULE} flag=0x1 name="kvm" refcnt=2 state=0`, {
        cpu: 0,
        time: "1.000000",
      }),
    ]),
    "per_cpu/cpu1/trace": text([line(ask, { cpu: 1, time: "2.000000" })]),
  });
  const { trace } = await replay(folder);
  t.deepEqual(trace.warnings, ["try_module_get: mod= is taken for module="]);
});

test("a leak whose recording has no names is found; a healthy one that lacks arguments has no findings, and is told", async (t) => {
  const named = await replay(`${CASES}catalogue-argument-name.txt`);
  const other = await replay(`${CASES}other-argument-name.txt`);
  t.deepEqual(rules(named), ["leaked-module-reference", "unbalanced-error-path"]);
  t.deepEqual(rules(other), rules(named));
  t.deepEqual(
    other.trace.warnings,
    ["try_module_get: mod= is taken for module=", "module_put: mod= is taken for module="].sort(),
  );
  t.deepEqual(rules(await replay(`${CASES}unnamed-args-broken.txt`)), [
    "leaked-module-reference",
    "unbalanced-error-path",
  ]);
  for (const [name, lacks] of [
    ["noargs-bind-slot", "kvm_gmem_bind lacks slot="],
    ["noargs-module-put", "module_put lacks module="],
  ] as const) {
    const { findings, trace } = await replay(`${CASES}${name}.txt`);
    t.deepEqual(findings, [], name);
    t.is(trace.warnings.length, 1);
    t.true(trace.warnings[0]!.includes(lacks), trace.warnings[0]!);
  }
  const bare = await replay(`${CASES}btf-arg1-returns.txt`);
  t.deepEqual(bare.findings, []);
  t.is(bare.trace.warnings.filter((warning) => warning.includes("arg1= is taken for")).length, 4);
});

test("dialects that are read right have nothing to be said", async (t) => {
  for (const name of ["arrays", "rt7"]) {
    const { trace, findings } = await replay(`${CASES}${name}.txt`);
    t.deepEqual([trace.warnings, trace.skipped, findings], [[], 0, []], name);
  }
});
