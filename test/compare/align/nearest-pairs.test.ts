import test from "ava";
import fc from "fast-check";
import { nearestPairs } from "../../../src/compare/align/nearest-pairs.js";

/** Every pair there is, by distance. */
function plainly(xs: readonly number[], ys: readonly number[]): [number, number][] {
  const all = xs
    .flatMap((x) => ys.map((y): [number, number] => [x, y]))
    .sort(([p, q], [r, s]) => Math.abs(p - q) - Math.abs(r - s) || p - r || q - s);
  const pairs: [number, number][] = [];
  for (const [x, y] of all) if (!pairs.some(([p, q]) => p === x || q === y)) pairs.push([x, y]);
  return pairs;
}

test("the nearest two first, then the nearest two of what is left, as if each had been tried with each", (t) => {
  const numbers = fc.uniqueArray(fc.nat(40), { maxLength: 20 }).map((all) => all.sort((p, q) => p - q));
  fc.assert(
    fc.property(numbers, numbers, (xs, ys) => void t.deepEqual(nearestPairs(xs, ys), plainly(xs, ys))),
    { numRuns: 500 },
  );
});
