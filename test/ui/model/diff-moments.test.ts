/** From a difference to both moments, also where one recording has nothing there. */
import test from "ava";
import type { Difference, DifferenceKind } from "../../../src/compare/types.js";
import { Anchors, type Targets, targetsOf } from "../../../src/ui/model/diff-moments.js";
import { type DiffDocument, diffRows } from "../../../src/ui/model/diff-rows.js";

const at = (event: number): { readonly event: number } => ({ event });
const told = (kind: DifferenceKind, before: number, after: number, message: string): Difference => ({
  kind,
  where: "create",
  message,
  before: before ? at(before) : null,
  after: after ? at(after) : null,
});
const DOCUMENT: DiffDocument = {
  summary: {
    operations: { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 },
    results: { same: 0, changed: 0 },
    state: { same: 0, changed: 0 },
  },
  differences: [
    told("operation-added", 0, 13, "in"),
    told("operation-added", 0, 15, "behind"),
    told("operation-added", 0, 45, "in"),
    told("result-changed", 30, 40, "result"),
    told("state-changed", 0, 0, "inodes: 1 → 2"),
    told("operation-removed", 2, 0, "early"),
  ],
  hunks: [
    {
      where: "create",
      times: 2,
      before: at(10),
      after: at(11),
      lines: [
        { mark: "=", depth: 0, text: "create()", before: at(10), after: at(11) },
        { mark: "+", depth: 1, text: "in()", before: null, after: at(13) },
        { mark: "=", depth: 1, text: "get()", before: at(12), after: at(14) },
        { mark: "+", depth: 1, text: "behind()", before: null, after: at(15) },
      ],
    },
  ],
};

function targets(index: number): Targets {
  const rows = diffRows(DOCUMENT);
  const row = rows.findIndex((one) => one.type !== "head" && one.differences.includes(index));
  return targetsOf(rows, row, DOCUMENT.differences[index]!, new Anchors(DOCUMENT), [100, 200]);
}

const own = (event: number): Targets["before"] => ({ event, atReturn: true, isIt: true });

test("what both recordings have leads to both", (t) => {
  t.deepEqual(targets(3), { before: own(30), after: own(40) });
});

test("inside of a call that both have, the other recording stands at its beginning", (t) => {
  t.deepEqual(targets(0), { before: { event: 10, atReturn: false, isIt: false }, after: own(13) });
});

test("behind a call that both have, the other recording stands at its return", (t) => {
  t.deepEqual(targets(1), { before: { event: 12, atReturn: true, isIt: false }, after: own(15) });
});

test("another place that differs in the same way leads there, and to the last that both have before it", (t) => {
  t.deepEqual(targets(2), { before: { event: 30, atReturn: false, isIt: false }, after: own(45) });
});

test("what is told of the recordings as a whole leads to their ends", (t) => {
  t.deepEqual(targets(4), {
    before: { event: 100, atReturn: false, isIt: true },
    after: { event: 200, atReturn: false, isIt: true },
  });
});

test("before anything that both have, the other recording has not begun", (t) => {
  t.deepEqual(targets(5), { before: own(2), after: { event: 0, atReturn: false, isIt: false } });
});
