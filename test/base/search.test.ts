import test from "ava";
import fc from "fast-check";
import { firstWhere } from "../../src/base/search.js";

test("property: the first index of a range at which what holds from some index on does hold", (t) => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(120), (from, more, begins) => {
      const to = from + more;
      t.is(
        firstWhere(from, to, (k) => k >= begins),
        Math.min(to, Math.max(from, begins)),
      );
    }),
  );
});
