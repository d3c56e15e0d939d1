/** Tests following in the library: files that grow while they are read, and streams that pause, fail or never end. */
import { printed } from "../../support/recordings.js";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { openRecording } from "../../../src/read/recording.js";
import { replay, type Replay } from "../../../src/replay/replay.js";
import { line, PLAIN, text } from "../helpers.js";

const BROKEN = gunzipSync(readFileSync("fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz"));

const folder = mkdtempSync(join(tmpdir(), "kreel-live-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (content: Buffer | string = ""): string => {
  const path = join(folder, `${files++}.trace`);
  writeFileSync(path, content);
  return path;
};

/** Follows a file while `write` runs, then stops. */
async function during(path: string, write: (path: string) => Promise<void>): Promise<Replay> {
  const stop = new AbortController();
  const following = replay(path, { follow: { signal: stop.signal } });
  await write(path);
  stop.abort();
  return following;
}

const documentOf = (result: Replay): string =>
  JSON.stringify({ ...printed(result), trace: { ...result.trace, path: "" } });

test("a file that is written in pieces of any size, at any pace, comes to the document of the whole", async (t) => {
  const expected = documentOf(await replay(newFile(BROKEN)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          size: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100_000 })),
          pause: fc.constantFrom(0, 0, 1, 15, 70),
        }),
        { maxLength: 12 },
      ),
      async (pieces) => {
        const result = await during(newFile(), async (path) => {
          let at = 0;
          for (const { size, pause } of pieces) {
            appendFileSync(path, BROKEN.subarray(at, (at += size)));
            await sleep(pause);
          }
          appendFileSync(path, BROKEN.subarray(at));
        });
        t.is(documentOf(result), expected);
      },
    ),
    { numRuns: 15 },
  );
});

test("nothing is found in what was truncated away: what is read on rests on what is there", async (t) => {
  const path = newFile(BROKEN.subarray(0, 100_000));
  const notices: string[] = [];
  const stop = new AbortController();
  const recording = await openRecording(path, {
    follow: { signal: stop.signal, onNotice: (notice) => notices.push(notice) },
  });
  const losses: number[] = [];
  const lines: number[] = [];
  for await (const batch of recording.batches()) {
    losses.push(...batch.losses.map(({ index }) => batch.firstSeq + index));
    lines.push(...batch.line);
    if (notices.length === 0 && lines.length > 100) {
      truncateSync(path, 0);
      appendFileSync(path, text(line(PLAIN)));
    } else stop.abort();
  }
  await recording.close();
  t.is(notices.length, 1);
  t.is(lines.at(-1), 1);
  t.deepEqual(losses, [lines.length]);
  t.true(recording.report.uncountedLoss);
  t.is(
    recording.report.lines + recording.report.earlierLines,
    recording.report.events + recording.report.comments + recording.report.skipped + recording.report.blank,
  );
});

test("a finding is told while the stream pauses; and a stream that fails is trouble", async (t) => {
  let found = (): void => {};
  const finding = new Promise<void>((resolve) => (found = resolve));
  const input = (async function* () {
    yield BROKEN.subarray(0, 200_000);
    await finding;
    throw Object.assign(new Error("gone"), { code: "EIO" });
  })();
  await t.throwsAsync(replay("-", { input, follow: {}, onFinding: () => found() }), {
    name: "TroubleError",
    message: /could not be read: gone/,
  });
});

test("a stream without an end ends when it is told to", async (t) => {
  const stop = new AbortController();
  const input = (async function* () {
    yield Buffer.from("# tracer: nop\n");
    for (;;) {
      yield Buffer.from(text(line(PLAIN)));
      await sleep(1);
    }
  })();
  const following = replay("-", { input, follow: { signal: stop.signal } });
  await sleep(300);
  stop.abort();
  t.true((await following).trace.events > 0);
});

test("a stream that is silent ends when it is told to, before and behind its first line", async (t) => {
  for (const [first, fails] of [
    ["", true],
    ["# tracer: nop\n", false],
  ] as const) {
    const stop = new AbortController();
    const input = (async function* () {
      yield Buffer.from(first);
      await new Promise(() => {});
    })();
    const following = replay("-", { input, follow: { signal: stop.signal } });
    setTimeout(() => stop.abort(), 100);
    if (fails) await t.throwsAsync(following, { message: /the file is empty/ });
    else t.is((await following).trace.events, 0);
  }
});

test("the format shows when the first line is whole, whatever pieces it comes in", async (t) => {
  const input = (async function* () {
    for (const byte of "# tracer: nop\n") {
      yield Buffer.from(byte);
      await sleep(5);
    }
    yield Buffer.from(text(line(PLAIN)));
  })();
  const { trace } = await replay("-", { input, follow: {} });
  t.is(trace.format, "ftrace");
  t.is(trace.events, 1);
});
