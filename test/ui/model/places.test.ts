/** Places in a graph: no two live objects share one, and every object keeps its own. */
import test from "ava";
import fc from "fast-check";
import { placesOf } from "../../../src/ui/model/places.js";
import { lanesOf, life, overlap } from "./lanes.js";

test("no two that live at once share a place, and no place is free that somebody could have", (t) => {
  fc.assert(
    fc.property(fc.array(life, { maxLength: 40 }), (lives) => {
      const lanes = lanesOf(lives);
      const places = placesOf(lanes);
      for (let a = 0; a < lanes.length; a++) {
        const others = new Set<number>();
        for (let b = 0; b < lanes.length; b++) {
          if (a === b || lanes.kind[a] !== lanes.kind[b] || !overlap(lanes, a, b)) continue;
          t.not(places[a], places[b]);
          if (lanes.from[b]! < lanes.from[a]! || (lanes.from[b] === lanes.from[a] && b < a)) others.add(places[b]!);
        }
        for (let place = 0; place < places[a]!; place++) t.true(others.has(place), `${place} was free for ${a}`);
      }
    }),
  );
});

test("the same places, whichever way lanes are in one column", (t) => {
  const lanes = lanesOf([
    [0, 1, 10],
    [1, 2, 10],
    [0, 12, null],
  ]);
  t.deepEqual([...placesOf(lanes)], [0, 0, 0]);
  t.deepEqual([...placesOf(lanes, () => 0)], [0, 1, 0]);
});
