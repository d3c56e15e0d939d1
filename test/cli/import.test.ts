/** `kreel import` and `kreel log` as users run them. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { gunzipSync, gzipSync } from "node:zlib";
import { fileOf, kreel, MAIN, RECORDINGS, spawned } from "./run.js";

const BROKEN = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const HEALTHY = `${RECORDINGS}/linux-7.2/s04-bind-unbind.trace.gz`;
const folder = (): string => mkdtempSync(join(tmpdir(), "kreel-"));
const plain = (text: string): unknown => ({ ...(JSON.parse(text) as object), trace: null });

async function imported(trace: string): Promise<string> {
  const log = join(folder(), "a.klog");
  const { code, err } = await kreel(["import", trace, log]);
  if (code !== 0) throw new Error(err);
  return log;
}

test("every command takes the log in place of the recording", async (t) => {
  const log = await imported(BROKEN);
  for (const command of [
    ["replay", "--json"],
    ["replay", "--json", "--at", "1400"],
    ["export", "--to", "kprobe-events"],
    ["export", "--to", "ftrace"],
  ]) {
    const [expected, got] = [await kreel([...command, BROKEN]), await kreel([...command, log])];
    t.deepEqual([got.code, got.err], [expected.code, expected.err], command.join(" "));
    if (command[1] === "--json" && command.length === 2) t.deepEqual(plain(got.out), plain(expected.out));
    else t.is(got.out.replaceAll(log, BROKEN), expected.out, command.join(" "));
  }
  t.is((await kreel(["diff", log, BROKEN])).code, 0);
  t.is(spawned(["replay", "--json", "-"], { input: readFileSync(log) }).code, 1);
  t.is((await kreel(["replay", "--json", fileOf(gzipSync(readFileSync(log)))])).code, 1);
});

test("an export imported again is the log", async (t) => {
  const [log, again] = [await imported(BROKEN), join(folder(), "b.klog")];
  const ndjson = await kreel(["export", log, "--to", "ndjson"]);
  t.is(spawned(["import", "-", again], { input: ndjson.out }).code, 0);
  t.is((await kreel(["export", again, "--to", "ndjson"])).out, ndjson.out);
  t.is((await kreel(["export", BROKEN, "--to", "ndjson"])).out, ndjson.out);
});

test("it says what it made, as a line and as a document", async (t) => {
  const path = folder();
  const { code, out } = await kreel(["import", HEALTHY, join(path, "a.klog")]);
  t.is(code, 0);
  t.regex(out, /^\S+a\.klog: 2846 events, \d+\.\d kB, \d\.\d times smaller than the recording\n$/);
  const { trace, log } = JSON.parse((await kreel(["import", "--json", HEALTHY, join(path, "b.klog")])).out) as {
    trace: unknown;
    log: { path: string; bytes: number };
  };
  t.deepEqual(trace, { path: HEALTHY, events: 2846, lost: 0, skipped: 0 });
  t.is(log.bytes, readFileSync(log.path).length);
});

test("trouble is one line, and leaves no log behind", async (t) => {
  const path = folder();
  const log = join(path, "a.klog");
  for (const [args, pattern] of [
    [[fileOf("nothing of ours"), log], /not a recording that kreel knows/],
    [["/nonexistent", log], /no such file/],
    [[HEALTHY, join(path, "none", "a.klog")], /no such file or folder/],
    [[HEALTHY, log, "--sync", "never"], /--sync never: append or close/],
    [[HEALTHY], /missing required argument/],
  ] as const) {
    const { code, out, err } = await kreel(["import", ...args]);
    t.deepEqual([code, out], [2, ""]);
    t.regex(err, pattern);
    t.is(err.split("\n").length, 2, err);
  }
  t.deepEqual(readdirSync(path), []);
  writeFileSync(log, "precious");
  t.regex((await kreel(["import", HEALTHY, log])).err, /exists already/);
  t.is((await kreel(["import", HEALTHY, log])).code, 2);
  t.is(readFileSync(log, "utf8"), "precious");
});

/** Runs the command with a limit on the size of files. */
function limited(bytes: number, args: readonly string[]): { readonly code: number | null; readonly err: string } {
  const { status, stderr } = spawnSync("prlimit", [`--fsize=${bytes}`, "--", process.execPath, MAIN, ...args]);
  return { code: status, err: stderr.toString() };
}

test("a log that can grow no more keeps what it has, and says why it ends; one that has nothing is removed", async (t) => {
  const path = folder();
  const log = join(path, "a.klog");
  const nothing = limited(7000, ["import", HEALTHY, log]);
  t.is(nothing.code, 2);
  t.regex(nothing.err, /^kreel: \S+a\.klog: would be larger than a file may be here\n$/);
  t.deepEqual(readdirSync(path), []);
  const { code, err } = limited(40_000, ["import", `${RECORDINGS}/churn/linux-7.2.trace.gz`, log]);
  t.is(code, 2);
  const said =
    /^kreel: \S+a\.klog: would be larger than a file .* here; the (\d+) events before that are in the log\n$/;
  const kept = said.exec(err)?.[1];
  t.true(Number(kept) > 0, err);
  t.deepEqual(readdirSync(path), ["a.klog"]);
  const { code: sound, out } = await kreel(["log", log]);
  t.is(sound, 0);
  t.true(out.includes(`a.klog: ${kept} events in `), out);
  t.notRegex(out, /did not end/);
  const replayed = (await kreel(["replay", "--summary", log])).err;
  t.regex(replayed, /a\.klog: warning: its import was ended by an error, .*: would be larger than a file may be/);
});

test("a line that ends the reading is said with its place, and what was read before it is in the log", async (t) => {
  const log = join(folder(), "a.klog");
  const lines = (await kreel(["export", HEALTHY, "--to", "ndjson"])).out.split("\n");
  const input = [...lines.slice(0, 1001), '{"kreel":"events","version":999}', ...lines.slice(1001)].join("\n");
  for (const flags of [[], ["--follow"]]) {
    const { code, out, err } = spawned(["import", "-", log, ...flags], { input });
    t.deepEqual([code, out], [2, ""]);
    t.regex(err, /^kreel: -:1002: events as version 999 .*; the 1000 events before that are in the log\n$/);
    t.regex((await kreel(["log", log])).out, /a\.klog: 1000 events in \d+ blocks?, /);
    const at = ["replay", "--json", "--at", "1000"];
    t.is((await kreel([...at, log])).code, (await kreel([...at, HEALTHY])).code);
    t.regex((await kreel(["replay", "--summary", log])).err, /ended by an error, .*: -:1002: events as version 999/);
    rmSync(log);
  }
});

for (const [how, flags] of [
  ["interrupted", []],
  ["following", ["--follow"]],
] as const) {
  test(`${how}: a signal ends the log behind what was read`, async (t) => {
    const log = join(folder(), "a.klog");
    const text = gunzipSync(readFileSync(HEALTHY));
    const child = spawn(process.execPath, [MAIN, "import", "-", log, ...flags], { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {});
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    for (let k = 0; k < 8; k++) child.stdin.write(text);
    while (!existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    if (how === "interrupted") child.stdin.end(text);
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    t.is(code, 0);
    t.is((await kreel(["log", log])).code, 0);
    const read = await kreel(["replay", "--summary", log]);
    t.true(read.code === 0 || read.code === 1);
    if (how === "interrupted")
      for (const said of [err, read.err]) t.regex(said, /its import was interrupted: the recording went on/);
  });
}

test("kreel log says what is in it, and finds what was changed", async (t) => {
  const log = await imported(HEALTHY);
  const sound = await kreel(["log", log]);
  t.is(sound.code, 0);
  t.regex(
    sound.out,
    /2846 events in 1 block, [\s\S]*from {6}\S*s04-bind-unbind\.trace\.gz \(ftrace\)[\s\S]*catalogue this kreel's[\s\S]*sound {5}every block is what was written; SHA-256 of the last: [0-9a-f]{64}\n/,
  );
  const bytes = readFileSync(log);
  bytes[4000]! ^= 4;
  const broken = fileOf(bytes, "b.klog");
  const { code, out } = await kreel(["log", "--json", broken]);
  t.is(code, 1);
  t.regex((JSON.parse(out) as { damage: { message: string }[] }).damage[0]!.message, /events 1 to 2846 are damaged/);
  t.regex((await kreel(["log", HEALTHY])).err, /is no log of kreel/);
});

test("with snapshots any moment is there at once, and another replay comes to the same states", async (t) => {
  const trace = `${RECORDINGS}/churn/linux-7.2.trace.gz`;
  const log = join(folder(), "a.klog");
  t.is((await kreel(["import", "--snapshots", trace, log])).code, 0);
  const checked = await kreel(["log", "--check-states", log]);
  t.is(checked.code, 0);
  t.regex(
    checked.out,
    /snapshots \d+, \d+\.\d kB\n[\s\S]*states {4}the same at all \d+ snapshots; SHA-256 of the last, after event \d+: [0-9a-f]{64}\n/,
  );
  const size = readFileSync(log).length;
  t.is((await kreel(["log", "--snapshots", log])).code, 0);
  t.is(readFileSync(log).length, size);
  for (const at of ["50000", "8.421341"]) {
    for (const focus of ["guest-memfd", "all"]) {
      const [expected, got] = [
        await kreel(["replay", "--at", at, "--focus", focus, trace]),
        await kreel(["replay", "--at", at, "--focus", focus, log]),
      ];
      t.is(got.out.replaceAll(log, trace), expected.out, `${at} ${focus}`);
      t.is(got.code, expected.code);
    }
  }
  t.regex((await kreel(["replay", "--at", "80000", log])).err, /--at 80000: the recording has 74242 events/);
  t.regex((await kreel(["replay", "--at", "0.000001", log])).err, /--at 0\.000001: the recording begins later/);
  t.regex((await kreel(["log", "--check-states", await imported(HEALTHY)])).out, /none are stored/);
});
