/** Lists of a simulated memory against what they stand for: sets, queues, tables. */
import test from "ava";
import fc from "fast-check";
import { cover, covers, drop, lowestFree, put, uncover } from "../../src/simulate/lists.js";

fc.configureGlobal({ includeErrorInReport: true });

const range = fc
  .tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
  .map(([first, length]) => ({ first, end: first + length }));
const change = fc.record({ covers: fc.boolean(), range });

test("ranges are a set of numbers, in order, apart, and not empty", (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const ranges: number[] = [];
      const set = new Set<number>();
      for (const {
        covers: adds,
        range: { first, end },
      } of changes) {
        const before = set.size;
        for (let k = first; k < end; k++)
          if (adds) set.add(k);
          else set.delete(k);
        const changed = adds ? cover(ranges, first, end) : uncover(ranges, first, end);
        if (changed !== Math.abs(set.size - before)) return false;
        if (ranges.some((value, k) => k > 0 && value <= ranges[k - 1]!)) return false;
        for (let k = 0; k < 90; k++) if (covers(ranges, k) !== set.has(k)) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test("ranges reach as far as a file does", (t) => {
  const ranges: number[] = [];
  t.is(cover(ranges, 2 ** 51 - 4, 2 ** 51), 4);
  t.is(uncover(ranges, 0, Number.MAX_SAFE_INTEGER), 4);
  t.deepEqual(ranges, []);
});

test("put is an assignment behind whose end there are zeros; the lowest free place is one of these", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(12), fc.nat(3))), fc.nat(16), fc.nat(16), (puts, from, below) => {
      const list: number[] = [];
      const table = new Map<number, number>();
      for (const [index, value] of puts) {
        if (put(list, index, value) !== (table.get(index) ?? 0)) return false;
        table.set(index, value);
      }
      let free = from;
      while ((table.get(free) ?? 0) !== 0) free++;
      const lowest = lowestFree(list, from, below);
      return list.every((value, k) => value === (table.get(k) ?? 0)) && lowest === (free < below ? free : -1);
    }),
  );
  t.pass();
});

test("drop takes out the first record of a value, whole, and nothing where there is none", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(4))), fc.nat(5), (records, value) => {
      const list = records.flat();
      drop(list, value, 2);
      const at = records.findIndex(([first]) => first === value);
      const expected = at < 0 ? records : records.toSpliced(at, 1);
      t.deepEqual(list, expected.flat());
    }),
  );
});
