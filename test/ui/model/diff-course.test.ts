/** The places of differences along two recordings. */
import test from "ava";
import type { Difference, DifferenceKind } from "../../../src/compare/types.js";
import { overviewOf, nearest } from "../../../src/ui/model/diff-overview.js";
import { Anchors } from "../../../src/ui/model/diff-moments.js";

const told = (kind: DifferenceKind, before: number, after: number): Difference => ({
  kind,
  where: "",
  message: "",
  before: before ? { event: before } : null,
  after: after ? { event: after } : null,
});
const DIFFERENCES = [
  told("result-changed", 10, 40),
  told("operation-added", 0, 60),
  told("operation-added", 0, 61),
  told("operation-removed", 9, 0),
  told("state-changed", 0, 0),
  told("finding-introduced", 0, 200),
];
const anchors = new Anchors({
  differences: DIFFERENCES,
  hunks: [],
  summary: {
    operations: { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 },
    results: { same: 0, changed: 0 },
    state: { same: 0, changed: 0 },
  },
});

test("each lies where it is, and on the other recording where it would be; one place is one mark", (t) => {
  t.deepEqual(overviewOf(DIFFERENCES, anchors, [100, 200], 20), [
    { before: 0.1, after: 0.2, mark: "~", difference: 0 },
    { before: 0.1, after: 0.3, mark: "+", difference: 1 },
    { before: 0.1, after: 0, mark: "-", difference: 3 },
    { before: 0.1, after: 1, mark: "!", difference: 5 },
  ]);
});

test("however many there are, there are as many marks as can be told apart", (t) => {
  const many = Array.from({ length: 5000 }, (_, k) => told("operation-added", 0, k + 1));
  t.true(overviewOf(many, anchors, [100, 5000], 20).length <= 42);
  t.deepEqual(overviewOf(many.slice(0, 1), anchors, [0, 0], 20), [{ before: 0, after: 0, mark: "+", difference: 0 }]);
});

test("the nearest one is found on either side", (t) => {
  const marks = overviewOf(DIFFERENCES, anchors, [100, 200], 20);
  t.is(nearest(marks, "after", 0.27)?.difference, 1);
  t.is(nearest(marks, "before", 0.9)?.difference, 0);
  t.is(nearest([], "before", 0.9), undefined);
});
