/** Tests that special files in a directory are reported, and never waited for. */
import { spawnSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "ava";
import { recordingsUnder } from "../../../src/read/directory/listing.js";
import { TroubleError } from "../../../src/base/trouble.js";
import { replay } from "../../../src/replay/replay.js";
import { MAIN } from "../../cli/run.js";
import { line, PLAIN, text } from "../helpers.js";
import { asTracefs, byCpu, directoryOf, type Files, removeCopies } from "./copies.js";

test.after.always(removeCopies);

const SOUND = "fixtures/recordings/linux-6.12-patched/s09-enfile.trace.gz";
/** Milliseconds after which a process that waits is killed. */
const WAITS = 120_000;
const TEXTS = byCpu(text(line(PLAIN, { cpu: 0 }), line(PLAIN, { cpu: 1 })));
const PAGES = asTracefs("fixtures/recordings/trace-dat/linux-7.2-s04-bind-unbind.v6.dat.gz");
/** One of the hundreds of formats stands for all: each is read in the same way. */
const needed = (files: Files): string[] =>
  Object.keys(files).filter(
    (name, k, all) => !name.endsWith("/format") || k === all.findIndex((other) => other.endsWith("/format")),
  );

function fifoAt(path: string): void {
  rmSync(path, { force: true });
  if (spawnSync("mkfifo", [path]).status !== 0) throw new Error("no mkfifo here");
}

/** Returns why the directory cannot be read, or its warnings: without symbols there are events all the same. */
async function saidOf(directory: string): Promise<string> {
  try {
    return (await replay(directory)).trace.warnings.join("\n");
  } catch (error) {
    if (error instanceof TroubleError) return error.message;
    throw error;
  }
}

for (const [what, files] of [
  ["text", TEXTS],
  ["pages", PAGES],
] as const) {
  test(`a FIFO, a socket, a device or a directory in place of any file of a directory of ${what} is named`, async (t) => {
    for (const name of needed(files)) {
      const path = (directory: string): string => join(directory, name);
      for (const [words, put] of [
        ["a FIFO", fifoAt],
        ["a device", (file: string) => (rmSync(file), symlinkSync("/dev/zero", file))],
        ["a directory", (file: string) => (rmSync(file), mkdirSync(file))],
        ["a FIFO", (file: string) => (fifoAt(`${file}.fifo`), rmSync(file), symlinkSync(`${file}.fifo`, file))],
      ] as const) {
        const directory = directoryOf(files);
        put(path(directory));
        const said = await saidOf(directory);
        t.true(said.includes(`${path(directory)}: this is ${words}`), `${name}: ${said}`);
      }
    }
  });
}

test("a socket is named as well", async (t) => {
  const directory = directoryOf(TEXTS);
  const path = join(directory, "per_cpu/cpu1/trace");
  rmSync(path);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => server.close());
  const error = await t.throwsAsync(replay(directory), { instanceOf: TroubleError });
  t.true(error.message.startsWith(`${path}: this is a socket`), error.message);
});

test("the command ends: one line, status 2", (t) => {
  const directory = directoryOf(TEXTS);
  fifoAt(join(directory, "per_cpu/cpu0/trace"));
  for (const args of [
    ["replay", directory],
    ["replay", directory, directory],
    ["report", directory],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { timeout: WAITS });
    t.is(status, 2, args.join(" "));
    t.regex(stderr.toString(), /^(kreel: \S+per_cpu\/cpu0\/trace: this is a FIFO, [^\n]+\n)+$/);
  }
});

test("of a directory with recordings in it, what is none is named and passed over; a link is what it leads to", async (t) => {
  const directory = directoryOf({ "notes.txt": "what I did\n", "below/more.txt": "more\n" });
  cpSync(SOUND, join(directory, "b.trace.gz"));
  cpSync(SOUND, join(directory, "below", "a.trace.gz"));
  linkSync(join(directory, "b.trace.gz"), join(directory, "below", "the-same.trace.gz"));
  symlinkSync("b.trace.gz", join(directory, "a-latest.trace.gz"));
  symlinkSync(join(process.cwd(), SOUND), join(directory, "elsewhere"));
  symlinkSync("..", join(directory, "below", "up"));
  symlinkSync("/dev/zero", join(directory, "zero"));
  symlinkSync("gone", join(directory, "dangling"));
  fifoAt(join(directory, "below", "pipe.trace.gz"));
  const passed: string[] = [];
  const found = await recordingsUnder(directory, (path, why) =>
    passed.push(`${path.slice(directory.length + 1)}: ${why}`),
  );
  t.deepEqual(
    found.map((path) => path.slice(directory.length + 1)),
    ["b.trace.gz", "below/a.trace.gz", "elsewhere"],
  );
  t.deepEqual(passed.sort(), [
    "below/pipe.trace.gz: a FIFO: passed over",
    "below/up: a link to a directory: passed over",
    "dangling: a link that leads nowhere: passed over",
    "zero: a link to a device: passed over",
  ]);
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "report", directory], { timeout: WAITS });
  t.is(status, 0);
  t.true(
    stderr.toString().includes(`kreel: ${join(directory, "below/pipe.trace.gz")}: warning: a FIFO: passed over\n`),
  );
});
