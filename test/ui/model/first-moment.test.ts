/** The moment at which a recording opens. */
import test from "ava";
import fc from "fast-check";
import { firstMoment } from "../../../src/ui/model/first-moment.js";
import { lanesOf, life } from "./lanes.js";

test("a recording opens at its first finding, and where there is none, where most of it lives", (t) => {
  const finding = { severity: "warning", event: 30 } as never;
  const error = { severity: "error", event: 70 } as never;
  const lanes = lanesOf([
    [0, 5, 10],
    [0, 8, 20],
    [1, 12, 2],
    [1, 15, null],
  ]);
  t.is(firstMoment({ events: 99, findings: [finding, error], lanes }), 70);
  t.is(firstMoment({ events: 99, findings: [finding], lanes }), 30);
  t.is(firstMoment({ events: 99, findings: [], lanes }), 12);
  t.is(firstMoment({ events: 99, findings: [], lanes: lanesOf([]) }), 99);
});

test("at the first moment as many live as at any", (t) => {
  fc.assert(
    fc.property(fc.array(life, { minLength: 1, maxLength: 30 }), (lives) => {
      const lanes = lanesOf(lives);
      const alive = (event: number): number =>
        lives.filter((_, k) => lanes.from[k]! <= event && (lanes.to[k] === 0 || lanes.to[k]! > event)).length;
      const at = firstMoment({ events: 100, findings: [], lanes });
      for (let event = 1; event <= 100; event++) t.true(alive(event) <= alive(at), `${event} has more than ${at}`);
    }),
  );
});
