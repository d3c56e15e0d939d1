/** Recordings that fast-check makes up, and the expected result of reading them. */
import fc from "fast-check";
import { points } from "../../../events/index.js";
import type { ArgumentType } from "../../../events/definition.js";
import type { Shape, Written, WrittenEvent } from "./writer.js";

export const SHAPES: readonly Shape[] = [6, 7].flatMap((version) =>
  [false, true].flatMap((big) =>
    ([4, 8] as const).flatMap((long) =>
      (version === 6 ? (["none"] as const) : (["none", "zlib", "zstd"] as const)).flatMap((codec) =>
        [512, 4096].map((pageSize): Shape => ({ version: version as 6 | 7, big, long, codec, pageSize })),
      ),
    ),
  ),
);

const NAMES = [
  "iput",
  "alloc_anon_inode_ret",
  "kvm_gmem_create",
  "kvm_gmem_create_ret",
  "try_module_get",
  "try_module_get_ret",
  "kvm_gmem_bind",
  "module_load",
  "tracing_mark_write",
  "sched_waking",
  "alloc_file_pseudo",
];
const WORDS = fc.oneof(
  fc.constantFrom("", "kvm", "[kvm-gmem]", "naïve", 'a "b" c'),
  fc.string({ maxLength: 40 }).filter((text) => !/[\0\n]/.test(text)),
);

function valueOf(type: ArgumentType, long: 4 | 8): fc.Arbitrary<bigint | string | undefined> {
  switch (type) {
    case "string":
      return fc.oneof({ weight: 5, arbitrary: WORDS }, { weight: 1, arbitrary: fc.constant(undefined) });
    case "ptr":
      return fc.oneof(
        fc.constantFrom(0n, long === 8 ? 0xffffffffffffffe9n : 0xffffffe9n),
        fc.bigInt(0n, long === 8 ? (1n << 64n) - 1n : (1n << 32n) - 1n),
      );
    case "u8":
      return fc.bigInt(0n, 255n);
    case "s32":
      return fc.bigInt(-(1n << 31n), (1n << 31n) - 1n);
    case "u32":
    case "x32":
      return fc.bigInt(0n, (1n << 32n) - 1n);
    case "s64":
      return fc.bigInt(-(1n << 63n), (1n << 63n) - 1n);
    case "u64":
    case "x64":
      return fc.bigInt(0n, (1n << 64n) - 1n);
  }
}

/** Nanoseconds between two events: none, a few, more than 27 bits hold, more than a double. */
const gap = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0n, 100_000n) },
  { weight: 1, arbitrary: fc.bigInt(0n, 1n << 30n) },
  { weight: 1, arbitrary: fc.constantFrom(0n, (1n << 27n) - 1n, 1n << 27n, 999_999_999n, 1_000_000_000n) },
);
const start = fc.oneof(fc.bigInt(0n, 1n << 45n), fc.constantFrom(0n, (1n << 53n) - 5n, 1_795_000_000_123_456_789n));

function eventOf(long: 4 | 8): fc.Arbitrary<Omit<WrittenEvent, "time"> & { readonly gap: bigint }> {
  const addresses =
    long === 8
      ? [0xffffffff81100004n, 0xffffffff81100123n, 0xffffffffc0100010n, 0xffffffff8110ffffn]
      : [0x81100004n, 0xc0100010n];
  return fc.constantFrom(...NAMES).chain((name) => {
    const point = points.byEvent(name);
    const args = (point?.args ?? [{ type: "s32" as const }]).map((arg) =>
      name === "tracing_mark_write" ? WORDS : valueOf(arg.type, long),
    );
    return fc.record({
      gap,
      name: fc.constant(name),
      pid: fc.constantFrom(0, 1, 77, 4_194_303),
      flags: fc.constantFrom(0, 1, 0x08, 0x10, 0x18, 0x40, 0x48, 0xff),
      // A record of another function is no marker.
      place:
        name === "tracing_mark_write"
          ? fc.constant(long === 8 ? 0xffffffff81200008n : 0x12345678n)
          : fc.constantFrom(...addresses),
      caller: fc.constantFrom(...addresses),
      args: fc.tuple(...args),
      absolute: fc.boolean(),
      discarded: fc.boolean(),
    });
  });
}

function cpuOf(long: 4 | 8): fc.Arbitrary<WrittenEvent[]> {
  const missed = fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant("some" as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 100000 }) },
  );
  return fc.tuple(start, fc.array(fc.tuple(eventOf(long), missed), { maxLength: 30 })).map(([from, steps]) => {
    let time = from;
    return steps.map(([{ gap: step, ...event }, lost]) => {
      time += step;
      return { ...event, time, ...(lost === undefined ? {} : { missed: lost }) };
    });
  });
}

export const written: fc.Arbitrary<Written> = fc.constantFrom(...SHAPES).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    buffers: fc
      .array(fc.array(cpuOf(shape.long), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
      .map((buffers) => buffers.map((cpus, k) => ({ name: k === 0 ? "" : `instance${k}`, cpus }))),
    comms: fc.constant({ 1: "systemd", 77: "a b-9 [1]" }),
    clock: fc.constantFrom("local", "mono", "tai"),
  }),
);
