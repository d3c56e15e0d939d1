/** Pairs of two states: objects correspond by what they are. */
import test from "ava";
import type { Kind } from "../../../events/kinds/index.js";
import fc from "fast-check";
import type { ShownObject } from "../../../src/show/state.js";
import { pairStates, type StatePair } from "../../../src/ui/model/state-pairs.js";

type Named = ShownObject & { readonly name: string };

let made = 0;
function object(kind: Kind, name: string, facts: readonly string[], holders: readonly (Named | string)[] = []): Named {
  const id = ++made;
  const references = holders
    .map((holder) =>
      typeof holder === "string" ? { owner: holder, ownerId: -1 } : { owner: holder.label, ownerId: holder.id },
    )
    .map((owner) => ({ ...owner, by: "get", event: id, task: "t-1" }));
  return {
    id,
    name,
    kind,
    label: `${kind} 0x${id.toString(16)}`,
    count: null,
    facts,
    birth: id,
    references,
    unprobed: 0,
  };
}

const nameOf = (one: ShownObject): string => (one as Named).name;
const pairs = (before: readonly Named[], after: readonly Named[]): StatePair[] =>
  pairStates(before, after, { before: nameOf, after: nameOf });
const shown = (before: readonly Named[], after: readonly Named[]): unknown =>
  pairs(before, after).map(({ mark, before: x, after: y }) => [mark, x?.object.label, y?.object.label]);

test("addresses make no difference, counts and holders do", (t) => {
  const [vm, other] = [object("vm", "", ["users_count 1"]), object("vm", "", ["users_count 2"])];
  const [x, y] = [
    object("file", "[kvm-gmem]", ["f_count 1", `of ${vm.label}`], ["create, in progress since event 7"]),
    object("file", "[kvm-gmem]", ["f_count 1", `of ${other.label}`], ["create, in progress since event 9"]),
  ];
  t.deepEqual(shown([x, vm], [y, other]), [
    ["=", x.label, y.label],
    ["~", vm.label, other.label],
  ]);
  const [, changed] = pairs([x, vm], [y, other]);
  t.deepEqual(
    [changed!.before!.facts, changed!.after!.facts],
    [[{ text: "users_count 1", differs: true }], [{ text: "users_count 2", differs: true }]],
  );
});

test("what has no name is who holds it", (t) => {
  const file = object("file", "[kvm-gmem]", []);
  const inode = object("inode", "", ["i_count 1"], [object("dentry", "", [], [file])]);
  const otherFile = object("file", "[kvm-gmem]", []);
  const dentry = object("dentry", "", [], [otherFile]);
  const superblock = object("superblock", "kvm_guest_memory", []);
  const root = object("inode", "", ["i_count 1"], [superblock]);
  const otherInode = object("inode", "", ["i_count 1"], [dentry]);
  const before = [inode, file];
  const after = [superblock, root, otherInode, dentry, otherFile];
  // The dentry before is not shown: the inode has no holder there, and is paired nevertheless.
  t.deepEqual(shown(before, after), [
    ["+", undefined, superblock.label],
    ["~", inode.label, root.label],
    ["+", undefined, otherInode.label],
    ["+", undefined, dentry.label],
    ["=", file.label, otherFile.label],
  ]);
});

test("a mount of another file system is another mount", (t) => {
  const [x, y] = [object("mount", "anon_inodefs", []), object("mount", "kvm_guest_memory", [])];
  t.deepEqual(shown([x], [y]), [
    ["+", undefined, y.label],
    ["-", x.label, undefined],
  ]);
});

test("every object of both states is in one row, whoever holds whom", (t) => {
  const state = fc
    .array(
      fc.tuple(
        fc.constantFrom<Kind>("inode", "file", "mount"),
        fc.constantFrom("", "a", "__proto__"),
        fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
      ),
      { maxLength: 10 },
    )
    .map((rows) => {
      const objects = rows.map(([kind, name]) => object(kind, name, ["live"]));
      // Objects may hold each other, and themselves.
      return objects.map((one, k) => ({
        ...one,
        references: rows[k]![2].flatMap((holder) =>
          objects[holder]
            ? [{ owner: objects[holder].label, ownerId: objects[holder].id, by: "get", event: 1, task: "" }]
            : [],
        ),
      }));
    });
  fc.assert(
    fc.property(state, state, (before, after) => {
      const found = pairs(before, after);
      const ids = (objects: readonly (ShownObject | undefined)[]): number[] =>
        objects.flatMap((one) => (one ? [one.id] : [])).sort((a, b) => a - b);
      t.deepEqual(ids(found.map((pair) => pair.before?.object)), ids(before));
      t.deepEqual(ids(found.map((pair) => pair.after?.object)), ids(after));
      t.is(found.length, before.length + after.length - found.filter((pair) => pair.before && pair.after).length);
      // A state paired with itself is the same.
      t.true(pairs(after, after).every(({ mark }) => mark === "="));
    }),
  );
});
