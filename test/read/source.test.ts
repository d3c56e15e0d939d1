import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test from "ava";
import { openSource, type Source } from "../../src/read/source.js";
import { TroubleError } from "../../src/base/trouble.js";

const folder = mkdtempSync(join(tmpdir(), "kreel-source-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(content: Buffer): string {
  const path = join(folder, `recording-${files++}`);
  writeFileSync(path, content);
  return path;
}

async function content(source: Source): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Three megabytes that do not compress well. */
const CONTENT = Buffer.from(
  Array.from(
    { length: 40_000 },
    (_, k) => `line ${k} ${Math.imul(k, 0x9e3779b1).toString(16)} of a long recording, which goes on and on\n`,
  ).join(""),
);

test("a file is read as it is", async (t) => {
  const source = await openSource(file(CONTENT));
  t.is(source.compression, undefined);
  t.true(CONTENT.subarray(0, source.head.length).equals(source.head));
  t.true((await content(source)).equals(CONTENT));
  t.deepEqual(source.warnings, []);
});

test("gzip is opened by its content, whatever the name, of one member or several", async (t) => {
  const half = CONTENT.length >> 1;
  for (const bytes of [
    gzipSync(CONTENT),
    Buffer.concat([gzipSync(CONTENT.subarray(0, half)), gzipSync(CONTENT.subarray(half))]),
  ]) {
    const source = await openSource(file(bytes));
    t.is(source.compression, "gzip");
    t.true((await content(source)).equals(CONTENT));
    t.false(source.truncated);
    t.deepEqual(source.warnings, []);
  }
});

test("of a gzip file that is cut, everything that can be had is read, and the cut is told", async (t) => {
  const whole = gzipSync(CONTENT);
  for (const cut of [whole.length - 1, whole.length - 8, whole.length >> 1, 200_000, 5000]) {
    const source = await openSource(file(whole.subarray(0, cut)));
    const got = await content(source);
    t.true(got.length > 0 && got.equals(CONTENT.subarray(0, got.length)));
    if (cut > whole.length - 10) t.is(got.length, CONTENT.length);
    t.true(
      got.length > CONTENT.length * (cut / whole.length) * 0.8 - 100_000,
      `${got.length} of ${CONTENT.length} bytes from ${cut} of ${whole.length}`,
    );
    t.true(source.truncated);
    t.regex(source.warnings.join(), /gzip file is cut off/);
  }
});

test("a gzip file that is damaged is read up to the damage", async (t) => {
  const bytes = gzipSync(CONTENT);
  bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 100);
  const source = await openSource(file(bytes));
  const got = await content(source);
  t.true(got.length > CONTENT.length / 3);
  t.true(source.truncated);
  t.regex(source.warnings.join(), /gzip file is damaged/);
});

/** A real recording, compressed with `zstd -19`, and the same as gzip. */
const ZSTD = readFileSync("fixtures/recordings/compressed/s02-dup.trace.zst");
const ZSTD_CONTENT = gunzipSync(readFileSync("fixtures/recordings/linux-7.2/s02-dup.trace.gz"));
const ZSTD_MAGIC = Buffer.from("28b52ffd", "hex");
const SKIPPABLE = Buffer.from("5a2a4d180500000068656c6c6f", "hex");
const LAST = 1;
const RAW = 0;
const RLE = 2;

/** A zstd frame by hand: a window descriptor, and blocks by their type, size and bytes. */
function frame(window: number, ...blocks: readonly (readonly [type: number, size: number, bytes: Buffer])[]): Buffer {
  const parts = blocks.map(([type, size, bytes]) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((size << 3) | type, 0, 3);
    return Buffer.concat([header, bytes]);
  });
  return Buffer.concat([ZSTD_MAGIC, Buffer.of(0, window), ...parts]);
}
/** 2^(10 + 7), 128 KiB. */
const WINDOW = 7 << 3;
const rawFrame = (content: Buffer): Buffer => frame(WINDOW, [RAW | LAST, content.length, content]);

test("zstd is opened by its content, of one frame or several, with others between that are skipped", async (t) => {
  const cases: readonly (readonly [Buffer, Buffer])[] = [
    [ZSTD, ZSTD_CONTENT],
    [Buffer.concat([ZSTD, SKIPPABLE, ZSTD]), Buffer.concat([ZSTD_CONTENT, ZSTD_CONTENT])],
    [
      Buffer.concat([
        SKIPPABLE,
        rawFrame(Buffer.from("one\n")),
        rawFrame(Buffer.alloc(0)),
        rawFrame(Buffer.from("two\n")),
        SKIPPABLE,
      ]),
      Buffer.from("one\ntwo\n"),
    ],
    [frame(WINDOW, [RAW, 3, Buffer.from("abc")], [RLE | LAST, 5, Buffer.from("d")]), Buffer.from("abcddddd")],
  ];
  for (const [compressed, expected] of cases) {
    const source = await openSource(file(compressed));
    t.is(source.compression, "zstd");
    t.true((await content(source)).equals(expected));
    t.false(source.truncated);
    t.deepEqual(source.warnings, []);
  }
});

test("of a zstd file that is cut, everything that can be had is read, and the cut is told", async (t) => {
  const twice = Buffer.concat([ZSTD, ZSTD]);
  for (const cut of [
    ZSTD.length - 1,
    ZSTD.length - 4,
    ZSTD.length - 5,
    ZSTD.length >> 1,
    ZSTD.length + 3,
    ZSTD.length + 5,
    ZSTD.length + 6000,
  ]) {
    const source = await openSource(file(twice.subarray(0, cut)));
    const got = await content(source);
    t.true(got.equals(Buffer.concat([ZSTD_CONTENT, ZSTD_CONTENT]).subarray(0, got.length)));
    t.true(got.length > ZSTD_CONTENT.length * (cut / ZSTD.length) - 200_000, `${got.length} bytes from ${cut}`);
    if (cut >= ZSTD.length - 4) t.true(got.length >= ZSTD_CONTENT.length);
    t.true(source.truncated);
    t.deepEqual(source.warnings, ["the zstd file is cut off; what could be decompressed was read"]);
  }
});

test("a zstd file that is damaged anywhere is never taken for a whole one", async (t) => {
  for (let at = 20; at < ZSTD.length; at += 331) {
    const damaged = Buffer.from(ZSTD);
    damaged[at]! ^= 0x10;
    try {
      const source = await openSource(file(Buffer.concat([rawFrame(Buffer.from("before\n")), damaged])));
      t.true((await content(source)).subarray(0, 7).equals(Buffer.from("before\n")));
      t.true(source.truncated, `byte ${at}`);
      t.regex(
        source.warnings.join(),
        /^the zstd file is (damaged \(.*\); what comes before the damage was read|cut off)/,
      );
    } catch (error) {
      t.true(error instanceof TroubleError, String(error));
    }
  }
});

/** Returns a frame with its content size, in eight bytes. */
const sizedFrame = (says: bigint, content: Buffer): Buffer => {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(says);
  return Buffer.concat([ZSTD_MAGIC, Buffer.of(0xe0), size, rawFrame(content).subarray(6)]);
};

test("of a zstd frame that is damaged, the blocks before the damage are read", async (t) => {
  const source = await openSource(
    file(frame(WINDOW, [RAW, 4, Buffer.from("one\n")], [RLE, 3, Buffer.from("\n")], [6, 9, Buffer.from("what now?")])),
  );
  t.is(String(await content(source)), "one\n\n\n\n");
  t.regex(source.warnings.join(), /damaged \(its content makes no sense\)/);
});

test("what hangs or bloats a decompressor of zstd is refused", async (t) => {
  /** All probability to one symbol: weights of no bits each. */
  const endless = Buffer.from([0x42, 0x81, 0x02, 5, 0xf0, 0x03, 0xff, 0xff, 0x80, 1, 1, 1, 1, 0]);
  const wrongs: readonly (readonly [Buffer, RegExp])[] = [
    [frame(WINDOW, [4 | LAST, endless.length, endless]), /makes no sense/],
    [frame(WINDOW, [6 | LAST, 0, Buffer.alloc(0)]), /makes no sense/],
    [frame(WINDOW, [RLE | LAST, 200_000, Buffer.of(65)]), /makes no sense/],
    [sizedFrame(4n, Buffer.alloc(5)), /makes no sense/],
    [sizedFrame(1n << 40n, Buffer.alloc(5)), /window is bigger/],
    [frame(31 << 3, [RAW | LAST, 1, Buffer.of(65)]), /--long=31/],
    [Buffer.concat([ZSTD_MAGIC, Buffer.of(0x01, WINDOW, 9, 1, 0, 0)]), /dictionary/],
    [Buffer.from("garbage behind it"), /no zstd/],
  ];
  for (const [wrong, what] of wrongs) {
    const source = await openSource(file(Buffer.concat([rawFrame(Buffer.from("before\n")), wrong])));
    t.is(String(await content(source)), "before\n");
    t.regex(source.warnings.join(), what);
  }
});

test("a zstd file that becomes thirty thousand times as big takes no memory", async (t) => {
  const blocks = 8192;
  const path = file(
    frame(WINDOW, ...Array.from({ length: blocks }, () => [RLE, 131_072, Buffer.of(10)] as const), [
      RAW | LAST,
      0,
      Buffer.alloc(0),
    ]),
  );
  let bytes = 0;
  let most = 0;
  for await (const chunk of await openSource(path)) {
    bytes += chunk.length;
    most = Math.max(most, chunk.length);
  }
  t.is(bytes, blocks * 131_072);
  t.is(most, 131_072, "a block at a time, when it is asked for");
});

test("a reader that is slow, or stops, holds nothing up", async (t) => {
  const path = file(gzipSync(Buffer.concat(Array.from({ length: 20 }, () => CONTENT))));
  let bytes = 0;
  for await (const chunk of await openSource(path)) {
    bytes += chunk.length;
    if (bytes % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  t.is(bytes, CONTENT.length * 20);
  for await (const _ of await openSource(path)) break;
  await (await openSource(path)).close();
});

test("standard input, in whatever pieces it comes", async (t) => {
  async function* pieces(of: Buffer, size: number): AsyncGenerator<Buffer> {
    for (let p = 0; p < of.length; p += size) yield of.subarray(p, p + size);
  }
  const short = CONTENT.subarray(0, 10_000);
  for (const size of [1, 2, 3, 5000]) {
    t.true((await content(await openSource("-", pieces(short, size)))).equals(short));
    t.true((await content(await openSource("-", pieces(gzipSync(short), size)))).equals(short));
    t.true((await content(await openSource("-", pieces(ZSTD, size)))).equals(ZSTD_CONTENT));
  }
});

test("what cannot be read is said in one line with what would help", async (t) => {
  const trouble = async (path: string): Promise<string> =>
    String(await t.throwsAsync(openSource(path), { instanceOf: TroubleError }));
  t.regex(await trouble(join(folder, "absent")), /^kreel: .*absent: no such file; give/);
  t.regex(await trouble(folder), /this is a directory; give/);
  t.regex(await trouble(file(Buffer.alloc(0))), /the file is empty; /);
  t.regex(await trouble(file(gzipSync(Buffer.alloc(0)))), /the gzip file holds nothing/);
  t.regex(await trouble(file(gzipSync(CONTENT).subarray(0, 12))), /cut off/);
  t.regex(await trouble(file(rawFrame(Buffer.alloc(0)))), /the zstd file holds nothing/);
  t.regex(await trouble(file(ZSTD.subarray(0, 100))), /zstd file is cut off.*nothing could be decompressed/);
  t.regex(await trouble(file(frame(31 << 3))), /zstd -dc --long=31 FILE \| kreel/);
  if (process.getuid?.() !== 0) {
    const path = file(CONTENT);
    chmodSync(path, 0);
    t.regex(await trouble(path), /permission denied; .*sudo/);
  }
});
