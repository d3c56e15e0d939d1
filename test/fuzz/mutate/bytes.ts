/** Mutations that are independent of what the bytes mean. */
import { type Random, weighted } from "../random.js";

/** Bytes: a longer input finds no more and takes all the time. */
export const MAX_INPUT = 256 * 1024;
const INTERESTING = [0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x2d, 0x30, 0x3a, 0x5c, 0x7f, 0x80, 0xc3, 0xed, 0xfe, 0xff];
const WORDS = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0xfffn,
  0x1000n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

export type ByteMutation = (bytes: Buffer, random: Random, other: () => Buffer) => Buffer;

const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

/** Writes a number of `size` bytes, as much of it as fits. */
export function writeWord(bytes: Buffer, at: number, size: number, value: bigint, big: boolean): void {
  let rest = BigInt.asUintN(size * 8, value);
  for (let k = 0; k < size; k++, rest >>= 8n)
    if (at + k < bytes.length) bytes[big ? at + size - 1 - k : at + k] = Number(rest & 0xffn);
}

/** Returns a number at an edge, or near the present one. */
export function wordNear(random: Random, value: bigint): bigint {
  return random.chance(0.6)
    ? random.pick(WORDS)
    : random.pick([
        value + 1n,
        value - 1n,
        value * 2n,
        value >> 1n,
        -value,
        value + BigInt(random.between(-64, 64)),
        value ^ (1n << BigInt(random.below(32))),
      ]);
}

export const BYTE_MUTATIONS: readonly (readonly [weight: number, name: string, mutation: ByteMutation])[] = [
  [4, "bit", (bytes, random) => at(bytes, random, (copy, p) => (copy[p] = copy[p]! ^ (1 << random.below(8))))],
  [
    4,
    "byte",
    (bytes, random) =>
      at(bytes, random, (copy, p) => (copy[p] = random.chance(0.5) ? random.pick(INTERESTING) : random.below(256))),
  ],
  [
    3,
    "word",
    (bytes, random) =>
      at(bytes, random, (copy, p) =>
        writeWord(copy, p, random.pick([2, 4, 8]), random.pick(WORDS), random.chance(0.2)),
      ),
  ],
  [
    2,
    "insert",
    (bytes, random) =>
      spliced(
        bytes,
        random.below(bytes.length + 1),
        0,
        random.chance(0.5)
          ? random.bytes(random.small(1, 40))
          : Buffer.alloc(random.small(1, 400), random.pick(INTERESTING)),
      ),
  ],
  [3, "delete", (bytes, random) => spliced(bytes, random.below(bytes.length), random.small(1, 400), Buffer.alloc(0))],
  [2, "truncate", (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1))],
  [1, "behead", (bytes, random) => bytes.subarray(random.small(0, bytes.length))],
  [2, "double", (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, part(bytes, random))],
  [2, "move", (bytes, random) => moved(bytes, random)],
  [
    1,
    "zeros",
    (bytes, random) =>
      at(bytes, random, (copy, p) =>
        copy.fill(random.pick([0, 0xff, 0x20]), p, Math.min(copy.length, p + random.small(1, 600))),
      ),
  ],
  [
    2,
    "splice",
    (bytes, random, other) => joined(bytes.subarray(0, random.below(bytes.length + 1)), fromWithin(other(), random)),
  ],
  [1, "append", (bytes, _, other) => joined(bytes, other())],
  [
    1,
    "graft",
    (bytes, random, other) =>
      spliced(bytes, random.below(bytes.length + 1), random.small(0, 200), part(other(), random)),
  ],
];

/** Applies one of the mutations; an input never grows beyond `MAX_INPUT`. */
export function mutateBytes(bytes: Buffer, random: Random, other: () => Buffer, mutations: string[]): Buffer {
  const [name, mutation] = weighted(
    random,
    BYTE_MUTATIONS.map(([weight, what, how]) => [weight, [what, how] as const]),
  );
  mutations.push(name);
  return mutation(bytes, random, other).subarray(0, MAX_INPUT);
}

function at(bytes: Buffer, random: Random, change: (copy: Buffer, p: number) => void): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) change(copy, random.below(copy.length));
  return copy;
}

export function spliced(bytes: Buffer, p: number, remove: number, add: Uint8Array): Buffer {
  return joined(bytes.subarray(0, p), add, bytes.subarray(Math.min(bytes.length, p + remove)));
}

function part(bytes: Buffer, random: Random): Buffer {
  const from = random.below(bytes.length);
  return bytes.subarray(from, from + random.small(1, 2000));
}

function fromWithin(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(random.below(bytes.length + 1));
}

function moved(bytes: Buffer, random: Random): Buffer {
  const from = random.below(bytes.length);
  const piece = Buffer.from(bytes.subarray(from, from + random.small(1, 500)));
  const rest = spliced(bytes, from, piece.length, Buffer.alloc(0));
  return spliced(rest, random.below(rest.length + 1), 0, piece);
}
