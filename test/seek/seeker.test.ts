/** The state at any moment of a log equals that of a replay from its beginning. */
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { importRecording } from "../../src/read/import.js";
import { BLOCK_HEADER } from "../../src/log/file/format.js";
import { LogFile } from "../../src/log/file/log-file.js";
import { exactTime } from "../../src/log/time.js";
import { addSnapshots } from "../../src/seek/add-snapshots.js";
import { checkStates } from "../../src/seek/check-states.js";
import { SnapshotCache } from "../../src/seek/snapshot-cache.js";
import { Seeker } from "../../src/seek/seeker.js";
import { storedSnapshots } from "../../src/seek/stored.js";
import { stateHash } from "../../src/snapshot/index.js";
import { folderOf } from "../log/file/helpers.js";

const CHURN = "fixtures/recordings/churn/linux-7.2.trace.gz";
const RACE = "fixtures/recordings/race/linux-7.2-close-rmmod.trace.gz";

/** Hashes of the states after these events, by one replay from the first event. */
function replayed(path: string, events: readonly number[]): string[] {
  const seeker = Seeker.open(path);
  const replaying = seeker.at(0);
  const hashes = new Map<number, string>();
  for (const event of [...new Set(events)].sort((a, b) => a - b)) {
    seeker.forward(replaying, event);
    hashes.set(event, stateHash(replaying));
  }
  seeker.close();
  return events.map((event) => hashes.get(event)!);
}

test("the state after any event, in any order, with snapshots and without", async (t) => {
  const folder = folderOf(t);
  const [plain, kept] = [join(folder, "a.klog"), join(folder, "b.klog")];
  const { events } = await importRecording(CHURN, plain);
  copyFileSync(plain, kept);
  const { snapshots, bytes } = await addSnapshots(kept);
  t.true(snapshots > 1);
  t.true(bytes < 0.1 * statSync(plain).size + 200, `${bytes} bytes`);
  const moments = [events, 0, 1, 8192, 8191, 8193, 40_000, 12_345, 12_346, 70_000, 69_999, events - 1];
  const expected = replayed(plain, moments);
  for (const path of [plain, kept]) {
    const seeker = Seeker.open(path);
    t.is(seeker.events, events);
    t.deepEqual(
      moments.map((event) => stateHash(seeker.at(event))),
      expected,
    );
    seeker.close();
  }
});

test("any moment of a short log", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { events } = await importRecording(RACE, path);
  const all = replayed(
    path,
    Array.from({ length: events + 1 }, (_, k) => k),
  );
  const seeker = Seeker.open(path);
  t.teardown(() => seeker.close());
  fc.assert(
    fc.property(fc.nat({ max: events }), fc.nat({ max: events }), (a, b) => {
      const replaying = seeker.at(Math.min(a, b));
      t.is(stateHash(replaying), all[Math.min(a, b)]!);
      seeker.forward(replaying, Math.max(a, b));
      t.is(stateHash(replaying), all[Math.max(a, b)]!);
    }),
    { numRuns: 60 },
  );
});

test("a time is the moment after the last event that is not later", async (t) => {
  const path = join(folderOf(t), "a.klog");
  const { events } = await importRecording(RACE, path);
  const seeker = Seeker.open(path);
  t.teardown(() => seeker.close());
  const times = Array.from({ length: events }, (_, k) => seeker.timeOf(k + 1)!);
  for (let k = 0; k < events; k += 97) {
    const later = times.findIndex((time) => time > times[k]!);
    t.is(seeker.eventOf({ time: times[k]! }), later < 0 ? events : later);
  }
  t.is(seeker.eventOf({ time: 0n }), 0);
  t.is(seeker.eventOf({ time: 1n << 62n }), events);
  t.is(seeker.eventOf({ event: events + 5 }), events);
  const { batch, index } = seeker.find(700)!;
  t.is(exactTime(batch.timeHigh[index]!, batch.timeLow[index]!), times[699]!);
});

test("snapshots are stored once; damaged ones, and those of other reducers, are as if they were not there", async (t) => {
  const path = join(folderOf(t), "a.klog");
  await importRecording(CHURN, path);
  await addSnapshots(path);
  const size = statSync(path).size;
  t.deepEqual(await addSnapshots(path), { snapshots: 0, bytes: 0 });
  t.is(statSync(path).size, size);
  const log = LogFile.open(path);
  t.deepEqual(log.verify(), []);
  const blocks = log.blocks.filter(({ kind }) => kind === "snapshot");
  const stored = [...storedSnapshots(log)].map(({ seq }) => seq);
  log.close();
  t.deepEqual(
    stored,
    [...stored].sort((a, b) => a - b),
  );
  const expected = replayed(path, [60_000]);
  const bytes = readFileSync(path);
  for (const { at, length } of blocks) bytes[at + BLOCK_HEADER + (length >> 1)]! ^= 1;
  writeFileSync(path, bytes);
  const seeker = Seeker.open(path);
  t.deepEqual([stateHash(seeker.at(60_000))], expected);
  t.regex(seeker.log.damage.map(({ what }) => what).join(), /the snapshot is damaged/);
  seeker.close();
});

test("whoever replays the log comes to the states that are stored, or learns where they differ first", async (t) => {
  const path = join(folderOf(t), "a.klog");
  await importRecording(CHURN, path);
  await addSnapshots(path);
  const log = LogFile.open(path);
  const states = [...checkStates(log)];
  log.close();
  t.true(states.length > 1);
  for (const { stored, replayed: own, difference } of states) {
    t.is(stored, own);
    t.is(difference, undefined);
  }
});

test("what is kept in memory is bounded, and lies apart evenly", (t) => {
  const kept = new SnapshotCache(10_000);
  for (let seq = 100; seq <= 100_000; seq += 100) kept.put(seq, () => new Uint8Array(100));
  t.is(kept.before(99), undefined);
  const seqs = new Set(Array.from({ length: 1000 }, (_, k) => kept.before(k * 100 + 100)?.seq ?? 0));
  t.true(seqs.size <= 101 && seqs.size >= 25, String(seqs.size));
  const sorted = [...seqs].sort((a, b) => a - b);
  t.true(Math.max(...sorted.slice(1).map((seq, k) => seq - sorted[k]!)) <= 100_000 / 20);
  t.is(kept.before(1e9)!.seq <= 100_000, true);
});
