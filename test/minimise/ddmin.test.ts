/** The search itself, on units that need one another at random: the result holds, is closed, and cannot be reduced. */
import test from "ava";
import fc from "fast-check";
import { ddmin } from "../../src/minimise/ddmin.js";
import { type Unit, Units } from "../../src/minimise/units.js";

const COUNT = 40;
const unit = fc.integer({ min: 1, max: COUNT });
const graph = fc.array(fc.tuple(unit, unit), { maxLength: 60 }).map((needs) => {
  const units = new Units();
  for (let k = 1; k <= COUNT; k++) units.add(k, 1, 1, 0);
  for (const [from, to] of needs) units.need(from, to);
  return units;
});
const all = Array.from({ length: COUNT }, (_, k) => k + 1);

function isClosed(units: readonly Unit[], graph: Units): boolean {
  return units.every((u) => [...graph.needs(u)].every((needed) => units.includes(needed)));
}

test("what is left holds, is closed, and loses what it shows without any one unit", (t) => {
  fc.assert(
    // One of several sets suffices, as one of several witnesses suffices for a finding.
    fc.property(
      graph,
      fc.array(fc.uniqueArray(unit, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      (units, ways) => {
        const holds = (chosen: readonly Unit[]): boolean =>
          isClosed(chosen, units) && ways.some((way) => way.every((u) => chosen.includes(u)));
        const { units: left, minimal } = ddmin(all, units, new Set(), { exhausted: () => false, holds });
        t.true(minimal);
        t.true(holds(left));
        for (const spared of left) t.false(holds(left.filter((u) => !units.closure([u]).has(spared))));
      },
    ),
  );
});

test("only closed sets are tried, none twice, and never one without what is required", (t) => {
  fc.assert(
    fc.property(graph, unit, (units, required) => {
      const tried = new Set<string>();
      ddmin(all, units, new Set([required]), {
        exhausted: () => false,
        holds(chosen) {
          t.true(isClosed(chosen, units));
          t.true(chosen.includes(required));
          t.false(tried.has(chosen.join()));
          tried.add(chosen.join());
          return true;
        },
      });
    }),
  );
});

test("what comes first is tried first: of two that would do, the second is left", (t) => {
  const units = new Units();
  for (let k = 1; k <= 8; k++) units.add(k, 1, 1, 0);
  const { units: left } = ddmin([1, 2, 3, 4, 5, 6, 7, 8], units, new Set(), {
    exhausted: () => false,
    holds: (chosen) => chosen.includes(2) || chosen.includes(7),
  });
  t.deepEqual(left, [7]);
});

test("when no more may be tried, what is left still holds, and is not said to be minimal", (t) => {
  const units = new Units();
  for (let k = 1; k <= 8; k++) units.add(k, 1, 1, 0);
  let tries = 2;
  const { units: left, minimal } = ddmin([1, 2, 3, 4, 5, 6, 7, 8], units, new Set(), {
    exhausted: () => tries === 0,
    holds: (chosen) => (tries--, chosen.includes(8)),
  });
  t.false(minimal);
  t.true(left.includes(8));
  t.true(left.length > 1);
});
