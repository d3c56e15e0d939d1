import test from "ava";
import fc from "fast-check";
import { ByteInterner, NOT_INTERNED } from "../../src/log/bytes.js";
import { BatchBuilder } from "../../src/log/batch-builder.js";
import { AddressTable, PlaceTable, TaskTable } from "../../src/log/tables.js";

const words = (address: bigint): [number, number] => [Number(address & 0xffffffffn), Number(address >> 32n)];
const address = fc.bigInt(0n, (1n << 64n) - 1n);

test("NULL is address 0, and only NULL is", (t) => {
  const table = new AddressTable();
  t.is(table.intern(0, 0), 0);
  t.not(table.intern(1, 0), 0);
  t.not(table.intern(0, 1), 0);
  t.is(table.find(0, 0), 0);
  t.is(table.hex(0), "0x0");
  t.is(table.bigint(0), 0n);
});

test("an address has one number, different addresses have different ones, and each gives the address back", (t) => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 3000 }), (addresses) => {
      const table = new AddressTable();
      const ids = addresses.map((a) => table.intern(...words(a)));
      const distinct = new Set([0n, ...addresses]);
      return (
        table.size === distinct.size &&
        addresses.every(
          (a, k) =>
            table.bigint(ids[k]!) === a &&
            table.find(...words(a)) === ids[k] &&
            table.hex(ids[k]!) === `0x${a.toString(16)}` &&
            table.low(ids[k]!) === words(a)[0] &&
            table.high(ids[k]!) === words(a)[1],
        )
      );
    }),
  );
  t.pass();
});

test("addresses that a double cannot tell apart stay different", (t) => {
  const table = new AddressTable();
  const a = table.intern(...words(0xffff888100b08000n));
  const b = table.intern(...words(0xffff888100b08400n));
  const c = table.intern(...words(0xffff888100b08001n));
  t.is(new Set([a, b, c]).size, 3);
  t.deepEqual(
    [a, b, c].map((id) => table.hex(id)),
    ["0xffff888100b08000", "0xffff888100b08400", "0xffff888100b08001"],
  );
});

test("words may be signed, as bit operations leave them", (t) => {
  const table = new AddressTable();
  t.is(table.intern(0x80000000 | 0, -1), table.intern(0x80000000, 0xffffffff));
  t.is(table.find(0x80000000 | 0, -1), 1);
});

test("a hundred thousand addresses, page after page, as a kernel hands them out", (t) => {
  const table = new AddressTable();
  const started = performance.now();
  for (let k = 0n; k < 100_000n; k++) table.intern(...words(0xffff888000000000n + k * 4096n));
  t.is(table.size, 100_001);
  t.is(table.find(...words(0xffff888000000000n + 4096n * 100_000n)), undefined);
  t.true(performance.now() - started < 5000);
});

test("an error in place of a pointer is one of the topmost 4095 values", (t) => {
  const table = new AddressTable();
  const error = (a: bigint): [boolean, number] => {
    const id = table.intern(...words(a));
    return [table.isError(id), table.errno(id)];
  };
  t.deepEqual(error(0xffffffffffffffe9n), [true, -23]);
  t.deepEqual(error(0xffffffffffffffffn), [true, -1]);
  t.deepEqual(error(0xfffffffffffff001n), [true, -4095]);
  t.deepEqual(error(0xfffffffffffff000n), [false, 0]);
  t.deepEqual(error(0x00000000ffffffe9n), [false, 0]);
  t.deepEqual(error(0n), [false, 0]);
});

test("a task is its comm, its pid and its thread group", (t) => {
  const table = new TaskTable();
  const a = table.intern("gmemrun", 138);
  t.is(table.intern("gmemrun", 138), a);
  t.not(table.intern("gmemrun", 139), a);
  t.not(table.intern("gmemrun", 138, 138), a);
  t.deepEqual(table.get(a), { comm: "gmemrun", pid: 138, name: "gmemrun-138" });
  t.deepEqual(table.get(table.intern("gmemrun", 138, 7)), { comm: "gmemrun", pid: 138, tgid: 7, name: "gmemrun-138" });
  t.is(table.get(a), table.get(a), "made once");
});

test("a task may have any name", (t) => {
  const table = new TaskTable();
  for (const comm of [
    "",
    "-",
    "-9",
    "a-9",
    "__proto__",
    "a\nb",
    "任务",
    "\u001b[2J",
    "<img src=x>",
    "a-1 [000] 1: x",
  ]) {
    t.like(table.get(table.intern(comm, 5)), { comm, pid: 5, name: `${comm}-5` });
  }
});

test("place 0 is none; a place is kept as it was printed", (t) => {
  const table = new PlaceTable();
  const id = table.intern("kvm_gmem_create+0x4/0x1f0 [kvm]");
  t.is(table.text(0), "");
  t.is(table.text(id), "kvm_gmem_create+0x4/0x1f0 [kvm]");
  t.is(table.intern("kvm_gmem_create+0x4/0x1f0 [kvm]"), id);
  const line = Buffer.from("(kvm_gmem_create+0x4/0x1f0 [kvm]) kvm=");
  t.is(table.matchAt(id, line, 1), 32);
  t.is(table.matchAt(id, line, 2), -1);
  t.is(table.matchAt(id, Buffer.from("(kvm_gmem_create+0x4/0x1f0 [kvm]x)"), 1), -1);
});

test("the same bytes and salt have the same number, whatever else was interned between", (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 6 }), fc.nat(3)), { maxLength: 2000 }), (keys) => {
      const interner = new ByteInterner(1e6);
      const seen = new Map<string, number>();
      for (const [bytes, salt] of keys) {
        const id = interner.intern(bytes, 0, bytes.length, salt);
        const key = `${bytes}/${salt}`;
        if (seen.has(key) ? seen.get(key) !== id : id !== seen.size) return false;
        seen.set(key, id);
        if (interner.text(id) !== Buffer.from(bytes).toString("utf8")) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test("a full interner says so, and still knows what it has", (t) => {
  const interner = new ByteInterner(2);
  const [a, b, c] = ["a", "b", "c"].map((s) => interner.intern(Buffer.from(s), 0, 1));
  t.deepEqual([a, b, c], [0, 1, NOT_INTERNED]);
  t.is(interner.intern(Buffer.from("xbx"), 1, 2), 1);
});

test("a batch holds each string once, and has columns of its own", (t) => {
  const builder = new BatchBuilder(new AddressTable(), 4);
  const push = (name: string): void => {
    builder.begin(1, 0, 0, 0, 5, 6, 7);
    const bytes = Buffer.from(name);
    builder.pushStringBytes(bytes, 0, bytes.length);
    builder.pushFault();
    builder.pushNumber(1, 2);
    builder.pushAddress(3, 4);
  };
  builder.timeDigits = 6;
  for (const name of ["kvm", "kvm_amd", "kvm", "__proto__"]) push(name);
  t.true(builder.full);
  builder.loss(3, 5, 9);
  const first = builder.seal();
  push("kvm");
  const second = builder.seal();
  t.deepEqual(first.strings, ["kvm", "kvm_amd", "__proto__"]);
  t.deepEqual(second.strings, ["kvm"]);
  t.deepEqual([...first.low.subarray(8, 12)], [0, 0, 1, 1]);
  t.deepEqual([...first.high.subarray(8, 12)], [0, 0, 2, 0]);
  t.deepEqual([...first.fault], [2, 2, 2, 2]);
  t.deepEqual([...first.argStart], [0, 4, 8, 12]);
  t.deepEqual(first.losses, [{ index: 4, cpu: 3, count: 5, line: 9 }]);
  t.deepEqual([first.firstSeq, second.firstSeq, second.length], [1, 5, 1]);
});

test("an event that is taken back leaves no trace in the batch", (t) => {
  const builder = new BatchBuilder(new AddressTable());
  builder.begin(1, 0, 0, 0, 0, 0, 1);
  builder.pushFault();
  builder.pushNumber(7, 8);
  builder.abandon();
  builder.begin(2, 0, 0, 0, 0, 0, 1);
  builder.pushAddress(0, 0);
  const batch = builder.seal();
  t.deepEqual([batch.length, ...batch.low, ...batch.high, ...batch.fault, ...batch.point], [1, 0, 0, 0, 2]);
});
