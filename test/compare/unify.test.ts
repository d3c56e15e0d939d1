import test from "ava";
import { Unifier } from "../../src/compare/unify.js";
import type { ObjectRef } from "../../src/reduce/call-tree.js";

let lastId = 0;
function object(kind: ObjectRef["kind"], older = false): ObjectRef {
  const id = ++lastId;
  return { kind, id, label: `${kind} ${id}`, name: "", older };
}

test("two objects that correspond do so for good, and no others with either", (t) => {
  const u = new Unifier();
  const [x, y, other] = [object("inode"), object("inode"), object("inode")];
  t.is(u.counterpart(x.id), undefined);
  t.true(u.unify(x, y));
  t.true(u.unify(x, y));
  t.is(u.counterpart(x.id), y.id);
  t.false(u.unify(x, other), "x is y");
  t.false(u.unify(other, y), "y is x's");
  t.true(u.unify(other, object("inode")));
});

test("objects of different kinds never correspond", (t) => {
  const u = new Unifier();
  t.false(u.unify(object("inode"), object("file")));
  t.false(u.compatible(object("inode"), object("file")));
});

test("asking decides nothing", (t) => {
  const u = new Unifier();
  const [x, y, z] = [object("file"), object("file"), object("file")];
  t.true(u.compatible(x, y));
  t.true(u.compatible(x, z));
  u.unify(x, z);
  t.false(u.compatible(x, y));
  t.true(u.compatible(x, z));
});

test("the system's own mount and superblock stand for any that takes their place", (t) => {
  for (const kind of ["mount", "superblock"] as const) {
    const u = new Unifier();
    const system = object(kind, true);
    t.true(u.unify(system, object(kind)));
    t.true(u.unify(system, object(kind)));
    t.true(u.compatible(object(kind), system));
  }
  const u = new Unifier();
  const module = object("module", true);
  t.true(u.unify(module, object("module")));
  t.false(u.unify(module, object("module")), "of anything else there is one");
});

test("a descriptor is the lowest free number: the same one, unless threads took numbers at once", (t) => {
  const u = new Unifier();
  t.true(u.descriptor(5, 5, false));
  t.false(u.descriptor(5, 6, false));
  t.true(u.descriptor(7, 8, true), "whichever each got");
  t.true(u.descriptor(7, 8, false), "stands for the other's from then on");
  t.false(u.descriptor(7, 9, false));
  t.true(u.descriptor(7, 7, false), "until the numbers agree again");
  t.false(u.descriptor(7, 8, false));
});
