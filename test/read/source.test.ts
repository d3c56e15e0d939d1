import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { openSource, type Source } from "../../src/read/source.js";
import { TroubleError } from "../../src/read/trouble.js";

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

/** Three megabytes that do not compress to nothing. */
const CONTENT = Buffer.from(Array.from({ length: 40_000 }, (_, k) => `line ${k} ${Math.imul(k, 0x9e3779b1).toString(16)} of a long recording, which goes on and on\n`).join(""));

test("a file is read as it is", async (t) => {
  const source = await openSource(file(CONTENT));
  t.is(source.compression, undefined);
  t.true(CONTENT.subarray(0, source.head.length).equals(source.head));
  t.true((await content(source)).equals(CONTENT));
  t.deepEqual(source.warnings, []);
});

test("gzip is opened by its content, whatever the name, of one member or several", async (t) => {
  const half = CONTENT.length >> 1;
  for (const bytes of [gzipSync(CONTENT), Buffer.concat([gzipSync(CONTENT.subarray(0, half)), gzipSync(CONTENT.subarray(half))])]) {
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
    t.true(got.length > CONTENT.length * (cut / whole.length) * 0.8 - 100_000, `${got.length} of ${CONTENT.length} bytes from ${cut} of ${whole.length}`);
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
  }
});

test("what cannot be read is said in one line with what would help", async (t) => {
  const trouble = async (path: string): Promise<string> => String(await t.throwsAsync(openSource(path), { instanceOf: TroubleError }));
  t.regex(await trouble(join(folder, "absent")), /^kreel: .*absent: no such file; give/);
  t.regex(await trouble(folder), /this is a directory; give/);
  t.regex(await trouble(file(Buffer.alloc(0))), /the file is empty; /);
  t.regex(await trouble(file(gzipSync(Buffer.alloc(0)))), /the gzip file holds nothing/);
  t.regex(await trouble(file(gzipSync(CONTENT).subarray(0, 12))), /cut off/);
  t.regex(await trouble(file(Buffer.from("28b52ffd0400", "hex"))), /zstd -dc .*\| kreel/);
  if (process.getuid?.() !== 0) {
    const path = file(CONTENT);
    chmodSync(path, 0);
    t.regex(await trouble(path), /permission denied; .*sudo/);
  }
});
