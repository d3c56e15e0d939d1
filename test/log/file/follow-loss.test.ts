/**
 * Whatever becomes of a log while a recording is followed into it, what was acknowledged stays: a full disk, a line
 * that ends the reading, another file in its place, a second writer that cannot see the first. A child follows and says
 * what is on disk; then it happens, behind any append.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { points } from "../../../events/index.js";
import { LogError } from "../../../src/log/file/log-error.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { createTables } from "../../../src/log/tables.js";
import { spawned } from "../../cli/run.js";
import { succeeds, CHILD, ELSEWHERE, eventsOf, Follower, keptOf, pieces } from "./following.js";
import { folderOf, inBatches } from "./helpers.js";

/** Of each kind. For hundreds: KREEL_TEST_KILLS=100. */
const RUNS = Number(process.env["KREEL_TEST_KILLS"] ?? 2);
const RECORDING = "fixtures/recordings/linux-7.2/s01-create-close.trace.gz";
const TEXT = gunzipSync(readFileSync(RECORDING));
const WRITTEN = await eventsOf(TEXT);
/** The first has the head of the recording, and events. */
const LINES = 100;
const PIECES = pieces(TEXT, LINES);
/** More than fits: the recording, and once more. */
const MUCH = Buffer.concat([TEXT, TEXT]);

/** The same numbers in every run of the tests: after how many pieces it happens, how large a disk is. */
const between = (run: number, least: number, most: number): number => least + ((run * 7919 + 3) % (most - least + 1));

/**
 * Of a shell: the size of the disk, where it is mounted, a command. Nobody else sees the disk: what is left on it is
 * copied out.
 */
const ON_A_SMALL_DISK = `
size=$1; disk=$2; shift 2
mount -t tmpfs -o size="$size"k t "$disk" || exit 9
"$@"; status=$?
cp "$disk/a.klog" "$0"; ls -A "$disk" >"$0.left"
exit $status`;

/** Counts what was acknowledged and what is there, over the runs of a test. */
class Tally {
  #runs = 0;
  #acknowledged = 0;
  #lost = 0;

  add(acknowledged: number, kept: number): void {
    this.#runs++;
    this.#acknowledged += acknowledged;
    this.#lost += Math.max(0, acknowledged - kept);
  }

  close(t: ExecutionContext): void {
    t.log(`${this.#runs} runs, ${this.#acknowledged} events acknowledged, ${this.#lost} lost`);
    t.true(this.#acknowledged > 0);
    t.is(this.#lost, 0);
  }
}

/** One line that names the file, says why, and where the events are. */
function saysWhy(t: ExecutionContext, err: string, why: RegExp, where: string): void {
  t.regex(err, why);
  t.regex(err, /^kreel: [^\n]*; the \d+ events? before that (?:is|are) in [^\n]*\n$/);
  t.true(err.includes(` in ${where}`), err);
}

test("killed at any moment", async (t) => {
  const folder = folderOf(t);
  const tally = new Tally();
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const follower = new Follower(t, path);
    await follower.feedAll(PIECES.slice(0, between(run, 1, 6)));
    void follower.feedAll(PIECES.slice(between(run, 1, 6)));
    await sleep(between(run, 0, 120));
    follower.kill();
    const { acknowledged } = await follower.ended;
    tally.add(acknowledged, keptOf(path, WRITTEN, true).events);
    const { writer } = LogWriter.open(path, points, createTables());
    t.true(writer.events >= acknowledged);
    writer.abandon();
  }
  tally.close(t);
});

test("a file that may not become longer: the log ends with a report that says why", async (t) => {
  const folder = folderOf(t);
  const tally = new Tally();
  const written = await eventsOf(MUCH);
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const follower = new Follower(t, path, ["prlimit", `--fsize=${between(run, 10_000, 40_000)}`, "--"]);
    await follower.feedAll(pieces(MUCH, LINES));
    const { acknowledged, how, err } = await follower.end();
    t.is(how, 2, err);
    saysWhy(t, err, /would be larger than a file may be here/, "the log");
    const { events, warnings } = keptOf(path, written);
    tally.add(acknowledged, events);
    t.regex(warnings!.at(-1)!, /ended by an error.*would be larger than a file may be here/);
  }
  t.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith(".klog")),
    [],
  );
  tally.close(t);
});

test("a full disk: the log ends with a report that says why, in the room that was kept for it", async (t) => {
  const mounts = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
  if (!succeeds([...mounts, "mount", "-t", "tmpfs", "t", "/tmp"])) return t.pass("no disk can be mounted here");
  const folder = folderOf(t);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const tally = new Tally();
  const written = await eventsOf(MUCH);
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const size = String(between(run, 30, 50));
    const follower = new Follower(t, join(disk, "a.klog"), [...mounts, "sh", "-c", ON_A_SMALL_DISK, path, size, disk]);
    await follower.feedAll(pieces(MUCH, LINES));
    const { acknowledged, how, err } = await follower.end();
    t.is(how, 2, err);
    saysWhy(t, err, /the disk is full/, "the log");
    const { events, warnings } = keptOf(path, written);
    tally.add(acknowledged, events);
    t.regex(warnings!.at(-1)!, /ended by an error.*the disk is full/);
    t.is(readFileSync(`${path}.left`, "utf8"), "a.klog\n");
  }
  tally.close(t);
});

test("a line that ends the reading: what was read before it is in the log, and why it ended", async (t) => {
  const folder = folderOf(t);
  const text = Buffer.from(spawned(["export", RECORDING, "--to", "ndjson"]).out);
  const written = await eventsOf(text);
  const cut = pieces(text, LINES);
  const tally = new Tally();
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const follower = new Follower(t, path);
    const whole = between(run, 1, cut.length - 2);
    await follower.feedAll(cut.slice(0, whole));
    // In one piece with events before it that nobody has seen yet.
    const bad = Buffer.from('{"kreel":"events","version":999}\n');
    await follower.feed(Buffer.concat([cut[whole]!, bad, cut[whole + 1]!]));
    const { acknowledged, how, err } = await follower.end();
    t.is(how, 2, err);
    saysWhy(t, err, /^kreel: -:\d+: events as version 999/, "the log");
    const { events, warnings } = keptOf(path, written);
    t.is(events, Math.min(written.length, (whole + 1) * LINES - 1));
    t.is(acknowledged, events);
    tally.add(acknowledged, events);
    t.regex(warnings!.at(-1)!, /ended by an error.*events as version 999/);
  }
  tally.close(t);
});

for (const [how, displace, why, place] of [
  ["another file takes its name", (path, other) => renameSync(other, path), /another file took its name/, "rescued"],
  ["it is removed", (path) => rmSync(path), /the file was removed/, "rescued"],
  ["it is moved away", (path) => renameSync(path, `${path}.moved`), /the file was moved away/, "moved"],
  [
    "it is moved away and another file takes its name",
    (path, other) => (renameSync(path, `${path}.moved`), renameSync(other, path)),
    /another file took its name while it was written, and it has another one now/,
    "moved",
  ],
] as const satisfies readonly (readonly [string, (path: string, other: string) => void, RegExp, string])[]) {
  test(`${how}: what was acknowledged has a name, and the other file stays`, async (t) => {
    const tally = new Tally();
    for (let run = 0; run < RUNS; run++) {
      const folder = folderOf(t);
      const [path, other] = [join(folder, "a.klog"), join(folder, "other")];
      writeFileSync(other, "precious");
      const { ino } = statSync(other);
      const follower = new Follower(t, path);
      const before = between(run, 1, PIECES.length - 2);
      await follower.feedAll(PIECES.slice(0, before));
      displace(path, other);
      await follower.feedAll(PIECES.slice(before));
      const { acknowledged, how, err } = await follower.end();
      t.is(how, 2, err);
      const kept = `${path}.${place}`;
      saysWhy(t, err, why, kept);
      const { events, warnings } = keptOf(kept, WRITTEN);
      tally.add(acknowledged, events);
      t.regex(warnings!.at(-1)!, why);
      const others = readdirSync(folder).filter((name) => name !== basename(kept));
      t.is(others.length, 1, "neither locks nor anything else is left");
      t.is(readFileSync(join(folder, others[0]!), "utf8"), "precious");
      t.is(statSync(join(folder, others[0]!)).ino, ino);
    }
    tally.close(t);
  });
}

test("a second writer outside of the first's PID namespace is refused, until somebody removes its lock", async (t) => {
  if (!succeeds([...ELSEWHERE, "true"])) return t.pass("no PID namespace can be made here");
  const folder = folderOf(t);
  const tally = new Tally();
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const follower = new Follower(t, path, ELSEWHERE);
    const before = between(run, 1, PIECES.length - 4);
    const refused = (): void => {
      const who = "process \\d+ of another PID namespace .* may be writing to it, .*";
      const what = new RegExp(`${who}; .*: if that one is gone for certain, remove ${path}\\.lock`);
      t.throws(() => LogWriter.open(path, points, createTables()), { instanceOf: LogError, message: what });
      if (run > 0) return;
      const { code, err } = spawned(["log", "--snapshots", path]);
      t.is(code, 2);
      t.regex(err, what);
      t.regex(
        spawned(["log", path]).out,
        /^ {2}writer {4}process \d+ of another PID namespace .* may be writing to it/m,
      );
    };
    for (const piece of PIECES.slice(0, before)) {
      await follower.feed(piece);
      if (run === 0 && piece !== PIECES[0]) continue;
      refused();
    }
    if (run % 2 === 0) {
      await follower.feedAll(PIECES.slice(before));
      const { acknowledged, done, how, err } = await follower.end();
      t.deepEqual([how, done, err], [0, true, ""]);
      t.is(acknowledged, WRITTEN.length);
      tally.add(acknowledged, keptOf(path, WRITTEN).events);
      LogWriter.open(path, points, createTables()).writer.abandon();
      continue;
    }
    follower.kill();
    const { acknowledged } = await follower.ended;
    refused();
    rmSync(`${path}.lock`);
    const { writer } = LogWriter.open(path, points, createTables());
    await writer.close();
    tally.add(acknowledged, keptOf(path, WRITTEN).events);
  }
  tally.close(t);
});

test("a second writer in a PID namespace of its own is refused by the first one's lock", async (t) => {
  if (!succeeds([...ELSEWHERE, "true"])) return t.pass("no PID namespace can be made here");
  const folder = folderOf(t);
  const tally = new Tally();
  for (let run = 0; run < RUNS; run++) {
    const path = join(folder, `${run}.klog`);
    const follower = new Follower(t, path);
    const before = between(run, 1, PIECES.length - 2);
    await follower.feedAll(PIECES.slice(0, before));
    const appending = [process.execPath, join(CHILD, "../append-child.js"), path, RECORDING, String(LINES)];
    const second = spawnSync(ELSEWHERE[0], [...ELSEWHERE.slice(1), ...appending]);
    t.not(second.status, 0);
    t.regex(second.stderr.toString(), /of another PID namespace .* may be writing to it/);
    await follower.feedAll(PIECES.slice(before));
    const { acknowledged, how, err } = await follower.end();
    t.deepEqual([how, err], [0, ""]);
    tally.add(acknowledged, keptOf(path, WRITTEN).events);
  }
  tally.close(t);
});

test("a lock is removed while its holder lives: a second writer goes on, and the first writes no more", async (t) => {
  const { kept, tables } = inBatches(RECORDING, 1);
  const tally = new Tally();
  for (let run = 0; run < RUNS; run++) {
    const path = join(folderOf(t), "a.klog");
    const follower = new Follower(t, path);
    const before = between(run, 1, PIECES.length - 3);
    await follower.feedAll(PIECES.slice(0, before));
    rmSync(`${path}.lock`);
    const { writer } = LogWriter.open(path, points, tables);
    const first = writer.events;
    const isWriting = run % 2 === 0;
    if (isWriting) await writer.append(kept[first]!);
    await follower.feed(PIECES[before]!);
    const { acknowledged, how, err } = await follower.end();
    t.is(how, 2);
    t.regex(err, isWriting ? /somebody else changed it while it was written/ : /somebody removed its lock/);
    t.regex(err, /; the \d+ events before that are in the log, which does not say so itself/);
    t.is(acknowledged, first);
    await writer.close();
    t.false(existsSync(`${path}.lock`));
    tally.add(writer.events, keptOf(path, WRITTEN).events);
  }
  tally.close(t);
});
