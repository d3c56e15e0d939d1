/** Rows of a timeline, and the lines that references of one lane are drawn on. */
import test from "ava";
import fc from "fast-check";
import { firstEnding, heightOf, holdingLines, laneOrder, LINES, rowsOf, visible } from "../../../src/ui/model/rows.js";
import type { Holdings } from "../../../src/ui/protocol.js";
import { RECORDINGS } from "../../support/recordings.js";
import { engineOf } from "../engine/over.js";
import { lanesOf, overlap } from "./lanes.js";

const holding = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.option(fc.integer({ min: 1, max: 30 })));

test("references that share a line follow each other, but for the last line", (t) => {
  fc.assert(
    fc.property(fc.array(fc.array(holding, { maxLength: 12 }), { maxLength: 4 }), (all) => {
      const sorted = all.map((held) => held.toSorted(([a], [b]) => a - b));
      const flat = sorted.flat();
      const start = Uint32Array.from([0, ...sorted.map((_, k) => sorted.slice(0, k + 1).flat().length)]);
      const holdings: Holdings = {
        start,
        from: Float64Array.from(flat, ([from]) => from),
        to: Float64Array.from(flat, ([from, lasts]) => (lasts === null ? 0 : from + lasts)),
        owner: new Float64Array(flat.length),
        by: new Uint16Array(flat.length),
        call: new Uint16Array(flat.length),
      };
      const lines = holdingLines(lanesOf(all.map(() => [0, 1, null] as const)), holdings);
      t.deepEqual(
        [...lines.order].sort((a, b) => a - b),
        flat.map((_, k) => k),
      );
      all.forEach((_, lane) => {
        for (let line = 0; line < LINES; line++) {
          const [first, end] = [lines.start[lane * LINES + line]!, lines.start[lane * LINES + line + 1]!];
          if (line >= lines.lines[lane]!) t.is(first, end);
          for (let at = first; at < end; at++) {
            const k = lines.order[at]!;
            t.true(k >= start[lane]! && k < start[lane + 1]!);
            if (at > first && line < LINES - 1) t.false(overlap(holdings, lines.order[at - 1]!, k));
            if (at > first) t.true(lines.reach[at]! >= lines.reach[at - 1]!);
          }
        }
      });
    }),
  );
});

test("the first that does not end before an event", (t) => {
  const to = Float64Array.of(2, 5, 5, 9, 0);
  t.deepEqual(
    [0, 2, 3, 5, 6, 9, 10].map((event) => firstEnding(to, 0, 5, event)),
    [0, 0, 1, 1, 3, 3, 4],
  );
  t.is(firstEnding(to, 0, 4, 100), 4);
});

test("rows stand under each other without a gap; those in sight are those that reach into it", async (t) => {
  const survey = await (await engineOf(`${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`)).survey();
  const lines = holdingLines(survey.lanes, survey.holdings);
  const order = laneOrder(survey.lanes);
  for (const wanted of [
    { hidden: new Set<number>() },
    { hidden: new Set([0, 3]) },
    { hidden: new Set<number>(), within: { from: 1000, to: 1100 } },
  ]) {
    const rows = rowsOf(survey, order, lines, wanted);
    const all = visible(rows, 0, heightOf(rows));
    t.is(all.length, rows.length);
    all.forEach((row, k) => t.is(row.top, k === 0 ? 0 : all[k - 1]!.top + all[k - 1]!.height));
    t.is(all.at(-1)!.top + all.at(-1)!.height, heightOf(rows));
    t.deepEqual(
      visible(rows, 40, 90),
      all.filter(({ top, height }) => top + height > 40 && top < 90),
    );
    for (const { kind, index } of all) {
      if (kind === "lane") t.false(wanted.hidden.has(survey.lanes.kind[index]!));
      if (kind === "lane" && "within" in wanted)
        t.true(survey.lanes.from[index]! <= 1100 && (survey.lanes.to[index] === 0 || survey.lanes.to[index]! >= 1000));
    }
  }
});
