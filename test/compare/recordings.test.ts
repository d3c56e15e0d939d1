/** Diffs of real kernels: none between two recordings of one kernel, and the patch between two that differ by it. */
import test from "ava";
import { compareHistories } from "../../src/compare/diff.js";
import type { Diff, Difference } from "../../src/compare/types.js";
import { healthyRecordings, nameOf, recordingsOf, scenarioOf, textEvents } from "../support/recordings.js";
import { asTheyAre, history, diffOf, told } from "./histories.js";

const unchanged = (d: Diff): boolean => {
  const { operations: o, results, state } = d.summary;
  return o.added + o.removed + o.replaced + o.reordered + results.changed + state.changed === 0;
};

for (const path of [...healthyRecordings(), ...recordingsOf("linux-7.3", "race", "mistakes", "random")]) {
  test(`a recording is the same as itself: ${nameOf(path)}`, async (t) => {
    const d = await diffOf(path, path);
    t.deepEqual(d.differences.map(told), []);
    t.deepEqual(d.hunks, []);
    t.true(unchanged(d));
    t.true(d.summary.operations.same > 10);
  });
}

const twice = (again: string): string => again.replace("/again/", "/");

for (const again of recordingsOf("again")) {
  test(`two recordings of one kernel are the same, whatever their addresses, CPUs and interleavings: ${nameOf(again)}`, async (t) => {
    for (const [a, b] of [
      [twice(again), again],
      [again, twice(again)],
    ] as const) {
      const d = await diffOf(a, b);
      t.deepEqual(d.differences.map(told), []);
      t.deepEqual(d.hunks, []);
      t.true(unchanged(d));
    }
  });
}

// The patch, and nothing but the patch.

/** Calls that the patch adds, by caller; each where one more file system is set up or taken down. */
const PATCH_ADDS: ReadonlyMap<string, RegExp> = new Map([
  ["kern_mount", /^load /],
  ["kvm_gmem_init_fs_context", /^load /],
  ["init_pseudo", /^load /],
  ["new_inode", /^load /],
  ["vfs_create_mount", /^load /],
  ["deactivate_super", /^(?:un)?load /],
  ["alloc_anon_secure_inode", /^gmem /],
  ...[
    "kvm_gmem_exit",
    "kern_unmount",
    "kill_anon_super",
    "generic_shutdown_super",
    "iput",
    "evict",
    "truncate_inode_pages_final",
    "truncate_inode_pages_range",
    "clear_inode",
    "destroy_inode",
    "__destroy_inode",
  ].map((name) => [name, /^unload /] as const),
]);
const PATCH_REMOVES: ReadonlyMap<string, RegExp> = new Map([["anon_inode_create_getfile", /^gmem /]]);
/** The changes of `stat` on another file system. */
const PATCH_SHOWS =
  /^stat \w+: (?:f_type=9041934 → f_type=474d454d|link=anon_inode:\[kvm-gmem\] → link=\/\[kvm-gmem\] \(deleted\)|dev: that of anonymous inodes → that of kvm_guest_memory|, )+$/;

/** `stays`: the scenario leaves the module loaded. */
function isPatch(d: Difference, stays: boolean): boolean {
  switch (d.kind) {
    case "operation-added":
      return PATCH_ADDS.get(d.operation!)?.test(d.where) ?? false;
    case "operation-removed":
      return PATCH_REMOVES.get(d.operation!)?.test(d.where) ?? false;
    case "result-changed":
      return d.operation === undefined && PATCH_SHOWS.test(d.message);
    case "state-changed":
      // The superblock of each inode, and one superblock, mount and root inode a load.
      if (d.where.startsWith("gmem "))
        return d.object === "inode" && d.message.endsWith("→ on kvm_guest_memory, which guest_memfd mounts itself");
      return (
        /^(?:superblock|mount|inode)s that came to life: \d+ → \d+$/.test(d.message) ||
        (stays && /^(?:superblock|mount|inode)s that live at the end: 0 → 1$/.test(d.message))
      );
    default:
      return false;
  }
}

for (const after of recordingsOf("linux-6.12-patched")) {
  const before = after.replace("linux-6.12-patched", "linux-6.12");
  test(`6.12 against 6.12 with the patch is the patch and nothing else: ${scenarioOf(after)}`, async (t) => {
    const d = await diffOf(before, after);
    const stays = scenarioOf(after) === "s17-exit-with-open-fds";
    for (const difference of d.differences)
      t.true(isPatch(difference, stays), `${told(difference)}: ${difference.message}`);
    const loads = d.differences.filter((x) => x.operation === "kern_mount").length;
    t.true(loads >= 1, "its own mount");
    t.is(d.differences.filter((x) => x.operation === "kern_unmount").length, stays ? 0 : loads, "and its end");
    t.true(
      d.differences.some((x) => x.kind === "state-changed" && x.object === "inode" && x.where.startsWith("gmem ")),
      "an inode of its own superblock",
    );
    t.true(d.differences.every((x) => x.kind !== "finding-introduced" && x.kind !== "finding-fixed"));
    t.is(d.summary.operations.replaced + d.summary.operations.reordered, 0);
    // The first difference of an object that the other lacks is where it is made.
    const mounting = textEvents(after).find(({ name }) => name === "kern_mount")!;
    for (const object of ["superblock", "mount"]) {
      const born = d.differences.find((x) => x.object === object && x.message.includes("that came to life: 0 →"))!;
      t.is(born.before, null);
      t.true(
        born.after!.event >= mounting.seq && born.after!.event <= mounting.seq + 10,
        `${object} at event ${born.after!.event}`,
      );
    }
  });
  test(`and the other way round the patch is undone: ${scenarioOf(after)}`, async (t) => {
    const there = await diffOf(before, after);
    const back = await diffOf(after, before);
    t.is(back.summary.operations.added, there.summary.operations.removed);
    t.is(back.summary.operations.removed, there.summary.operations.added);
    t.is(back.summary.results.changed, there.summary.results.changed);
    t.is(back.differences.length, there.differences.length);
  });
}

// 6.18 against 7.2: the patch as merged, among what else changed.

const between = (scenario: string): Promise<Diff> =>
  diffOf(`fixtures/recordings/linux-6.18/${scenario}.trace.gz`, `fixtures/recordings/linux-7.2/${scenario}.trace.gz`);

for (const path of recordingsOf("linux-7.2")) {
  test(`6.18 against 7.2 has the patch as merged: ${scenarioOf(path)}`, async (t) => {
    const d = await between(scenarioOf(path));
    const found = new Set(d.differences.map((x) => `${x.kind} ${x.operation ?? ""}`));
    for (const name of ["kern_mount", "kvm_gmem_init_fs_context", "kvm_gmem_alloc_inode"])
      t.true(found.has(`operation-added ${name}`), name);
    t.true(found.has("operation-removed anon_inode_create_getfile"));
    t.is(
      d.differences.filter((x) => x.kind === "operation-removed").length,
      d.differences.filter((x) => x.operation === "anon_inode_create_getfile").length,
      "nothing else went",
    );
    for (const x of d.differences.filter((y) => y.kind === "operation-replaced"))
      t.is(x.operation, "kvm_gmem_invalidate_start", "renamed, and nothing else is called instead");
    t.true(d.differences.every((x) => !x.kind.startsWith("finding-")));
  });
}

test("6.18 against 7.2: a range that is taken is EEXIST, no longer EINVAL", async (t) => {
  const d = await between("s07-bad-args");
  const results = d.differences.filter((x) => x.kind === "result-changed" && x.where.startsWith("bind v 2 "));
  t.true(
    results.some((x) => x.operation === undefined && x.message.endsWith("EINVAL → EEXIST")),
    "as user space sees it",
  );
  t.true(
    results.some((x) => x.operation === "kvm_gmem_bind" && x.message.includes("-EINVAL → -EEXIST")),
    "and where it comes from",
  );
  const [where] = results;
  t.true(where!.before !== null && where!.after !== null && where!.before.line !== undefined);
});

test("6.18 against 7.2: pages are invalidated by a function of another name", async (t) => {
  const d = await between("s10-fallocate-punch");
  const replaced = d.differences.filter((x) => x.kind === "operation-replaced");
  t.true(replaced.length >= 2);
  for (const x of replaced) t.regex(x.message, /kvm_gmem_invalidate_begin → kvm_gmem_invalidate_start/);
});

test("6.18 against 7.2: the inode's memory goes back to a cache of guest_memfd's own", async (t) => {
  const d = await between("s01-create-close");
  const freed = d.differences.find((x) => x.operation === "kvm_gmem_free_inode")!;
  t.is(freed.kind, "operation-added");
  t.regex(freed.where, /grace period/);
});

test("hunks show each way of differing once, however often it occurs", async (t) => {
  const before = "fixtures/recordings/churn/linux-6.18.trace.gz";
  const after = "fixtures/recordings/churn/linux-7.2.trace.gz";
  const d = await asTheyAre(before, after);
  t.true(d.differences.length > 5000);
  t.true(d.hunks.length < 12, `${d.hunks.length}`);
  t.true(d.hunks.filter((h) => h.times === 400).length >= 3);
  for (const h of d.hunks) {
    t.true(h.lines.some((line) => line.mark !== "="));
    for (const line of h.lines)
      t.true(
        line.mark === "+"
          ? line.before === null && line.after !== null
          : line.mark === "-"
            ? line.before !== null && line.after === null
            : line.after !== null,
      );
  }
});

test("recordings of 60,000 events are compared in seconds", async (t) => {
  for (const name of ["linux-6.18", "linux-7.2"]) {
    const one = await history(`fixtures/recordings/churn/${name}.trace.gz`);
    const start = process.hrtime.bigint();
    const d = compareHistories(one, one);
    t.true(unchanged(d));
    t.true(d.summary.operations.same > 30_000);
    t.true(process.hrtime.bigint() - start < 15_000_000_000n);
  }
});
