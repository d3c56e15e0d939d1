/** The tree of objects is an immutable map. */
import test from "ava";
import fc from "fast-check";
import type { KernelObject } from "../../src/reduce/objects.js";
import { ObjectTree } from "../../src/reduce/persistent-store.js";
import { blank } from "../../src/reduce/store.js";

// Ids are handed out from 1; these cross every level of the tree up to 32^4.
const id = fc.oneof(
  fc.integer({ min: 1, max: 80 }),
  fc.integer({ min: 1000, max: 1100 }),
  fc.integer({ min: 32000, max: 33000 }),
  fc.integer({ min: 1, max: 2 ** 21 }),
);
const change = fc.record({ id, add: fc.boolean() });

const objectOf = (n: number): KernelObject => blank("vm", n, n, 1, 1);

test("it holds what a Map holds after the same changes, in the order of the ids", (t) => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      let tree = ObjectTree.EMPTY;
      const map = new Map<number, KernelObject>();
      for (const { id: n, add } of changes) {
        const object = add ? objectOf(n) : undefined;
        tree = tree.with(n, object);
        if (object) map.set(n, object);
        else map.delete(n);
        t.is(tree.get(n), object);
      }
      t.is(tree.size, map.size);
      t.deepEqual(
        [...tree].map((o) => o.id),
        [...map.keys()].sort((a, b) => a - b),
      );
      for (const [n, object] of map) t.is(tree.get(n), object);
      for (const { id: n } of changes) t.is(tree.get(n + 1), map.get(n + 1));
    }),
  );
});

test("a change leaves the tree that it was made from as it was", (t) => {
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 50 }), id, fc.boolean(), (ids, n, add) => {
      const tree = ids.reduce((tree, one) => tree.with(one, objectOf(one)), ObjectTree.EMPTY);
      const before = [...tree];
      const next = tree.with(n, add ? objectOf(n) : undefined);
      t.deepEqual([...tree], before);
      t.is(tree.size, before.length);
      for (const object of before)
        if (object.id !== n) t.is(next.get(object.id), object, "what did not change is shared");
    }),
  );
});

test("an id far above all others is not there", (t) => {
  const tree = ObjectTree.EMPTY.with(3, objectOf(3));
  for (const n of [32, 33, 35, 1024 + 3, 2 ** 25 + 3]) t.is(tree.get(n), undefined);
  t.is(ObjectTree.EMPTY.get(0), undefined);
  t.is(ObjectTree.EMPTY.size, 0);
});
