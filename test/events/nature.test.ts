/** Tests that the properties of operations that the engine uses name only existing things. */
import test from "ava";
import { catalogue, ENDED_BY, operationsWith, RETURNED_BY, TRAITS, type Trait } from "../../events/index.js";

const NAMES = new Set(catalogue.map(({ name }) => name));

test("an operation holds what one of its arguments names, and gives back or ends what it is about", (t) => {
  for (const { name, args, holds, gives, ends } of catalogue) {
    if (holds !== undefined) t.is(args.find((arg) => arg.name === holds)?.type, "ptr", name);
    if (gives !== undefined) t.is(args.find((arg) => arg.name === holds)?.object, gives, name);
    if (ends !== undefined)
      t.true(
        args.some(({ object }) => object === ends),
        name,
      );
  }
});

test("what others are named are operations, and none is named itself", (t) => {
  for (const { name, entry, probedWith = [] } of catalogue)
    for (const other of [...(entry?.partOf ?? []), ...probedWith])
      t.true(NAMES.has(other) && other !== name, `${name}: ${other}`);
});

test("each trait is some operation's, and no operation has one twice", (t) => {
  for (const trait of Object.keys(TRAITS) as Trait[]) t.true(operationsWith(trait).size > 0, trait);
  for (const { name, traits = [] } of catalogue) t.is(new Set(traits).size, traits.length, name);
});

test("a kind of object has one operation at the most that gives it back, and one that ends it", (t) => {
  const given = catalogue.flatMap(({ gives }) => gives ?? []);
  const ended = catalogue.flatMap(({ ends }) => ends ?? []);
  t.deepEqual(Object.keys(RETURNED_BY).sort(), given.toSorted());
  t.deepEqual(Object.keys(ENDED_BY).sort(), ended.toSorted());
  t.deepEqual(RETURNED_BY, { module: "module_put", vm: "kvm_put_kvm", dentry: "dput", mount: "mntput", inode: "iput" });
  t.deepEqual(ENDED_BY, {
    inode: "destroy_inode",
    file: "__fput",
    superblock: "deactivate_super",
    vm: "kvm_destroy_vm",
    module: "free_module",
  });
});
