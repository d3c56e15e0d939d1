/** Offsets within `struct inode` are learned from the recording, and descriptor tables from the tasks that use them. */
import test from "ava";
import { points } from "../../events/index.js";
import { createTables } from "../../src/log/tables.js";
import { DescriptorTables } from "../../src/reduce/descriptor-tables.js";
import { Mappings } from "../../src/reduce/mappings.js";
import type { Inode, File } from "../../src/reduce/objects.js";
import { RcuQueue } from "../../src/reduce/rcu-queue.js";
import { FOLLOWED } from "../../src/reduce/transitions.js";
import { MutableStore } from "../../src/reduce/store.js";
import { World } from "../../src/reduce/world.js";
import { Stack } from "../../src/reduce/calls.js";
import { Kernel } from "../support/kernel.js";
import { OTHER, RUNNER, Script } from "../support/script.js";

const HIGH = 0xffff8880;

function queue() {
  const { addresses } = createTables();
  const store = new MutableStore();
  const rcu = new RcuQueue(addresses, (id) => store.get(id, "inode"));
  const inodeAt = (low: number): Inode => store.create("inode", addresses.intern(low, HIGH), 1, 1);
  const head = (low: number): number => addresses.intern(low, HIGH);
  return { rcu, inodeAt, head };
}

test("a callback frees the pending inode that its head lies in", (t) => {
  const { rcu, inodeAt, head } = queue();
  const [a, b] = [inodeAt(0x10000), inodeAt(0x10240)];
  rcu.pending(a);
  rcu.pending(b);
  t.is(rcu.inodeOf(head(0x10240 + 0x128)), b);
  t.is(rcu.inodeOf(head(0x10000 + 0x128)), a);
  t.is(rcu.size, 0);
  t.is(rcu.inodeOf(head(0x10000 + 0x128)), undefined, "once");
});

test("a callback far from every pending inode is nobody's", (t) => {
  const { rcu, inodeAt, head } = queue();
  rcu.pending(inodeAt(0x10000));
  t.is(rcu.inodeOf(head(0x10000 + 0x2000)), undefined);
  t.is(rcu.inodeOf(head(0x10000 - 8)), undefined);
  t.is(rcu.size, 1);
});

test("three callbacks that agree settle the offset; then a nearer inode does not mislead", (t) => {
  const { rcu, inodeAt, head } = queue();
  for (let i = 0; i < 3; i++) {
    const inode = inodeAt(0x20000 + i * 0x1000);
    rcu.pending(inode);
    t.is(rcu.inodeOf(head(0x20000 + i * 0x1000 + 0x128)), inode);
  }
  const [a, between] = [inodeAt(0x30000), inodeAt(0x30100)];
  rcu.pending(a);
  rcu.pending(between);
  t.is(rcu.inodeOf(head(0x30000 + 0x128)), a);
  t.is(rcu.inodeOf(head(0x30100 + 0x120)), undefined);
});

test("free_inode, which names the inode, teaches the offset too", (t) => {
  const { rcu, inodeAt, head } = queue();
  for (let i = 0; i < 3; i++) {
    const address = inodeAt(0x40000 + i * 0x1000).address;
    t.is(rcu.inodeOf(head(0x40000 + i * 0x1000 + 0x140)), undefined);
    rcu.learn(address);
  }
  const [a, near] = [inodeAt(0x50000), inodeAt(0x50120)];
  rcu.pending(a);
  rcu.pending(near);
  t.is(rcu.inodeOf(head(0x50000 + 0x140)), a);
});

test("inodes that nobody follows take their callbacks with them, across a 4 GiB boundary too", (t) => {
  const { addresses } = createTables();
  const rcu = new RcuQueue(addresses, () => undefined);
  rcu.pendingAddress(addresses.intern(0xffffff80, HIGH));
  t.is(rcu.inodeOf(addresses.intern(0x80, HIGH + 1)), undefined);
  t.is(rcu.size, 0);
});

function mapped() {
  const tables = createTables();
  const store = new MutableStore();
  const world = new World(store, points, tables);
  const mappings = new Mappings(world, tables.addresses);
  const address = (low: number): number => tables.addresses.intern(low, HIGH);
  return { tables, store, world, mappings, address };
}

test("a mapping without an offset that was learned is nobody's", (t) => {
  const { mappings, address } = mapped();
  t.is(mappings.inodeOf(address(0x1168), new Stack(0)), undefined);
});

test("an offset that cannot lie within an inode is not learned", (t) => {
  const { mappings, address } = mapped();
  mappings.learn(address(0x1000), address(0x1000));
  mappings.learn(address(0x1000), address(0x9000));
  mappings.learn(address(0x9000), address(0x1000));
  t.is(mappings.inodeOf(address(0x1168), new Stack(0)), undefined);
});

test("pages are counted to the inode of their mapping, which an eviction taught", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  k.close(k.gmem(vm, 5, "first"), "first close");
  k.rcu("first rcu");
  const gmem = k.gmem(vm, 5);
  const mapping = `0x${(BigInt(gmem.inode) + 0x168n).toString(16)}`;
  const page = (name: string, args: string) => ({ step: "pages", name, args, task: RUNNER });
  const added = (n: number) => [
    page("filemap_add_folio", `mapping=${mapping} folio=0xffffea000000${n}000 index=${n}`),
    page("filemap_add_folio_ret", "err=0"),
  ];
  const script = new Script([
    ...k.lines,
    ...added(1),
    ...added(2),
    page("filemap_add_folio", `mapping=${mapping} folio=0xffffea0000003000 index=3`),
    page("filemap_add_folio_ret", "err=-12"),
    page("filemap_remove_folio", "folio=0xffffea0000001000"),
    page("filemap_remove_folio", "folio=0xffffea0000001000"),
  ]);
  const { world } = await script.replay();
  const inode = [...world.store.live()].find(
    (o) => o.kind === "inode" && world.addresses.hex(o.address) === gmem.inode,
  ) as Inode;
  t.is(inode.pages, 1, "two added, one failed, one removed, and one that is not there any more");
});

test("a descriptor's file is that of the task which installed it, or of the one table that has it", (t) => {
  const store = new MutableStore();
  const pids = [100, 100, 200];
  const tables = new DescriptorTables(store, (task) => pids[task]!);
  const event = { seq: 1 } as never;
  const file = (): File => store.apply(store.create("file", 1, 1, 1), FOLLOWED);
  const [a, b] = [file(), file()];
  tables.installed(0, 5, a, event);
  t.is(tables.fileOf(1, 5), a, "another name of the same process");
  t.is(tables.fileOf(2, 5), a, "a thread whose process the recording does not name: only one table has it");
  t.is(tables.fileOf(2, 6), undefined);
  tables.installed(0, 6, a, event);
  t.is(a.descriptors, 2);
  t.deepEqual(tables.of(a), [5, 6]);
  t.is(tables.closed(0, 5), a);
  t.is(a.descriptors, 1);
  t.false(a.shared, "its own task closed it");
  t.is(tables.closed(0, 5), undefined);
  t.is(tables.closed(2, 6), a);
  t.true(a.shared, "by inference: no verdict rests on it");
  tables.installed(0, 5, b, event);
  tables.installed(2, 5, a, event);
  t.is(tables.fileOf(2, 5), a, "each task its own");
  t.is(tables.fileOf(0, 5), b);
});

test("a dup keeps the file: the first close is not the release", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  const gmem = k.gmem(vm, 5);
  k.dup(gmem, 7);
  k.closeOne(5);
  k.close({ ...gmem, fd: 7 });
  k.rcu();
  k.closeVm(vm);
  const r = await k.script.replay();
  t.deepEqual(r.findings, []);
  t.deepEqual(
    r.operations.map((o) => o.name),
    [
      "kvm_init",
      "kvm_arch_init_vm",
      "fd_install",
      "kvm_gmem_create",
      "fd_install",
      "file_close_fd",
      "file_close_fd",
      "file_close_fd",
    ],
  );
  t.is(r.objects["file"]!.live, 0);
});

test("a descriptor closed by another thread, and a file left to the exit, are no finding", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  const one = k.gmem(vm, 5, "one");
  const two = k.gmem(vm, 7, "two");
  k.as(OTHER).close(one, "close by another thread");
  k.as(RUNNER).exit(two);
  k.rcu();
  k.closeVm(vm);
  const r = await k.script.replay();
  t.deepEqual(r.findings, []);
  t.deepEqual(r.objects["inode"], { born: 3, died: 2, live: 1 }, "the root's lives on");
});

test("a child that exits with inherited descriptors releases nothing", async (t) => {
  const k = new Kernel().load();
  const vm = k.vm(6);
  const gmem = k.gmem(vm, 5);
  k.as(OTHER);
  k.lines.push(
    { step: "child", name: "filp_close", args: `file=${gmem.file}`, task: OTHER },
    { step: "child", name: "fput", args: `file=${gmem.file}`, task: OTHER },
  );
  k.as(RUNNER).close(gmem);
  k.rcu();
  k.closeVm(vm);
  const r = await k.script.replay();
  t.deepEqual(r.findings, []);
  t.is(r.objects["file"]!.live, 0);
});
