import test from "ava";
import { type Change, compareCalls, flatten, type Line, shown, siteOf, textOf } from "../../src/compare/calls.js";
import { Hunks } from "../../src/compare/hunks.js";
import { Unifier } from "../../src/compare/unify.js";
import type { CallNode } from "../../src/reduce/call-tree.js";
import { node, object } from "./nodes.js";

const compared = (before: CallNode, after: CallNode, racing = false): Line[] =>
  compareCalls(before, after, new Unifier(), racing);
const said = (lines: readonly Line[]): [Change, string][] =>
  lines.filter((l) => l.change !== "same").map((l) => [l.change, (l.after ?? l.before)!.node.operation]);

/** A creation as far as it matters here: what it calls in between is the test's. */
function creation(fd: string, ...children: CallNode[]): CallNode {
  return node("kvm_gmem_create", [object("vm"), "65536", "0", fd], children);
}

test("a tree flattened is its calls in the order of calling, with the depth and the caller of each", (t) => {
  const tree = creation(
    "5",
    node("ihold", [object("inode"), "1"]),
    node("dput", [object("dentry")], [node("iput", [object("inode"), "1", "1", object("superblock")])]),
  );
  t.deepEqual(
    flatten(tree).map((c) => [c.node.operation, c.depth, c.parent]),
    [
      ["kvm_gmem_create", 0, ""],
      ["ihold", 1, "kvm_gmem_create"],
      ["dput", 1, "kvm_gmem_create"],
      ["iput", 2, "dput"],
    ],
  );
});

test("the same calls on corresponding objects are the same", (t) => {
  const tree = (): CallNode => {
    const inode = object("inode");
    return creation("5", node("ihold", [inode, "1"]), node("iput", [inode, "2", "1", object("superblock")]));
  };
  t.deepEqual(said(compared(tree(), tree())), []);
});

test("an object that is another one halfway is a change of argument", (t) => {
  const inode = object("inode");
  const before = creation("5", node("ihold", [inode, "1"]), node("clear_inode", [inode]));
  const after = creation("5", node("ihold", [object("inode"), "1"]), node("clear_inode", [object("inode")]));
  const lines = compared(before, after);
  t.deepEqual(said(lines), [["argument", "clear_inode"]]);
  t.is(lines.at(-1)!.detail, "inode: another inode", "addresses say nothing to the reader");
});

test("a call that is missing was removed, one that came was added, each in its caller", (t) => {
  const inode = object("inode");
  const lines = compared(creation("5", node("ihold", [inode, "1"])), creation("5", node("put_unused_fd", ["7"])));
  t.deepEqual(said(lines), [
    ["removed", "ihold"],
    ["added", "put_unused_fd"],
  ]);
  t.is(lines[1]!.before!.parent, "kvm_gmem_create");
  t.is(siteOf(lines[1]!.after), null);
});

test("a call in place of another, of the same shape, replaced it", (t) => {
  const args = ["0", "17"];
  const lines = compared(
    node("kvm_gmem_fallocate", [object("file"), "3", "0", "4096", "0"], [node("kvm_gmem_invalidate_begin", args)]),
    node("kvm_gmem_fallocate", [object("file"), "3", "0", "4096", "0"], [node("kvm_gmem_invalidate_start", args)]),
  );
  t.deepEqual(said(lines), [["replaced", "kvm_gmem_invalidate_start"]]);
  t.is(lines[1]!.detail, "kvm_gmem_invalidate_begin → kvm_gmem_invalidate_start");
});

test("a call that moved within its caller was reordered: told where it was and where it is", (t) => {
  const tree = (order: readonly number[]): CallNode => {
    const calls = [node("kvm_get_kvm", [object("vm")]), node("fd_install", ["5", object("file")])];
    return creation("5", ...order.map((i) => calls[i]!));
  };
  const lines = compared(tree([0, 1]), tree([1, 0]));
  t.deepEqual(
    lines
      .filter((l) => l.change === "reordered")
      .map((l) => [l.before !== undefined, l.after !== undefined])
      .sort((a, b) => String(a).localeCompare(String(b))),
    [
      [false, true],
      [true, false],
    ],
  );
  t.is(new Set(said(lines).map(([, operation]) => operation)).size, 1, "one of the two moved past the other");
});

test("an error instead of success is a change of result, in the error's name", (t) => {
  const [line] = compared(creation("-23"), creation("-2"));
  t.deepEqual([line!.change, line!.detail], ["result", "-ENFILE → -ENOENT"]);
  t.true(textOf(line!.after!).endsWith(") = -ENOENT"));
});

test("a descriptor that another thread may have taken differs only where nothing raced", (t) => {
  t.deepEqual(said(compared(creation("5"), creation("6"))), [["result", "kvm_gmem_create"]]);
  t.deepEqual(said(compared(creation("5"), creation("6"), true)), []);
});

test("counts that other tasks move make no difference", (t) => {
  const put = (refcnt: string): CallNode => node("module_put", [object("module", "kvm_amd"), '"kvm_amd"', refcnt]);
  t.deepEqual(said(compared(put("3"), put("7"))), []);
});

test("a bind's slot is the one that it made, whatever was at the address before", (t) => {
  const address = "0xffff888000000000";
  const bind = (stale: boolean, vm = object("vm")): CallNode => {
    const made = object("memslot", "", address);
    return node(
      "kvm_gmem_bind",
      [vm, stale ? object("memslot", "", address) : "0xffff888000000000", "5", "0", "0"],
      [],
      [made],
    );
  };
  t.deepEqual(said(compared(bind(true), bind(false))), []);
});

test("a value is shown without what is only an address", (t) => {
  const [inode, count] = node("ihold", [object("inode"), "1"]).args;
  t.is(shown(inode!), "inode");
  t.is(shown(count!), "1");
  t.is(shown(node("module_put", [object("module", "kvm_amd"), '"kvm_amd"', "2"]).args[0]!), "module kvm_amd");
});

test("operations that differ in the same way are told once, with how often; those that do not are not told", (t) => {
  const gone = (): { where: string; lines: Line[] } => ({
    where: "close g",
    lines: compared(creation("5", node("ihold", [object("inode"), "1"])), creation("5")),
  });
  const same = { where: "close h", lines: compared(creation("5"), creation("5")) };
  const other = { where: "close i", lines: compared(creation("5"), creation("-23")) };
  const found = new Hunks();
  [gone(), same, gone(), other, gone()].forEach((source, turn) => found.add(source, { order: 1, turn }));
  const hunks = found.list();
  t.deepEqual(
    hunks.map((h) => [h.where, h.times]),
    [
      ["close g", 3],
      ["close i", 1],
    ],
  );
  t.deepEqual(
    hunks[0]!.lines.map((l) => [l.mark, l.depth]),
    [
      ["=", 0],
      ["-", 1],
    ],
  );
  t.is(hunks[0]!.lines[1]!.after, null);
});

test("what is found later can be told earlier: by its place, and at the same place by its turn", (t) => {
  const gone = (where: string): { where: string; lines: Line[] } => ({
    where,
    lines: compared(creation("5", node("ihold", [object("inode"), "1"])), creation("5")),
  });
  const failing = (where: string): { where: string; lines: Line[] } => ({
    where,
    lines: compared(creation("5"), creation("-23")),
  });
  const found = new Hunks();
  found.add(failing("close i"), { order: 2, turn: 1 });
  found.add(gone("close h"), { order: 2, turn: 2 });
  found.add(gone("close g"), { order: 2, turn: 0 });
  t.deepEqual(
    found.list().map((h) => [h.where, h.times]),
    [
      ["close g", 2],
      ["close i", 1],
    ],
  );
});
