/**
 * Tests that a log whose writer is killed at any moment has the acknowledged events and claims no others. A child
 * appends and prints what was acknowledged; it is killed at some time; the next one heals the log and continues after
 * its end.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import fc from "fast-check";
import { points } from "../../../events/index.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { contents, folderOf, inBatches, ORIGIN, readBack } from "./helpers.js";
import { same } from "../../support/same.js";

/** Number of kills; for hundreds: KREEL_TEST_KILLS=400. */
const KILLS = Number(process.env["KREEL_TEST_KILLS"] ?? 8);
const RUNS = Number(process.env["KREEL_TEST_RUNS"] ?? 40);
const RECORDING = "fixtures/recordings/linux-7.2/s01-create-close.trace.gz";
const BATCH = 4;
const CHILD = fileURLToPath(new URL("./append-child.js", import.meta.url));

interface Lived {
  /**
   * The last event that it acknowledged; `undefined` if it ended before its first word: then earlier acknowledgements
   * stand.
   */
  readonly acknowledged: number | undefined;
  readonly done: boolean;
  /** Exit status, or the signal that killed it. */
  readonly ended: number | NodeJS.Signals | null;
}

/**
 * Runs a child that prints the last event of each append until it reports that it is done, or until so many
 * milliseconds after its first word.
 */
function lived([program, ...args]: readonly [string, ...string[]], milliseconds: number): Promise<Lived> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    let killer: NodeJS.Timeout | undefined;
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      killer ??= setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(killer);
      // A truncated line acknowledges nothing.
      const numbers = said
        .slice(0, said.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => /^\d+$/.test(line));
      resolve({
        acknowledged: numbers.length > 0 ? Number(numbers.at(-1)) : undefined,
        done: said.includes("done\n"),
        ended: signal ?? code,
      });
    });
  });
}

/** Returns the milliseconds after which the next child is killed: at any point of its work. */
const lifetime = (kill: number): number => Math.floor((kill % 20) * 1.7) + 1;

test("killed at any moment: what was acknowledged is there, and nothing else", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING, BATCH);
  const written = contents({ batches: kept, tables });
  let healed = 0;
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const life = await lived([process.execPath, CHILD, path, RECORDING, String(BATCH)], lifetime(kill));
    t.true(life.done || life.ended === "SIGKILL", `it ended by itself: ${life.ended}`);
    acknowledged = life.acknowledged ?? acknowledged;
    const before = readBack(path);
    if (before.tail) healed++;
    const events = before.batches.reduce((sum, { length }) => sum + length, 0);
    t.true(events >= acknowledged, `${acknowledged} were acknowledged, ${events} are there`);
    // One append was under way at most.
    t.true(events <= acknowledged + BATCH * 2, `${acknowledged} were acknowledged, ${events} are claimed`);
    same(t, contents(before), written.slice(0, before.batches.length));
    t.deepEqual(before.damage, []);
    if (!life.done) continue;
    rmSync(path);
    acknowledged = 0;
  }
  t.log(`${KILLS} times killed; ${healed} times in the middle of a block`);
});

/** Appends rows like the events of a log, four to a transaction, each on disk before it is acknowledged. */
const SQLITE_CHILD = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, text TEXT)"); db.commit()
done = db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
print(done, flush=True)
for first in range(done + 1, 2001, 4):
    db.executemany("INSERT INTO events VALUES (?, ?)", [(seq, "event %d" % seq) for seq in range(first, first + 4)])
    db.commit()
    print(first + 3, flush=True)
db.close()
print("done", flush=True)
`;
const SQLITE_READER = `
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT seq, text FROM events ORDER BY seq").fetchall()
assert rows == [(seq, "event %d" % seq) for seq in range(1, len(rows) + 1)], "rows that nobody wrote"
print(len(rows))
`;

test("the same of SQLite: the test is fair", async (t) => {
  if (spawnSync("python3", ["-c", "import sqlite3"]).status !== 0) return t.pass("no Python with SQLite here");
  const path = join(folderOf(t), "a.db");
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const life = await lived(["python3", "-c", SQLITE_CHILD, path], lifetime(kill));
    acknowledged = life.acknowledged ?? acknowledged;
    const rows = Number(execFileSync("python3", ["-c", SQLITE_READER, path]).toString());
    t.true(rows >= acknowledged, `${acknowledged} were acknowledged, ${rows} are there`);
    t.true(
      rows <= acknowledged + BATCH,
      `${acknowledged} were acknowledged, ${rows} are claimed; ended by ${life.ended}`,
    );
    if (!life.done) continue;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    acknowledged = 0;
  }
});

test("what the disk had not confirmed may be there in part, with holes, or as rubbish: the rest is whole, and the log goes on", async (t) => {
  const folder = folderOf(t);
  const { kept, tables } = inBatches(RECORDING, 100);
  const written = contents({ batches: kept, tables });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 0, max: 5 }),
      fc.array(fc.record({ at: fc.nat(), length: fc.nat({ max: 600 }), byte: fc.nat({ max: 255 }) }), { maxLength: 4 }),
      fc.nat(),
      async (confirmed, pending, holes, cut) => {
        const path = join(folder, `${n++}.klog`);
        const writer = LogWriter.create(path, ORIGIN, points, tables, { sync: "append" });
        for (const batch of kept.slice(0, confirmed)) await writer.append(batch);
        const safe = statSync(path).size;
        for (const batch of kept.slice(confirmed, confirmed + pending)) writer.appendNow(batch);
        writer.abandon();
        // Bytes after `safe` reached the disk in any order, or not at all.
        const bytes = readFileSync(path);
        const unsure = bytes.length - safe;
        for (const { at, length, byte } of unsure > 0 ? holes : [])
          bytes.fill(
            byte % 3 === 0 ? 0 : byte,
            safe + (at % unsure),
            Math.min(bytes.length, safe + (at % unsure) + length),
          );
        writeFileSync(path, bytes.subarray(0, safe + (unsure > 0 ? cut % (unsure + 1) : 0)));
        const next = LogWriter.open(path, points, tables);
        const { events } = next.writer;
        t.true(events >= confirmed * 100 && events <= (confirmed + pending) * 100);
        for (const batch of kept.slice(events / 100)) await next.writer.append(batch);
        await next.writer.close();
        const back = readBack(path);
        same(t, contents(back), written);
        t.deepEqual([back.damage, back.tail], [[], undefined]);
        const file = LogFile.open(path);
        t.deepEqual(file.verify(), []);
        file.close();
        rmSync(path);
      },
    ),
    { numRuns: RUNS },
  );
});

test("damage to what the disk had confirmed is none of an interrupted writer's: nobody goes on behind it", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { kept, tables } = inBatches(RECORDING, 100);
  const writer = LogWriter.create(path, ORIGIN, points, tables, { sync: "append" });
  for (const batch of kept.slice(0, 4)) await writer.append(batch);
  writer.abandon();
  const bytes = readFileSync(path);
  const file = LogFile.open(path);
  bytes[file.blocks[3]!.at + 20]! ^= 1;
  file.close();
  writeFileSync(path, bytes);
  t.throws(() => LogWriter.open(path, points, tables), { message: /import it into a new log/ });
  same(t, readFileSync(path), bytes);
});
