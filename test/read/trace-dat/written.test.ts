/**
 * Tests that every written file is read: both versions, byte orders and sizes of a long, any compression, several
 * buffers, losses.
 */
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { CONTEXT_HARDIRQ, CONTEXT_NMI, CONTEXT_SOFTIRQ } from "../../../src/log/batch.js";
import { SHAPES, written } from "./arbitraries.js";
import { read, readStreamed, type Reading } from "./reading.js";
import { KALLSYMS, PLAIN, write, type Written, type WrittenEvent } from "./writer.js";
import { same } from "../../support/same.js";

/** Returns the events in the order in which they must be read: by time, and for equal times by buffer and CPU. */
function inOrder({ buffers }: Written): { readonly cpu: number; readonly event: WrittenEvent }[] {
  const cpus = buffers.flatMap((buffer) => buffer.cpus.map((events, cpu) => events.map((event) => ({ cpu, event }))));
  return cpus
    .flatMap((events, order) => events.map((taken) => ({ ...taken, order })))
    .sort((a, b) => (a.event.time === b.event.time ? a.order - b.order : a.event.time < b.event.time ? -1 : 1));
}

const COMMS: Readonly<Record<number, string>> = { 0: "<idle>", 1: "systemd", 77: "a b-9 [1]" };

function expectedOf({ cpu, event }: { readonly cpu: number; readonly event: WrittenEvent }): object {
  const { name, pid, time, flags } = event;
  const point = points.byEvent(name);
  const args = (point?.args ?? []).map((arg, k) => {
    const value = event.args[k];
    if (value === undefined) return null;
    return typeof value === "bigint" && !["ptr", "s64", "u64", "x64"].includes(arg.type) ? Number(value) : value;
  });
  return { name, task: `${COMMS[pid] ?? "<...>"}-${pid}`, cpu, time, context: contextOf(flags), args };
}

function contextOf(flags: number): number {
  const hardirq = (flags & 8) === 0 ? 0 : CONTEXT_HARDIRQ;
  return (flags & 0x40) !== 0 ? CONTEXT_NMI | hardirq : hardirq | ((flags & 0x10) === 0 ? 0 : CONTEXT_SOFTIRQ);
}

function actual({ events, contexts }: Reading): object[] {
  return events.map(({ operation, phase, task, cpu, time, args }, k) => {
    const name = phase === "return" ? `${operation}_ret` : operation;
    const { text, ...rest } = args;
    return {
      name,
      task: task.name,
      cpu,
      time,
      context: contexts[k]!,
      args: name === "tracing_mark_write" ? [text!] : Object.values(rest),
    };
  });
}

test("any recording, in any shape, is read as it was written", (t) => {
  fc.assert(
    fc.property(written, fc.constantFrom(1, 5, 8192), (recording, batchEvents) => {
      const reading = read(write(recording), batchEvents);
      const order = inOrder(recording);
      same(t, actual(reading), order.map(expectedOf));
      const losses = order.flatMap(({ cpu, event: { missed } }, k) =>
        missed === undefined ? [] : [{ before: k + 1, cpu, count: missed }],
      );
      // A count that had no room after the page's events is absent.
      t.deepEqual(
        reading.losses.map(({ before, cpu }) => ({ before, cpu })),
        losses.map(({ before, cpu }) => ({ before, cpu })),
      );
      t.true(reading.losses.every(({ count }, k) => count === losses[k]!.count || count === 0));
      const { report } = reading;
      t.is(report.events, order.length);
      t.is(report.malformed, 0);
      t.is(
        report.lost,
        reading.losses.reduce((sum, { count }) => sum + count, 0),
      );
      t.is(report.unknown, order.filter(({ event }) => event.name === "sched_waking").length);
      t.deepEqual(report.warnings, []);
      t.false(report.truncated);
    }),
    { numRuns: 150 },
  );
});

const EVENT: WrittenEvent = {
  time: 1_000_000_007n,
  name: "iput",
  pid: 77,
  flags: 0,
  place: 0xffffffff81100004n,
  args: points.byEvent("iput")!.args.map(() => 1n),
};
const one = (...cpus: readonly (readonly WrittenEvent[])[]): Written => ({
  shape: PLAIN,
  buffers: [{ name: "", cpus }],
});

for (const shape of SHAPES) {
  const { version, big, long, codec, pageSize } = shape;
  test(`version ${version}, ${big ? "big" : "little"}-endian, longs of ${long}, ${codec}, pages of ${pageSize}: times, counts of losses, pages`, (t) => {
    const events = Array.from(
      { length: 400 },
      (_, k): WrittenEvent => ({
        ...EVENT,
        time: 5n + BigInt(k) * 100_000_000n,
        ...(k % 50 === 49 ? { missed: k } : {}),
      }),
    );
    const {
      events: read0,
      losses,
      report,
    } = read(
      write({
        shape,
        buffers: [
          { name: "", cpus: [events, []] },
          { name: "other", cpus: [[], [EVENT], []] },
        ],
      }),
    );
    t.is(read0.length, 401);
    t.is(read0.at(-1)!.time, 5n + 399n * 100_000_000n);
    t.deepEqual(
      losses.map(({ count }) => count),
      events.flatMap(({ missed }) => (typeof missed === "number" ? [missed] : [])),
    );
    t.is(
      report.lost,
      losses.reduce((sum, { count }) => sum + count, 0),
    );
    t.false(report.uncountedLoss);
    t.deepEqual(report.cpus, [0, 1]);
  });
}

test("places are named by the symbols: offset, size, module, the first of several names; beyond them addresses stay", (t) => {
  const at = (place: bigint): string => read(write(one([{ ...EVENT, place }]))).events[0]!.place;
  t.is(at(0xffffffff81100004n), "iput+0x4/0x100");
  t.is(at(0xffffffff81100100n), "caller+0x0/0x100", "the first of two names");
  t.is(at(0xffffffffc0000004n), "early+0x4/0x100000 [early]", "modules stand in any order");
  t.is(at(0xffffffffc0100010n), "kvm_gmem_create+0x10/0x200 [kvm]");
  t.is(at(0xffffffffc0200000n), "0xffffffffc0200000", "behind the last symbol");
  t.is(at(0xffffffff80000000n), "0xffffffff80000000");
  t.is(at(0n), "0x0");
  const hidden = KALLSYMS.replaceAll(/^[\da-f]{16}/gm, "0".repeat(16));
  t.is(
    read(write({ ...one([EVENT]), kallsyms: hidden })).events[0]!.place,
    "0xffffffff81100004",
    "a kernel that tells no addresses",
  );
  const returned = read(
    write(
      one([
        { ...EVENT, name: "alloc_anon_inode_ret", args: [1n], place: 0xffffffff81100004n, caller: 0xffffffff81100410n },
      ]),
    ),
  ).events[0]!;
  t.is(returned.place, "dput+0x10/0xffc00 <- iput");
});

test("what ftrace calls unknown: a probed caller's own return", (t) => {
  const kallsyms = KALLSYMS.replace("dput", "arch_rethook_trampoline");
  const { events } = read(
    write({ ...one([{ ...EVENT, name: "alloc_anon_inode_ret", args: [1n], caller: 0xffffffff81100400n }]), kallsyms }),
  );
  t.is(events[0]!.place, "[unknown/kretprobe'd] <- iput");
});

test("what trace_printk writes is no marker", (t) => {
  const reading = read(
    write(
      one([
        { ...EVENT, name: "tracing_mark_write", place: 0xffffffff81200104n, args: ["x"] },
        { ...EVENT, name: "tracing_mark_write", place: 0xffffffff81200004n, args: ["op: x"] },
      ]),
    ),
  );
  t.deepEqual(
    reading.events.map(({ operation, args }) => [operation, args["text"]]),
    [
      ["do_printk", ""],
      ["tracing_mark_write", "op: x"],
    ],
  );
});

test("a tracepoint that has the name of a probe is not the probe", (t) => {
  const renamed = read(write({ ...one([EVENT]), format: (text) => text.replace("__probe_ip", "ip") }));
  t.deepEqual(
    renamed.events.map(({ phase, operation }) => [phase, operation]),
    [["unknown", "iput"]],
  );
});

test("arguments are found by their names, whatever their order and size; one that was not probed is absent", (t) => {
  const [first] = points.byEvent("iput")!.args;
  const without = read(write({ ...one([EVENT]), format: (text) => text.replace(` ${first!.name};`, " another;") }));
  t.is(without.events[0]!.args[first!.name], null);
  t.is(without.report.malformed, 0);
});

test("clocks: nanoseconds, counters, and a time stamp counter with its scale", (t) => {
  const of = (clock: string, options: Written["options"] = []): Reading =>
    read(write({ ...one([EVENT]), clock, options }));
  t.deepEqual(of("mono_raw").report.clock, { kind: "seconds", digits: 9 });
  t.deepEqual(of("counter").report.clock, { kind: "counter", digits: 0 });
  t.deepEqual(of("x86-tsc").report.clock, { kind: "counter", digits: 0 });
  const scale = Buffer.alloc(16);
  scale.writeUInt32LE(3, 0);
  scale.writeUInt32LE(1, 4);
  const scaled = of("x86-tsc", [[14, scale]]);
  t.deepEqual(scaled.report.clock, { kind: "seconds", digits: 9 });
  t.is(scaled.events[0]!.time, (1_000_000_007n * 3n) >> 1n);
  t.is(of("local", [[1, Buffer.from("0x3e8\0")]]).events[0]!.time, 1_001_000_007n, "--date: microseconds");
  t.is(of("local", [[7, Buffer.from("-7\0")]]).events[0]!.time, 1_000_000_000n);
});

test("statistics of the CPUs: what was overwritten is counted once, what was dropped is lost somewhere between pages", (t) => {
  const stats = (cpu: number, overrun: number, dropped: number): readonly [number, Buffer] => [
    2,
    Buffer.from(`CPU: ${cpu}\nentries: 5\noverrun: ${overrun}\ncommit overrun: 0\ndropped events: ${dropped}\n\0`),
  ];
  const overrun = read(
    write({ ...one([{ ...EVENT, missed: 3 }], [EVENT]), options: [stats(0, 3, 0), stats(1, 0, 0)] }),
  );
  t.is(overrun.report.lost, 3);
  t.deepEqual(overrun.losses, [{ before: 1, cpu: 0, count: 3 }]);
  const many = Array.from({ length: 200 }, (_, k): WrittenEvent => ({ ...EVENT, time: BigInt(k) }));
  const dropped = read(write({ ...one(many), options: [stats(0, 0, 9)] }));
  t.is(dropped.report.lost, 9);
  t.true(dropped.losses.length > 1);
  t.true(dropped.losses.every(({ count }) => count === 0));
  t.is(dropped.losses.at(-1)!.before, 201, "behind the last page as well");
});

test("sub-buffers of several pages of the machine", (t) => {
  const many = Array.from({ length: 500 }, (_, k): WrittenEvent => ({ ...EVENT, time: BigInt(k) }));
  const bytes = write({ shape: { ...PLAIN, pageSize: 16_384 }, buffers: [{ name: "", cpus: [many, many] }] });
  bytes.writeUInt32LE(4096, bytes.indexOf("tracing6\0") + 11);
  const { events, report } = read(bytes);
  t.is(events.length, 1000);
  t.false(report.uncountedLoss);
});

test("buffers with clocks of their own are read, with a warning", (t) => {
  const shape = { ...PLAIN, version: 7 } as const;
  const bytes = write({
    shape,
    buffers: [
      { name: "", cpus: [[EVENT]] },
      { name: "i", cpus: [[EVENT]] },
    ],
    clock: "mono",
  });
  bytes.set(Buffer.from("boot"), bytes.lastIndexOf("mono"));
  const { events, report } = read(bytes);
  t.is(events.length, 2);
  t.regex(report.warnings.join(), /clocks of their own \(mono, boot\)/);
});

for (const shape of [
  PLAIN,
  { ...PLAIN, version: 7 },
  { ...PLAIN, version: 7, codec: "zlib" },
  { ...PLAIN, version: 7, codec: "zstd", big: true },
] as const) {
  test(`text of a latency tracer: version ${shape.version}, ${shape.codec}`, async (t) => {
    const latency =
      "# tracer: nop\n#\n         gmemrun-138     [001] .....     5.374322: dput: (dput+0x4/0x20) dentry=0xffff888100b08000\n";
    const { events, report } = await readStreamed(write({ shape, buffers: [], latency }));
    t.deepEqual(
      events.map(({ operation, time, place }) => [operation, time, place]),
      [["dput", 5_374_322_000n, "dput+0x4/0x20"]],
    );
    t.is(report.tracer, "nop");
  });
}
