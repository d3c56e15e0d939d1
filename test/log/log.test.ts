/** Tests that the log keeps events as they were appended, and that what it yields is exact and cannot be changed. */
import test from "ava";
import fc from "fast-check";
import { type OperationName, points } from "../../events/index.js";
import type { Batch } from "../../src/log/batch.js";
import { BatchBuilder } from "../../src/log/batch-builder.js";
import { eventAt } from "../../src/log/event.js";
import { MemoryLog } from "../../src/log/log.js";
import { createTables, type Tables } from "../../src/log/tables.js";
import { exactTime, formatTime } from "../../src/log/time.js";
import { toNumber } from "../../src/log/view.js";
import { batchesOf, textEvents, healthyRecordings } from "../support/recordings.js";

const point = (name: string): number => points.byEvent(name)!.id;
const words = (n: bigint): [number, number] => [Number(BigInt.asUintN(32, n)), Number(BigInt.asUintN(32, n >> 32n))];

function builder(tables: Tables, ...names: OperationName[]): BatchBuilder {
  const b = new BatchBuilder(tables.addresses);
  for (const name of names) b.begin(point(name), tables.tasks.intern("task", 1), 0, 0, 1, 2, 1);
  return b;
}

test("a log is read as it was appended, again and again", async (t) => {
  const tables = createTables();
  const b = builder(tables, "kvm_exit", "kvm_exit");
  const first = b.seal();
  b.begin(point("kvm_exit"), 0, 0, 0, 1, 3, 3);
  const second = b.seal();
  const log = new MemoryLog({ path: "-", format: "test" }, tables);
  log.append(first);
  log.append(second);
  t.is(log.length, 3);
  for (let i = 0; i < 2; i++) t.deepEqual(await all(log), [first, second]);
  t.true(Object.isFrozen(first));
  t.throws(() => Object.assign(first, { length: 7 }), { instanceOf: TypeError });
});

async function all(log: MemoryLog): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of log.batches()) batches.push(batch);
  return batches;
}

test("appending only goes on at the end: anything else throws and changes nothing", async (t) => {
  const tables = createTables();
  const b = builder(tables, "kvm_exit", "kvm_exit");
  const first = b.seal();
  const log = new MemoryLog({ path: "-", format: "test" }, tables);
  log.append(first);
  for (const firstSeq of [0, 1, 2, 4, 100])
    t.throws(() => log.append({ ...first, firstSeq }), { instanceOf: RangeError, message: /next event is 3/ });
  t.is(log.length, 2);
  t.deepEqual(await all(log), [first]);
  log.append({ ...first, firstSeq: 3 });
  t.is(log.length, 4);
});

test("two logs have two names", (t) => {
  t.not(new MemoryLog({ path: "-", format: "" }).id, new MemoryLog({ path: "-", format: "" }).id);
});

test("64-bit values are exact: unsigned, signed, addresses and errors", (t) => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }),
      (kvm, size, fd) => {
        const tables = createTables();
        const b = builder(tables, "kvm_gmem_create");
        b.pushAddress(...words(kvm));
        b.pushNumber(...words(size));
        b.pushNumber(...words(size));
        b.begin(point("kvm_gmem_create_ret"), 0, 0, 0, 1, 2, 2);
        b.pushNumber(...words(fd));
        b.begin(point("kvm_gmem_fallocate"), 0, 0, 0, 1, 2, 3);
        b.pushAddress(...words(kvm));
        b.pushNumber(3, 0);
        b.pushNumber(...words(size));
        b.pushNumber(...words(size));
        const batch = b.seal();
        const [entry, result, fallocate] = [0, 1, 2].map((i) => eventAt(batch, i, points, tables));
        t.deepEqual({ ...entry!.args }, { kvm, size, flags: size });
        t.is(result!.args["fd"], Number(fd));
        t.is(fallocate!.args["offset"], BigInt.asIntN(64, size));
        t.deepEqual([entry!.phase, result!.phase], ["entry", "return"]);
      },
    ),
  );
});

test("what the kernel could not read is null, and an empty string is not", (t) => {
  const tables = createTables();
  const b = builder(tables, "module_put");
  b.pushAddress(0x1000, 0);
  b.pushFault();
  b.pushNumber(7, 0);
  b.begin(point("module_put"), 0, 0, 0, 1, 2, 2);
  b.pushAddress(0, 0);
  b.pushString("");
  b.pushNumber(0xffffffff, 0xffffffff);
  const batch = b.seal();
  t.deepEqual({ ...eventAt(batch, 0, points, tables).args }, { module: 0x1000n, name: null, refcnt: 7 });
  t.deepEqual({ ...eventAt(batch, 1, points, tables).args }, { module: 0n, name: "", refcnt: -1 });
});

test("an event is a value: frozen, with a task, a place and a line of its own", (t) => {
  const tables = createTables();
  const b = new BatchBuilder(tables.addresses);
  b.begin(
    point("kvm_exit"),
    tables.tasks.intern("a-b c", 42, 41),
    3,
    0,
    35,
    846890123,
    17,
    tables.places.intern("kvm_exit+0x4/0x80 [kvm]"),
  );
  const event = eventAt(b.seal(), 0, points, tables);
  t.true(Object.isFrozen(event) && Object.isFrozen(event.args) && Object.isFrozen(event.task));
  t.like(event, {
    seq: 1,
    cpu: 3,
    operation: "kvm_exit",
    place: "kvm_exit+0x4/0x80 [kvm]",
    line: 17,
    time: 35846890123n,
  });
  t.deepEqual({ ...event.task }, { comm: "a-b c", pid: 42, tgid: 41, name: "a-b c-42" });
});

test("an event of an operation that is not in the catalogue keeps its name and its text", (t) => {
  const tables = createTables();
  const b = new BatchBuilder(tables.addresses);
  b.begin(0, tables.tasks.intern("task", 1), 0, 0, 1, 2, 1);
  b.unknown("sched_switch", "prev_comm=x next_pid=2");
  t.like(eventAt(b.seal(), 0, points, tables), {
    operation: "sched_switch",
    phase: "unknown",
    args: { text: "prev_comm=x next_pid=2" },
  });
});

test("a sealed batch is nobody's to write: what is built later does not reach it", (t) => {
  const tables = createTables();
  const b = builder(tables, "kvm_exit");
  const sealed = b.seal();
  const before = structuredClone({ ...sealed });
  for (let i = 0; i < 50; i++) b.begin(point("kvm_init"), 0, 9, 0, 9, 9, 9);
  b.loss(1, 5, 3);
  b.seal();
  t.deepEqual({ ...sealed }, before as unknown as typeof sealed);
});

test("times are exact and printed with the recording's own digits", (t) => {
  t.is(formatTime(35, 846890000, 6), "35.846890");
  t.is(formatTime(35, 123, 9), "35.000000123");
  t.is(formatTime(0, 5, 6), "0.000000");
  t.is(formatTime(0, 846890, 0), "846890");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 999999999 }), (high, low) => {
      t.is(exactTime(high, low), BigInt(high) * 1000000000n + BigInt(low));
      t.is(formatTime(high, low, 0), String(exactTime(high, low)));
      t.is(BigInt(formatTime(high, low, 9).replace(".", "")), exactTime(high, low));
    }),
  );
});

test("a double holds what fits in one", (t) => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      t.is(toNumber(...words(BigInt(n))), n);
    }),
  );
});

test("addresses: equal numbers for equal addresses and for no others; NULL is 0, errors are known", (t) => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 300 }), (values) => {
      const { addresses } = createTables();
      const ids = new Map<bigint, number>();
      for (const value of [...values, ...values]) {
        const id = addresses.intern(...words(value));
        t.is(ids.get(value) ?? id, id);
        ids.set(value, id);
        t.is(addresses.bigint(id), value);
        t.is(addresses.find(...words(value)), id);
        t.is(addresses.hex(id), `0x${value.toString(16)}`);
        t.is(addresses.isError(id), value >= 2n ** 64n - 4095n);
      }
      t.is(new Set(ids.values()).size, ids.size);
      t.is(addresses.intern(0, 0), 0);
    }),
  );
  const { addresses } = createTables();
  t.is(addresses.errno(addresses.intern(0xffffffe9, 0xffffffff)), -23);
  t.is(addresses.errno(addresses.intern(0xffffe000, 0xffffffff)), 0);
  t.is(addresses.find(1, 1), undefined);
});

test("tasks are told apart by comm, pid and thread group", (t) => {
  const { tasks } = createTables();
  const ids = [
    tasks.intern("a", 1),
    tasks.intern("b", 1),
    tasks.intern("a", 2),
    tasks.intern("a", 1, 1),
    tasks.intern("a-1", 1),
    tasks.intern("", 0),
  ];
  t.is(new Set(ids).size, ids.length);
  t.is(tasks.intern("a", 1), ids[0]!);
  t.is(tasks.get(ids[4]!).comm, "a-1");
  t.is(tasks.size, ids.length);
});

test("every event of a recording is there, in order, with its own line, time and task", async (t) => {
  for (const path of healthyRecordings().filter((p) => p.includes("s09"))) {
    const { batches, tables } = await batchesOf(path);
    const texts = textEvents(path);
    const events = batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, i) => ({
        event: eventAt(batch, i, points, tables),
        point: points.points[batch.point[i]!],
        batch,
        i,
      })),
    );
    t.is(events.length, texts.length);
    events.forEach(({ event, point: p, batch, i }, at) => {
      const text = texts[at]!;
      if (
        event.seq !== text.seq ||
        event.task.name !== text.task ||
        (p?.event ?? event.operation) !== text.name ||
        formatTime(batch.timeHigh[i]!, batch.timeLow[i]!, batch.timeDigits) !== text.seconds
      )
        t.fail(`${path}: event ${at + 1} is not ${text.name}`);
    });
  }
  t.pass();
});
