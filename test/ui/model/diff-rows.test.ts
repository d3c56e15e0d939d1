/**
 * Rows of a comparison: every difference has one, both columns have the same length, and filtered rows keep the calls
 * around them.
 */
import test from "ava";
import fc from "fast-check";
import { diff } from "../../../src/compare/diff.js";
import { DIFFERENCE_KINDS, type Difference, type Hunk, type HunkLine, type Site } from "../../../src/compare/types.js";
import {
  countGroups,
  type DiffDocument,
  type DiffRow,
  diffRows,
  filteredRows,
  GROUPS,
  groupOf,
  type LineRow,
  parted,
} from "../../../src/ui/model/diff-rows.js";
import { RECORDINGS } from "../../cli/run.js";

const SUMMARY = {
  operations: { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 },
  results: { same: 0, changed: 0 },
  state: { same: 0, changed: 0 },
};
const site = fc.nat({ max: 40 }).map((event): Site => ({ event }));
const words = fc.constantFrom(
  "fput(file=file)",
  "dput()",
  "iput(inode=inode) = 0",
  "a(b)   (moved)",
  "__proto__",
  "x   (",
);
const line = fc.tuple(fc.constantFrom<HunkLine["mark"]>("=", "-", "+", "~"), fc.nat({ max: 4 }), words, site, site).map(
  ([mark, depth, text, before, after]): HunkLine => ({
    mark,
    depth,
    text,
    before: mark === "+" ? null : before,
    after: mark === "-" ? null : after,
  }),
);
const hunk = fc
  .tuple(words, fc.integer({ min: 1, max: 3 }), fc.array(line, { minLength: 1, maxLength: 12 }))
  .map(([where, times, lines]): Hunk => ({ where, times, before: lines[0]!.before, after: lines[0]!.after, lines }));
const difference = fc
  .tuple(fc.constantFrom(...DIFFERENCE_KINDS), words, words, fc.option(site), fc.option(site))
  .map(([kind, where, message, before, after]): Difference => ({ kind, where, message, before, after }));
const anyDocument = fc
  .tuple(fc.array(difference, { maxLength: 30 }), fc.array(hunk, { maxLength: 5 }))
  .map(([differences, hunks]): DiffDocument => ({ differences, hunks, summary: SUMMARY }));

const told = (rows: readonly DiffRow[]): number[] =>
  rows.flatMap((row) => (row.type === "head" ? [] : row.differences)).sort((a, b) => a - b);
const lines = (rows: readonly DiffRow[]): LineRow[] => rows.filter((row) => row.type === "line");

test("every difference is told in exactly one row", (t) => {
  fc.assert(
    fc.property(
      anyDocument,
      (document) => void t.deepEqual(told(diffRows(document)), [...document.differences.keys()]),
    ),
  );
  t.pass();
});

test("each line of a hunk is in one row, in its column and in its order", (t) => {
  const events = (all: readonly (Site | null | undefined)[]): number[] =>
    all.flatMap((one) => (one ? [one.event] : []));
  fc.assert(
    fc.property(anyDocument, (document) => {
      const rows = lines(diffRows(document));
      const of = document.hunks.flatMap((one) => one.lines);
      t.deepEqual(events(rows.map(({ before }) => before)), events(of.map(({ before }) => before)));
      t.deepEqual(events(rows.map(({ after }) => after)), events(of.map(({ after }) => after)));
    }),
  );
});

test("filtered rows are some of the rows, in their order, and tell every difference that was asked for", (t) => {
  const groups = fc.subarray([...GROUPS]).map((some) => new Set(some));
  fc.assert(
    fc.property(anyDocument, groups, (document, wanted) => {
      const rows = diffRows(document);
      const { rows: shown, stops } = filteredRows(rows, document, { groups: wanted, text: "" });
      const orders = shown.map((row) => rows.indexOf(row));
      t.deepEqual(
        orders,
        [...new Set(orders)].sort((a, b) => a - b),
      );
      const asked = [...document.differences.keys()].filter(
        (k) => wanted.size === 0 || wanted.has(groupOf(document.differences[k]!.kind)),
      );
      const there = new Set(told(stops));
      t.true(stops.every((row) => shown.includes(row)));
      t.deepEqual(
        asked.filter((k) => !there.has(k)),
        [],
      );
    }),
  );
});

test("what takes the place of something stands beside it", (t) => {
  const document: DiffDocument = {
    summary: SUMMARY,
    differences: [
      {
        kind: "operation-replaced",
        where: "create",
        operation: "new",
        before: { event: 3 },
        after: { event: 4 },
        message: "new(): called instead",
      },
    ],
    hunks: [
      {
        where: "create",
        times: 1,
        before: { event: 1 },
        after: { event: 2 },
        lines: [
          {
            mark: "=",
            depth: 0,
            text: "create() = 5",
            textBefore: "create() = 4",
            before: { event: 1 },
            after: { event: 2 },
          },
          { mark: "-", depth: 1, text: "old()", before: { event: 3 }, after: null },
          { mark: "+", depth: 1, text: "new()", before: null, after: { event: 4 } },
          { mark: "-", depth: 1, text: "gone()   (moved)", before: { event: 5 }, after: null },
          { mark: "+", depth: 1, text: "come()", before: null, after: { event: 6 } },
        ],
      },
    ],
  };
  t.deepEqual(
    diffRows(document).map((row) =>
      row.type === "line" ? [row.mark, row.before?.text, row.after?.text, row.detail, row.differences] : row.type,
    ),
    [
      "head",
      ["=", "create() = 4", "create() = 5", "", []],
      ["~", "old()", "new()", "", [0]],
      ["-", "gone()", undefined, "moved", []],
      ["+", undefined, "come()", "", []],
    ],
  );
});

test("of two kernels: calls in hunks, states apart, and what differs in the same way many times is one row", async (t) => {
  const document = await diff(
    `${RECORDINGS}/linux-6.12/s18-fail-nth.trace.gz`,
    `${RECORDINGS}/linux-6.12-patched/s18-fail-nth.trace.gz`,
  );
  const rows = diffRows(document);
  t.deepEqual(told(rows), [...document.differences.keys()]);
  t.deepEqual(
    rows.filter((row) => row.type === "head").map(({ title }) => title),
    ["States and findings", ...document.hunks.map(({ where }) => where)],
  );
  const repeated = lines(rows).filter(({ differences }) => differences.length > 1);
  t.deepEqual(
    repeated.map(({ mark, section, differences }) => [mark, document.hunks[section - 1]!.times, differences.length]),
    [
      ["-", 10, 10],
      ["+", 10, 10],
    ],
  );
  for (const { differences } of repeated)
    t.is(new Set(differences.map((k) => document.differences[k]!.message)).size, 1);
  for (const row of lines(rows))
    t.is(row.mark === "=" || row.detail === "moved", row.differences.length === 0, JSON.stringify(row));
});

test("what is the same, too: the whole course in order on both sides, each hunk where it is", async (t) => {
  const document = await diff(
    `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`,
    `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`,
  );
  const [bare, whole] = [diffRows(document), diffRows(document, true)];
  t.deepEqual(told(whole), told(bare));
  const same = lines(whole).filter(({ section }) => section === -1);
  t.deepEqual(
    same.map(({ before, after }) => [before!.event, after!.event]),
    document.same.map(({ before, after }) => [before.event, after.event]),
  );
  t.true(same.length > 5);
  for (const side of ["before", "after"] as const) {
    const outermost = lines(whole)
      .filter(({ depth }) => depth === 0)
      .flatMap((row) => row[side]?.event ?? []);
    t.deepEqual(
      outermost,
      outermost.toSorted((a, b) => a - b),
      side,
    );
  }
  t.true(same.some(({ after }) => after!.text.startsWith("kvm_arch_init_vm(")));
});

test("a filter by words keeps the calls around what says them", async (t) => {
  const document = await diff(
    `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`,
    `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`,
  );
  const { rows: shown, stops } = filteredRows(diffRows(document), document, {
    groups: new Set(),
    text: " INIT_pseudo",
  });
  t.deepEqual(
    shown.map((row) =>
      row.type === "line" ? row.after!.text.replace(/\(.*/, "") : row.type === "head" ? row.title : row.message,
    ),
    ["load kvm-amd", "kvm_init", "kvm_gmem_init", "kern_mount", "kvm_gmem_init_fs_context", "init_pseudo"],
  );
  t.deepEqual(stops, [shown.at(-1)!] as typeof stops);
  t.deepEqual(
    [...countGroups(document)],
    [
      ["added", 19],
      ["removed", 1],
      ["state", 4],
      ["result", 1],
    ],
  );
});

test("what two texts have in common is found at both ends", (t) => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const [x, y] = parted(before, after);
      t.deepEqual([x.join(""), y.join("")], [before, after]);
      t.deepEqual([x[0], x[2]], [y[0], y[2]]);
    }),
  );
  t.deepEqual(parted("dev=a ino=1", "dev=b ino=1"), [
    ["dev=", "a", " ino=1"],
    ["dev=", "b", " ino=1"],
  ]);
});
