/** Tests files with wrong contents: a clear error or a counted loss, in bounded memory and time. */
import { deflateSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { decompress, PieceError } from "../../../src/read/trace-dat/decompress.js";
import { openAccess } from "../../../src/read/trace-dat/spool.js";
import { TroubleError } from "../../../src/base/trouble.js";
import { written as anyWritten } from "./arbitraries.js";
import { read, unzipped, type Reading } from "./reading.js";
import { Bytes, PLAIN, storedZstd, write, type Shape, type Written, type WrittenEvent } from "./writer.js";

const EVENT: WrittenEvent = {
  time: 1_000_000_007n,
  name: "iput",
  pid: 77,
  flags: 0,
  place: 0xffffffff81100004n,
  args: points.byEvent("iput")!.args.map(() => 1n),
};
const EVENTS = Array.from({ length: 300 }, (_, k): WrittenEvent => ({ ...EVENT, time: BigInt(k) * 1000n }));
const SEVEN: Shape = { ...PLAIN, version: 7 };
const ZLIB: Shape = { ...SEVEN, codec: "zlib" };
const of = (shape: Shape, more: Partial<Written> = {}): Buffer =>
  write({ shape, buffers: [{ name: "", cpus: [EVENTS, EVENTS] }], ...more });
const whole = read(of(PLAIN)).events.length;

/** Returns the trouble of a file: one line with the fault, and the name of the file. */
function trouble(bytes: Buffer): string {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof TroubleError)) throw error;
    return error.message;
  }
  return "no trouble";
}

/** Replaces bytes in place, found by the bytes before them. */
function patched(bytes: Buffer, before: string | number, at: number, value: number | bigint, size: number): Buffer {
  const copy = Buffer.from(bytes);
  const from = typeof before === "number" ? before : copy.indexOf(before, 0, "latin1") + before.length;
  copy.set(new Bytes(false).number(value, size).buffer(), from + at);
  return copy;
}

const HUGE = 1n << 62n;

test("lengths and numbers that lie", (t) => {
  const six = of(PLAIN);
  const seven = of(SEVEN);
  for (const [bytes, what] of [
    [patched(six, "header_page\0", 0, HUGE, 8), /header_page is 4611686018427387904, more than any file holds/],
    [patched(six, "header_page\0", 0, six.length, 8), /header_page says that it has \d+ bytes, and there are \d+/],
    [patched(six, "header_event\0", 0, 1n << 40n, 8), /header_event says that it has/],
    [patched(six, "gmem\0", 0, 0xffffffff, 4), /damaged/],
    [patched(six, "gmem\0", 4, 1n << 50n, 8), /a format says that it has/],
    [patched(six, "options  \0", 2, 0xfffffff0, 4), /an option says that it has 4294967280 bytes/],
    [patched(six, "options  \0", -14, 100_000, 4), /there are 100000 CPUs/],
    [patched(six, "flyrecord\0", 0, HUGE, 8), /offset of a CPU's pages is/],
    [patched(six, "tracing6\0", 1, 3, 1), /a long has 3 bytes/],
    [patched(six, "tracing6\0", 0, 7, 1), /the byte order is 7/],
    [patched(six, "tracing6\0", 2, 0, 4), /a page has 0 bytes/],
    [patched(six, "tracing6\0", 2, 1 << 30, 4), /a page has 1073741824 bytes/],
    [patched(seven, "none\0\0", 0, 1n << 52n, 8), /something is said to be at offset/],
    [patched(seven, "none\0\0", 0, HUGE, 8), /offset of the options/],
    [patched(seven, "none\0\0", 0, 3, 8), /the size of the options is \d+, more than any file holds/],
    [six.subarray(0, 5), /does not begin like one/],
    [six.subarray(0, 30), /cut off/],
  ] as const) {
    t.regex(trouble(bytes), what);
    t.true(trouble(bytes).startsWith("test.dat: ") && !trouble(bytes).includes("\n"));
  }
});

test("versions and compressions that kreel does not have are named, with what would help", (t) => {
  t.regex(trouble(patched(of(PLAIN), "tracing", 0, 0x38, 1)), /version "8"; kreel reads 6 and 7: trace-cmd convert/);
  const odd = of(SEVEN);
  odd.set(Buffer.from("lzma"), odd.indexOf("none\0"));
  t.regex(trouble(odd), /compressed with "lzma".*trace-cmd convert --compression none/);
});

test("a chain of options that bites its tail", (t) => {
  const bytes = of(SEVEN);
  const first = Number(bytes.readBigUInt64LE(bytes.indexOf("none\0\0") + 6));
  const next = first + 16 + Number(bytes.readBigUInt64LE(first + 8)) - 8;
  t.is(bytes.readUInt16LE(next - 6), 0, "the last option");
  t.regex(trouble(patched(bytes, next, 0, first, 8)), /the chain of options does not end/);
});

test("sections that are not what the options say, or not there", (t) => {
  const bytes = of(SEVEN);
  const first = Number(bytes.readBigUInt64LE(bytes.indexOf("none\0\0") + 6));
  // The first option is that of the headers.
  t.regex(trouble(patched(bytes, first + 16, 0, 99, 2)), /no option says where the headers are/);
  t.regex(
    trouble(patched(bytes, first + 16, 6, first, 8)),
    /the headers should be there, and a section of another kind is/,
  );
  t.regex(trouble(patched(bytes, first + 16, 6, bytes.length + 5, 8)), /something is said to be at offset/);
});

test("pages of two CPUs that overlap", (t) => {
  const bytes = of(PLAIN);
  const at = bytes.indexOf("flyrecord\0") + 10;
  t.regex(trouble(patched(bytes, at, 16, bytes.readBigUInt64LE(at), 8)), /the pages of CPU 0 and CPU 1 overlap/);
});

function lossy(t: { true(value: boolean): void }, { report, events, losses }: Reading, atLeast: number): void {
  t.true(report.uncountedLoss);
  t.true(losses.length > 0);
  t.true(report.warnings.length > 0);
  t.true(events.length >= atLeast && events.length <= whole);
}

test("pages that are cut off or lie elsewhere: what is there is read, and the loss is said", (t) => {
  const bytes = of(PLAIN);
  const at = bytes.indexOf("flyrecord\0") + 10;
  for (const cut of [1, 100, 4096, 5000]) {
    const reading = read(bytes.subarray(0, bytes.length - cut));
    lossy(t, reading, 300);
    t.true(reading.report.truncated);
    t.regex(reading.report.warnings.join(), /events of CPU 1 are missing: the file is cut off/);
  }
  const elsewhere = read(patched(bytes, at, 0, bytes.length + 4096, 8));
  lossy(t, elsewhere, 300);
  t.true(elsewhere.report.truncated);
});

test("pages that make no sense: the rest of the page is lost, the others are read", (t) => {
  const bytes = of(PLAIN);
  const page = Number(bytes.readBigUInt64LE(bytes.indexOf("flyrecord\0") + 10));
  for (const [at, value, size] of [
    [8, 5000, 4], // more than a page is used
    [8, 4078, 4], // up to the middle of an event
    [16, 0, 4], // an event of no length: its length is the next word, which is an id and flags
    [20 + 4 * 20, 0, 4],
    [16, 28, 4],
    [16, 29 | (1 << 5), 4],
  ] as const) {
    const reading = read(patched(bytes, page, at, value, size));
    t.true(reading.events.length >= 300 && reading.events.length <= whole + 60);
  }
  lossy(t, read(patched(bytes, page, 16, 0, 4)), 500);
  // Words that take no bytes of an event, one after the other: only times pass.
  const idle = Buffer.from(bytes);
  for (let p = page + 16; p + 8 <= page + 4096; p += 8)
    idle.set(new Bytes(false).number(30, 4).number(0xffffffff, 4).buffer(), p);
  t.true(read(patched(idle, page, 8, 4080, 4)).events.length >= 300);
});

test("formats with overlapping fields, without any, twice the same field: their events are counted, not read", (t) => {
  for (const [from, to, fault] of [
    [/offset:16;/, "offset:12;", /overlap/],
    [/size:8;\tsigned:0;\n\tfield:u64/, "size:900000000;\tsigned:0;\n\tfield:u64", /beyond what a record can have/],
    [/field:u64 (\w+);/, "field:u64 __probe_ip;", /two fields/],
    [/field:u64 (\w+);/, "field:u64 ;", /no name/],
    [/offset:16;/, "offset:x;", /cannot be understood/],
  ] as const) {
    const { events, report } = read(
      of(PLAIN, { format: (text) => (text.startsWith("name: iput\n") ? text.replace(from, to) : text) }),
    );
    t.is(events.length, whole);
    t.true(events.every(({ phase, operation }) => phase === "unknown" && operation === "iput"));
    t.regex(report.warnings.join(), fault);
  }
});

test("formats that disagree about what all records have in common", (t) => {
  t.regex(
    trouble(
      of(PLAIN, {
        format: (text) =>
          text.startsWith("name: iput\n")
            ? text.replace("field:int common_pid;\toffset:4", "field:int common_pid;\toffset:100")
            : text,
      }),
    ),
    /do not agree where common_pid is/,
  );
  t.regex(trouble(of(PLAIN, { format: (text) => text.replace("common_type", "type") })), /no common_type/);
  t.regex(trouble(of(PLAIN, { format: () => "" })), /without the format of any event/);
  const nameless = read(of(PLAIN, { format: (text) => (text.startsWith("name: iput\n") ? "nonsense" : text) }));
  t.true(nameless.events.every(({ operation }) => operation.startsWith("#")));
  t.regex(nameless.report.warnings.join(), /1 formats? ha/);
});

test("records shorter than their fields: what is there is read", (t) => {
  const { events, report } = read(
    of(PLAIN, { format: (text) => text.replace(/field:u64 sb;\toffset:(\d+);/, "field:u64 sb;\toffset:900;") }),
  );
  t.is(report.malformed, whole);
  t.is(events[0]!.args["sb"], null);
  t.is(events[0]!.args["inode"], 1n);
});

test("strings that point out of their record", (t) => {
  const event: WrittenEvent = { ...EVENT, name: "try_module_get", args: [1n, "kvm", 2n, 0n] };
  const bytes = write({ shape: PLAIN, buffers: [{ name: "", cpus: [[event]] }] });
  const text = bytes.lastIndexOf("kvm\0");
  const word = bytes.lastIndexOf(new Bytes(false).number((4 << 16) | 36, 4).buffer(), text);
  for (const value of [0xffffffff, (4 << 16) | 0xffff, (0xffff << 16) | 36]) {
    const { events, report } = read(patched(bytes, word, 0, value, 4));
    t.is(events[0]!.args["name"], null);
    t.is(report.malformed, 1);
  }
  t.is(read(bytes).events[0]!.args["name"], "kvm");
});

test("a piece is held to the size that it says, whatever it would become", (t) => {
  const bomb = deflateSync(Buffer.alloc(50 << 20));
  for (const [codec, bytes, size] of [
    ["zlib", bomb, 4096],
    ["zlib", bomb.subarray(0, 1000), 50 << 20],
    ["zlib", Buffer.from("no zlib"), 10],
    ["zstd", storedZstd(Buffer.alloc(200_000)), 4096],
    ["zstd", storedZstd(Buffer.alloc(100)), 4096],
    ["zstd", storedZstd(Buffer.alloc(100)).subarray(0, 50), 100],
    // A window of gigabytes.
    [
      "zstd",
      Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xff), storedZstd(Buffer.alloc(100)).subarray(6)]),
      100,
    ],
    ["zstd", Buffer.alloc(0), 0],
    ["zstd", Buffer.concat([storedZstd(Buffer.alloc(100)), Buffer.alloc(10_000)]), 100],
  ] as const) {
    t.throws(() => decompress(codec, bytes, size), { instanceOf: PieceError });
    t.throws(() => decompress(codec, bytes, size, Buffer.alloc(size)), { instanceOf: PieceError });
  }
  t.deepEqual(decompress("zlib", bomb, 50 << 20).length, 50 << 20);
});

test("a chunk of zstd that is damaged anywhere is refused or as long as it says, and the next is read as ever", (t) => {
  const bytes = unzipped("linux-7.2-s09-enfile.v7.dat.gz");
  const SIZE = 40_960;
  let at = 0;
  do at = bytes.indexOf(Buffer.from("28b52ffd", "hex"), at + 4);
  while (bytes.readUInt32LE(at - 4) !== SIZE);
  const chunk = bytes.subarray(at, at + bytes.readUInt32LE(at - 8));
  const content = decompress("zstd", chunk, SIZE);
  for (let k = 0; k < chunk.length; k += 101) {
    const damaged = Buffer.from(chunk);
    damaged[k]! ^= 0x41;
    try {
      t.is(decompress("zstd", damaged, SIZE).length, SIZE);
    } catch (error) {
      t.true(error instanceof PieceError, String(error));
    }
    t.throws(() => decompress("zstd", chunk.subarray(0, k), SIZE), { instanceOf: PieceError });
  }
  t.true(decompress("zstd", chunk, SIZE).equals(content));
});

test("decompression bombs: sections and chunks", (t) => {
  const bytes = of(ZLIB);
  const headers = bytes.indexOf("zlib\x001\0") + 15;
  t.is(bytes.readUInt16LE(headers), 16);
  t.regex(
    trouble(patched(bytes, headers, 20, 0xffffffff, 4)),
    /the headers would decompress to 4294967295 bytes, which cannot be/,
  );
  t.regex(trouble(patched(bytes, headers, 20, 1 << 20, 4)), /the headers cannot be decompressed/);
  // The first chunk of CPU 0: the number of chunks, the chunk's size, its real size.
  let chunk = 4096;
  while (bytes.readUInt32LE(chunk + 8) !== 3 * 4096) chunk += 4096;
  for (const size of [0xffffffff, 1 << 25, 1 << 22]) lossy(t, read(patched(bytes, chunk, 8, size, 4)), 300);
  lossy(t, read(patched(bytes, chunk, 4, 0xffffffff, 4)), 300);
  lossy(t, read(patched(bytes, chunk, 14, 0xffff, 2)), 300);
});

test("a stream that never ends is given up, and memory is not what it fills", async (t) => {
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(100_000);
  };
  await t.throwsAsync(openAccess("x.gz", undefined, endless(), { memory: 1 << 20, total: 4 << 20 }), {
    instanceOf: TroubleError,
    message: /decompresses to more than 4 MiB/,
  });
});

test("what does not fit in memory is in a file, and reads the same", async (t) => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, k) => (k * 7 + (k >> 8)) & 255));
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (let p = 0; p < bytes.length; p += 70_001) yield bytes.subarray(p, p + 70_001);
  };
  for (const memory of [1, 1 << 20, 1 << 22]) {
    const access = await openAccess("x", undefined, pieces(), { memory, total: 1 << 22 });
    t.is(access.size, bytes.length);
    for (const [offset, length] of [
      [0, 10],
      [1 << 20, 5],
      [(1 << 20) - 3, 7],
      [69_990, 2_500_000],
      [2_999_990, 100],
      [3_000_000, 5],
      [4_000_000, 5],
    ] as const) {
      t.true(access.read(offset, length).equals(bytes.subarray(offset, offset + length)), `${offset}`);
    }
    access.close();
  }
});

/** Reads a file to events or to a trouble, in no more time than a file of its size takes. */
function survives(bytes: Buffer): Reading | undefined {
  const start = performance.now();
  const reading = readOrTrouble(bytes);
  const took = performance.now() - start;
  if (took > 20_000) throw new Error(`it took ${took} ms`);
  if (reading && reading.report.events !== reading.events.length) throw new Error("events were not counted");
  return reading;
}

function readOrTrouble(bytes: Buffer): Reading | undefined {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof TroubleError && !error.message.includes("\n")) return undefined;
    throw error;
  }
}

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      Uint8Array.of(0),
      Uint8Array.of(255, 255, 255, 255),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0),
      Uint8Array.of(29, 0, 0, 0),
      Uint8Array.of(31, 0, 0, 0),
    ),
  ),
});

function mutated(
  bytes: Buffer,
  from: number,
  to: number,
  mutations: readonly { readonly at: number; readonly bytes: Uint8Array }[],
): Buffer {
  const copy = Buffer.from(bytes);
  for (const { at, bytes: by } of mutations)
    copy.set(by.subarray(0, copy.length), Math.min(copy.length - by.length, Math.floor(from + at * (to - from))));
  return copy;
}

for (const name of ["linux-6.18-s04-bind-unbind.v6.dat.gz", "linux-7.2-s09-enfile.v7.dat.gz"]) {
  const real = unzipped(name);
  const options = name.includes(".v6.") ? real.indexOf("options  \0") : real.lastIndexOf("Linux (none)") - 1000;

  test(`${name}, mutated anywhere: in the headers, the options, the pages`, (t) => {
    const region = fc.constantFrom(
      [0, 12_000] as const,
      [options - 500, options + 1500] as const,
      [options, real.length] as const,
      [0, real.length] as const,
    );
    fc.assert(
      fc.property(
        region,
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        ([from, to], mutations) => void survives(mutated(real, from, to, mutations)),
      ),
      { numRuns: 80 },
    );
    t.pass();
  });

  test(`${name}, cut anywhere: an error, or fewer events and a loss`, (t) => {
    const all = read(real).events.length;
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 0, max: real.length - 1 }), fc.integer({ min: options, max: real.length - 1 })),
        (cut) => {
          const reading = survives(real.subarray(0, cut));
          // trace-cmd fills the last page: the bytes cut off may be only that padding.
          if (reading) t.true(reading.report.uncountedLoss || reading.events.length === all);
        },
      ),
      { numRuns: 50 },
    );
  });
}

test("written files, mutated anywhere", (t) => {
  fc.assert(
    fc.property(
      anyWritten,
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (recording, mutations, cut) => {
        const bytes = mutated(write(recording), 0, write(recording).length, mutations);
        survives(bytes);
        survives(bytes.subarray(0, Math.floor(bytes.length * cut)));
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});
