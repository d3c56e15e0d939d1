/**
 * Two recordings of which one shows less: missing evidence is no difference. A recording against itself without some
 * probes is the same as far as it can be compared, and the differences of two kernels stay, whatever else is missing.
 */
import test from "ava";
import fc from "fast-check";
import { points } from "../../events/index.js";
import { diff } from "../../src/compare/diff.js";
import type { Diff } from "../../src/compare/types.js";
import { fileOf } from "../cli/run.js";
import { batchesOf, nameOf, RECORDINGS, textOf } from "../support/recordings.js";
import { diffOf, told } from "./histories.js";
import { diffWithLess, operationsIn } from "./less.js";

const of = (name: string): string => `${RECORDINGS}/${name}.trace.gz`;
/** Error paths, bindings, a race, a fork; before and after the patch, and a kernel that no table knows. */
const ALONE = [
  "linux-6.12-patched/s09-enfile",
  "linux-7.2/s04-bind-unbind",
  "linux-6.18/s06-vm-teardown-with-slots",
  "linux-7.3/s13-fork",
].map(of);
const PAIRS = [
  ["linux-6.12/s09-enfile", "linux-6.12-patched/s09-enfile"],
  ["linux-6.18/s04-bind-unbind", "linux-7.2/s04-bind-unbind"],
  ["linux-7.2/s04-bind-unbind", "linux-7.3/s04-bind-unbind"],
].map(([before, after]) => [of(before!), of(after!)] as const);

/** Operations without any effect that is recorded: never called and never probed look the same. */
const TRACELESS = new Set([
  "init_pseudo",
  "kvm_arch_destroy_vm",
  "kvm_gmem_destroy_inode",
  "kvm_gmem_free_inode",
  "kvm_gmem_invalidate_begin",
  "kvm_gmem_invalidate_start",
  "kvm_gmem_unbind",
  "misc_deregister",
  "security_inode_init_security_anon",
]);

const differing = (d: Diff): string[] => d.differences.map((x) => x.operation ?? told(x));

for (const path of ALONE) {
  test(`any one operation: against itself without it, a recording is the same, or that operation alone is told: ${nameOf(path)}`, async (t) => {
    let k = 0;
    for (const [name, ids] of operationsIn(await batchesOf(path))) {
      const from = k++ % 2 === 0 ? "before" : "after";
      const d = await diffWithLess(path, path, { from, points: new Set(ids) });
      t.deepEqual(
        differing(d).filter((operation) => operation !== name || !TRACELESS.has(name)),
        [],
        name,
      );
      // The omission is reported, in one line, and nothing else.
      t.true(d.incomparable.length <= 1, name);
      t.true(
        d.incomparable.every(({ operation, missing }) => operation === name && missing === from),
        name,
      );
    }
  });

  test(`any one operation that its head says was refused: the same: ${nameOf(path)}`, async (t) => {
    for (const [name, ids] of operationsIn(await batchesOf(path))) {
      if (!TRACELESS.has(name)) continue;
      const d = await diffWithLess(path, path, { from: "after", points: new Set(ids), remarked: true });
      t.deepEqual(d.differences.map(told), [], name);
      t.deepEqual(
        d.incomparable.map(({ operation, reason }) => `${operation} ${reason}`),
        [`${name} refused`],
      );
    }
  });

  // Always the same sets: of 800 others, two led to differences, since the probes for every effect of an operation were
  // hidden with it.
  test(`sets of operations: the same as far as it can be compared: ${nameOf(path)}`, async (t) => {
    const operations = [...operationsIn(await batchesOf(path)).values()];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("before" as const, "after" as const),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 0, max: 99 })),
        fc.integer({ min: 5, max: 40 }),
        async (from, remarked, chances, share) => {
          const hidden = new Set(operations.filter(() => (chances.next().value as number) < share).flat());
          const d = await diffWithLess(path, path, { from, points: hidden, remarked });
          const names = new Set([...hidden].map((id) => points.points[id]!.operation.name));
          const wrong = differing(d).filter(
            (operation) => remarked || !TRACELESS.has(operation) || !names.has(operation),
          );
          if (wrong.length > 0)
            throw new Error(
              `${wrong.join(", ")} without ${[...hidden].map((id) => points.points[id]!.event).join(" ")}`,
            );
        },
      ),
      { numRuns: 12, seed: 20261201 },
    );
    t.pass();
  });

  test(`any one return, any one argument: the same, and said: ${nameOf(path)}`, async (t) => {
    for (const ids of operationsIn(await batchesOf(path)).values()) {
      for (const id of ids) {
        const { event, phase, args } = points.points[id]!;
        if (phase === "return") {
          const d = await diffWithLess(path, path, { from: "after", points: new Set([id]) });
          t.deepEqual(d.differences.map(told), [], event);
          t.true(
            d.incomparable.every(({ reason }) => reason === "returns"),
            event,
          );
        } else if (args.length > 1) {
          const d = await diffWithLess(path, path, {
            from: "after",
            arguments: new Map([[id, (1 << args.length) - 1]]),
          });
          t.deepEqual(d.differences.map(told), [], event);
          t.true(
            d.incomparable.every(
              ({ reason, operation }) => reason === "argument" && operation === points.points[id]!.operation.name,
            ),
            event,
          );
        }
      }
    }
  });
}

for (const [before, after] of PAIRS) {
  test(`property: what two kernels do differently is told without any one operation too, and no more: ${nameOf(before)} and ${nameOf(after)}`, async (t) => {
    const known = new Set(
      (await diffOf(before, after)).differences.map((d) => `${d.kind} ${d.operation ?? d.object ?? ""}`),
    );
    const [there, here] = [operationsIn(await batchesOf(before)), operationsIn(await batchesOf(after))];
    const names = [...new Set([...there.keys(), ...here.keys()])].filter((name) => name !== "tracing_mark_write");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("before" as const, "after" as const),
        fc.constantFrom(...names),
        async (from, name) => {
          const ids = (from === "before" ? there : here).get(name);
          if (!ids) return;
          const d = await diffWithLess(before, after, { from, points: new Set(ids) });
          // Another operation may seem to replace it.
          const wrong = d.differences.filter(
            (x) =>
              !known.has(`${x.kind} ${x.operation ?? x.object ?? ""}`) &&
              x.operation !== name &&
              x.kind !== "operation-replaced" &&
              !x.operation?.startsWith("kvm_gmem_invalidate_"),
          );
          if (wrong.length > 0) throw new Error(`${wrong.map(told).join("; ")}, without ${name} ${from}`);
        },
      ),
      // Only its creation showed whose a dentry is.
      { numRuns: 25, examples: [["before", "kvm_gmem_create"]] },
    );
    t.pass();
  });
}

test("a function that a release has inlined is one line, however often the other calls it", async (t) => {
  for (const scenario of ["s10-fallocate-punch", "s11-mmap-touch"]) {
    const d = await diffOf(of(`linux-6.18/${scenario}`), of(`linux-7.2/${scenario}`));
    t.false(d.differences.some(({ operation }) => operation === "kvm_gmem_get_folio"));
    const [line, ...more] = d.incomparable;
    t.deepEqual(more, []);
    t.like(line, { reason: "inlined", missing: "before", operation: "kvm_gmem_get_folio" });
    t.true(line!.times > 10 && line!.first!.event > 1000);
    t.true(
      d.differences.some(({ operation }) => operation === "kvm_gmem_alloc_inode"),
      "and what 7.2 has is there",
    );
  }
});

test("memslots are not fewer because the functions that bind them are new", async (t) => {
  for (const scenario of ["s04-bind-unbind", "s16-race-close-unbind"]) {
    const d = await diffOf(of(`linux-7.2/${scenario}`), of(`linux-7.3/${scenario}`));
    t.deepEqual(
      d.differences.filter(({ kind }) => kind === "state-changed"),
      [],
    );
    t.deepEqual(
      d.incomparable.map(({ operation, missing, reason }) => `${operation} ${missing} ${reason}`),
      ["kvm_gmem_bind after hidden"],
    );
    // 7.3 takes the file no longer when it unbinds.
    t.deepEqual(
      [...new Set(d.differences.map(({ kind, operation }) => `${kind} ${operation}`))],
      scenario.startsWith("s04") ? ["operation-removed fput"] : [],
    );
  }
});

test("where the new functions are probed, they are what came in its place", async (t) => {
  const d = await diffOf(of("recorded/linux-7.2/s04-bind-unbind"), of("recorded/linux-7.3/s04-bind-unbind"));
  t.true(
    d.differences.some(
      ({ kind, message }) =>
        kind === "operation-replaced" && message.includes("kvm_gmem_bind → kvm_gmem_prepare_memory_region"),
    ),
  );
  t.deepEqual(d.incomparable, []);
});

test("nothing is left out where both show the same", async (t) => {
  for (const name of ["linux-6.18/s04-bind-unbind", "linux-7.2/s09-enfile"])
    t.deepEqual((await diffOf(of(name), of(`again/${name}`))).incomparable, []);
  t.deepEqual(
    (await diffOf(of("linux-6.12/s01-create-close"), of("linux-6.12-patched/s01-create-close"))).incomparable,
    [],
  );
});

test("what was probed for certain and is never called is a difference, whatever else is there", async (t) => {
  // Both were recorded with one list, and nothing was refused.
  const path = of("linux-6.18/s09-enfile");
  const head =
    "# tracer: nop\n# kreel record: 1\n# kreel kvm: there before the probes were set\n# kreel probes: 100 set\n";
  const text = textOf(path);
  const without = text.replaceAll(/^.*: anon_inode_create_getfile(?:_ret)?: .*\n/gm, "");
  const diffed = (...texts: readonly [string, string]): Promise<Diff> =>
    diff(...(texts.map((content) => fileOf(Buffer.from(content, "latin1"))) as [string, string]));
  t.deepEqual((await diffed(text, without)).differences, []);
  t.deepEqual([...new Set(differing(await diffed(head + text, head + without)))], ["anon_inode_create_getfile"]);
});

test("events that the head says were missed are no difference, and no more than were", async (t) => {
  const path = of("linux-7.2/s09-enfile");
  // Two of several: the operation is there nevertheless.
  let left = 2;
  const without = textOf(path).replaceAll(/^.*: kvm_gmem_destroy_inode: .*\n/gm, (line) => (left-- > 0 ? "" : line));
  const remarked = (times: number): string =>
    fileOf(Buffer.from(`# tracer: nop\n# kreel missed: kvm_gmem_destroy_inode ${times}\n${without}`, "latin1"));
  t.is((await diff(path, fileOf(Buffer.from(without, "latin1")))).differences.length, 2);
  t.is((await diff(path, remarked(1))).differences.length, 1);
  const d = await diff(path, remarked(2));
  t.deepEqual(d.differences, []);
  t.deepEqual(
    d.incomparable.map(({ reason, operation, missing, times }) => [reason, operation, missing, times]),
    [["missed", "kvm_gmem_destroy_inode", "after", 2]],
  );
});

test("a finding that the other recording could not have shown is no difference, and said", async (t) => {
  const [before, after] = [
    of("mistakes/healthy/s01-create-close"),
    of("mistakes/no-kvm-put-in-release/s01-create-close"),
  ];
  const found = (await diffOf(before, after)).differences.filter(({ kind }) => kind === "finding-introduced");
  t.true(found.length > 0);
  // Without kvm_get_kvm, the number of permitted puts is unknown.
  const d = await diffWithLess(before, after, { from: "before", points: new Set([points.byEvent("kvm_get_kvm")!.id]) });
  t.false(d.differences.some(({ kind }) => kind === "finding-introduced"));
  t.true(
    d.differences.some(({ kind, operation }) => kind === "operation-removed" && operation === "kvm_put_kvm"),
    "the step that is missing is there on both sides to see",
  );
  t.true(
    d.incomparable.some(
      ({ reason, rule, missing }) =>
        reason === "finding" && rule === found[0]!.message.split(":")[0] && missing === "before",
    ),
  );
});
