/** The lists of folios have the same contents as a plain map. */
import test from "ava";
import fc from "fast-check";
import { Folios } from "../../src/reduce/folios.js";

const FOLIOS = 3000;
const change = fc.oneof(
  fc.record({
    type: fc.constant("add" as const),
    folio: fc.integer({ min: 1, max: FOLIOS }),
    inode: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    type: fc.constant("remove" as const),
    folio: fc.integer({ min: 1, max: FOLIOS }),
    inode: fc.constant(0),
  }),
  fc.record({
    type: fc.constant("removeAllOf" as const),
    folio: fc.constant(0),
    inode: fc.integer({ min: 1, max: 5 }),
  }),
);

test("a folio belongs to the inode that it was added to last, until it or its inode goes", (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), fc.integer({ min: 1, max: 7 }), (changes, few) => {
      const folios = new Folios();
      const expected = new Map<number, number>();
      for (const { type, inode, ...rest } of changes) {
        // Few folios meet often, many make the columns grow.
        const folio = few > 3 ? rest.folio : 1 + (rest.folio % few);
        if (type === "add") {
          folios.add(folio, inode);
          expected.set(folio, inode);
        } else if (type === "remove") {
          folios.remove(folio);
          expected.delete(folio);
        } else {
          folios.removeAllOf(inode);
          for (const [own, of] of expected) if (of === inode) expected.delete(own);
        }
      }
      const inOrder = [...folios].sort((a, b) => a - b);
      t.deepEqual(
        inOrder,
        [...expected.keys()].sort((a, b) => a - b),
      );
      for (const folio of inOrder) t.is(folios.inodeOf(folio), expected.get(folio)!);
    }),
  );
});

test("0 is no folio, and nobody has one that was never seen", (t) => {
  const folios = new Folios();
  folios.add(0, 1);
  t.deepEqual([...folios], []);
  t.is(folios.inodeOf(0), 0);
  t.is(folios.inodeOf(1e6), 0);
});
