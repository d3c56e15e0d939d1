/** Parses ranges, for any text. */
import test from "ava";
import fc from "fast-check";
import { rangeOf } from "../../../src/ui/server/range.js";

test("property: a range is a part of what is there", (t) => {
  const number = fc.oneof(fc.nat(200), fc.bigInt({ min: 0n, max: 10n ** 30n })).map(String);
  const range = fc.oneof(
    fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`),
    number.map((a) => `bytes=${a}-`),
    number.map((a) => `bytes=-${a}`),
    fc.string().map((text) => `bytes=${text}`),
    fc.string(),
  );
  fc.assert(
    fc.property(range, fc.nat(100), (text, size) => {
      const part = rangeOf({ range: text }, size);
      if (part === undefined) return !/^bytes=/i.test(text);
      if (part === "none") return true;
      const [first, last] = part;
      return Number.isInteger(first) && Number.isInteger(last) && 0 <= first && first <= last && last < size;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test("property: the first and the last byte that are named, as far as they are there; or the last few", (t) => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 100 }), (a, b, size) => {
      t.deepEqual(
        rangeOf({ range: `bytes=${a}-${b}` }, size),
        a <= b && a < size ? [a, Math.min(b, size - 1)] : "none",
      );
      t.deepEqual(rangeOf({ range: `bytes=${a}-` }, size), a < size ? [a, size - 1] : "none");
      t.deepEqual(rangeOf({ range: `bytes=-${a}` }, size), a > 0 ? [Math.max(0, size - a), size - 1] : "none");
    }),
  );
});
