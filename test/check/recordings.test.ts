/** Replays of real kernels: healthy ones have no finding, the others their mistake, at the event that shows it. */
import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { operations } from "../../events/index.js";
import { RULES, type RuleName } from "../../src/check/finding.js";
import { healthyLife, type Variant } from "../support/kernel.js";
import {
  arg,
  HEALTHY,
  healthyRecordings,
  nameOf,
  outOf,
  RECORDINGS,
  recordingsOf,
  replayed,
  type Said,
  scenarioOf,
  type TextEvent,
  textEvents,
  textOf,
} from "../support/recordings.js";
import { replayText } from "../support/script.js";

const said = (r: Pick<Said, "findings">): string[] => r.findings.map((f) => `${f.rule} at ${f.event}`).sort();

const ALSO_HEALTHY = ["linux-7.3", "again", "random", "mistakes/healthy", "churn", "odd-closes", "noexec", "arm64"];

for (const path of [...healthyRecordings(), ...recordingsOf(...ALSO_HEALTHY)]) {
  test(`a healthy kernel's recording has no finding, no unexplained count, no unread line and no half call: ${nameOf(path)}`, async (t) => {
    const r = await replayed(path);
    t.deepEqual(said(r), []);
    t.is(r.counts.unexplained, 0, JSON.stringify(r.counts.shown));
    t.is(r.trace.skipped, 0);
    t.is(r.missing.total, 0, JSON.stringify(r.missing.shown));
    t.is(r.trace.lost, 0);
    const early = r.hazards.filter((h) => h.rule === "module-unpinned-early");
    t.is(early.length, r.hazards.length, "there is one kind of hazard");
    // KVM is no module on arm64.
    if (scenarioOf(path) === "s03-vm-closed-first" && !path.includes("/arm64/"))
      t.is(early.length, 1, "the last reference on the module goes before the inode");
  });
}

for (const kernel of HEALTHY) {
  test(`the window of s03-vm-closed-first opens where the file's release puts the module: ${kernel}`, async (t) => {
    const path = recordingsOf(kernel).find((p) => scenarioOf(p) === "s03-vm-closed-first")!;
    const events = textEvents(path);
    const release = events.findIndex((e) => e.name === "kvm_gmem_release");
    const put = events.slice(release).find((e) => e.name === "module_put" && e.text.includes('"kvm_amd"'))!;
    t.deepEqual(
      (await replayed(path)).hazards.map((h) => [h.rule, h.object, h.event]),
      [["module-unpinned-early", "module kvm_amd", put.seq]],
    );
  });
}

for (const path of recordingsOf("race")) {
  test(`the race: the module is freed while another task is inside the file's last close: ${nameOf(path)}`, async (t) => {
    const events = textEvents(path);
    const release = events.find((e) => e.name === "kvm_gmem_release")!;
    const freed = events.find((e) => e.name === "free_module" && e.seq > release.seq)!;
    const r = await replayed(path);
    t.deepEqual(said(r), [`module-exit-in-use at ${freed.seq}`]);
    const finding = r.findings[0]!;
    t.is(finding.object, "module kvm_amd");
    t.true(finding.message.includes(arg(release, "inode")), "it names the inode that still lives");
    t.true(finding.evidence.length >= 4);
    t.is(new Set(finding.steps.map((s) => s.task)).size, 2, "its steps are those of the two tasks");
    t.is(r.counts.unexplained, 0);
    t.is(r.missing.total, 0);
  });
}

/** The creations that failed, with the references that they took on the module. */
function failedCreations(
  events: readonly TextEvent[],
): { readonly end: number; readonly get: number | undefined; readonly put: boolean }[] {
  return events
    .filter((e) => e.name === "kvm_gmem_create_ret" && arg(e, "fd").startsWith("-"))
    .map((end) => {
      const mine = events.filter((e) => e.task === end.task && e.seq < end.seq);
      const start = mine.findLast((e) => e.name === "kvm_gmem_create")!.seq;
      const inside = mine.filter((e) => e.seq > start);
      return {
        end: end.seq,
        get: inside.find((e) => e.name === "try_module_get_ret")?.seq,
        put: inside.some((e) => e.name === "module_put"),
      };
    });
}

for (const path of recordingsOf("broken/leak-module-on-error")) {
  test(`a kernel that keeps the module when a creation fails is found out at each that does: ${nameOf(path)}`, async (t) => {
    const r = await replayed(path);
    const leaks = failedCreations(textEvents(path)).filter((c) => c.get !== undefined && !c.put);
    t.is(leaks.length > 0, scenarioOf(path) !== "s01-create-close");
    t.deepEqual(
      said(r),
      leaks.flatMap((c) => [`leaked-module-reference at ${c.end}`, `unbalanced-error-path at ${c.end}`]).sort(),
    );
    for (const { get, end } of leaks) {
      const finding = r.findings.find((f) => f.rule === "leaked-module-reference" && f.event === end)!;
      t.is(finding.object, "module kvm_amd");
      t.deepEqual(finding.evidence, [get!, end], "the get that was never put, and the return that shows it");
    }
    t.is(r.trace.skipped + r.missing.total + r.counts.unexplained, 0);
  });
}

for (const path of recordingsOf("broken/no-unmount-on-exit")) {
  test(`a kernel whose module leaves its mount behind is found out when the module is freed: ${nameOf(path)}`, async (t) => {
    const r = await replayed(path);
    const events = textEvents(path);
    const amd = events.find((e) => e.name === "kvm_gmem_init")!;
    const freed = events.find((e) => e.name === "free_module" && arg(e, "module") === arg(amd, "module"))!;
    const mounted = events.find((e) => e.name === "kern_mount_ret")!;
    t.deepEqual(said(r), [`leaked-mount at ${freed.seq}`, `module-exit-in-use at ${freed.seq}`]);
    const leak = r.findings.find((f) => f.rule === "leaked-mount")!;
    t.true(leak.evidence.includes(mounted.seq), "the kern_mount that was never undone");
    t.is(leak.object, `mount ${arg(mounted, "mnt")}`);
    t.is(r.trace.skipped + r.missing.total + r.counts.unexplained, 0);
  });
}

/** The mistakes that `fixtures/README.md` lists, with the rules that it says must report them. */
const TABLE = readFileSync("fixtures/README.md", "utf8")
  .split("\n")
  .flatMap((line) => {
    const match = /^\| `([a-z-]+)` \| [^|]* \| ([^|]*) \|$/.exec(line);
    return match && match[1] !== "healthy"
      ? [
          {
            mistake: match[1]!,
            rules: RULES.filter((rule) => match[2]!.includes(`\`${rule}\``)),
            any: match[2]!.includes(" or "),
          },
        ]
      : [];
  });

test("every mistake that was recorded is in the table, and no other", (t) => {
  const folders = readdirSync(`${RECORDINGS}/mistakes`).filter((name) => name !== "healthy");
  t.deepEqual(TABLE.map((row) => row.mistake).sort(), folders.sort());
});

/**
 * A kernel that never calls kvm_gmem_unbind and a recording without its probe are the same recording, where neither the
 * deletion of the slot nor a file that the unbinding would have put is there to tell them apart.
 */
const UNTOLD = new Set([
  "mistakes/unbind-skipped/s04-bind-unbind",
  "mistakes/unbind-skipped/wide/s05-close-while-bound",
]);

for (const { mistake, rules, any } of TABLE) {
  if (rules.length === 0) {
    test(`what is no mistake of references is no finding: ${mistake}`, async (t) => {
      for (const path of recordingsOf(`mistakes/${mistake}`)) t.deepEqual(said(await replayed(path)), [], nameOf(path));
    });
    continue;
  }
  test(`a recorded mistake is found in each of its scenarios, first of all by a rule that is about it: ${mistake}`, async (t) => {
    const found = new Set<RuleName>();
    for (const path of recordingsOf(`mistakes/${mistake}`)) {
      const { findings, rules: tallies } = await replayed(path);
      if (UNTOLD.has(nameOf(path))) {
        t.deepEqual(said({ findings }), []);
        for (const rule of rules) t.is(tallies.get(rule)!.fine, 0, `${rule} is not fine: nobody can tell`);
        continue;
      }
      const first = findings.filter((f) => f.event === findings[0]?.event).map((f) => f.rule);
      t.true(
        first.some((rule) => rules.includes(rule)),
        `${nameOf(path)}: ${first}`,
      );
      for (const { rule } of findings) found.add(rule);
    }
    const missed = rules.filter((rule) => !found.has(rule));
    t.true(any ? missed.length < rules.length : missed.length === 0, `not found: ${missed}`);
  });
}

test("every broken kernel has a scenario of its own that shows it, and the scenarios come with their outcomes", (t) => {
  for (const path of recordingsOf("broken")) t.true(outOf(path).length > 0, path);
});

for (const variant of ["anonymous", "patched", "merged"] satisfies Variant[]) {
  test(`what no probe shows cannot be missing: a healthy life without any two probes has no finding (${variant})`, async (t) => {
    const life = healthyLife(variant);
    const names = [...new Set(life.lines.map((line) => line.name))].filter((name) => !name.endsWith("_ret"));
    for (const one of names) {
      for (const two of names) {
        if (two < one) continue;
        const r = await life.unseen(one, two).replay();
        if (r.findings.length + r.counts.unexplained > 0) t.fail(`without ${one} and ${two}: ${said(r)}`);
      }
    }
    t.pass();
  });
}

/** Scenarios that together have every kind of operation and every error path. */
const SWEPT = /s03|s04|s09|s12|s18/;

for (const path of healthyRecordings().filter((p) => SWEPT.test(p))) {
  test(`what no probe shows cannot be missing: without any one probe there is no finding, and no count without a reason: ${nameOf(path)}`, async (t) => {
    const lines = textOf(path).split("\n");
    const names = lines.map((line) => /: ([^\s:]+): /.exec(line)?.[1] ?? "");
    const present = new Set(names);
    for (const { name } of Object.values(operations)) {
      if (!present.has(name)) continue;
      const r = await replayText(lines.filter((_, i) => names[i] !== name && names[i] !== `${name}_ret`).join("\n"));
      t.deepEqual(said(r), [], `without ${name}`);
      t.is(r.counts.unexplained, 0, `without ${name}: ${JSON.stringify(r.counts.shown)}`);
    }
  });
}
