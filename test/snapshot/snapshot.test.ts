/**
 * A snapshot and the events after it replace the whole recording: they give the same state, findings, counts and
 * answers, wherever it is cut.
 */
import test from "ava";
import fc from "fast-check";
import { PersistentStore } from "../../src/reduce/persistent-store.js";
import { MutableStore, type Store } from "../../src/reduce/store.js";
import { Replaying } from "../../src/replay/replaying.js";
import { stateJson, stateOf } from "../../src/show/state.js";
import { firstDifference, restoreReplay, stateHash, takeSnapshot } from "../../src/snapshot/index.js";
import { elsewhere } from "../support/elsewhere.js";
import { thinned } from "../support/thinned.js";
import { batchesOf, nameOf, type Read, recordingsOf } from "../support/recordings.js";
import { same } from "../support/same.js";

/** The tests take every third recording; all of them with KREEL_TEST_ALL=1. */
const SAMPLE = process.env["KREEL_TEST_ALL"] === undefined ? 3 : 1;
const RECORDINGS = recordingsOf(
  "linux-6.12",
  "linux-6.12-patched",
  "linux-6.18",
  "linux-7.2",
  "linux-7.3",
  "race",
  "broken",
  "mistakes",
  "partial",
  "random",
).filter((_, k) => k % SAMPLE === 0);
const lengthOf = ({ batches }: Read): number => batches.reduce((sum, { length }) => sum + length, 0);

/** Replays on to the event before number `end`. */
function goOn(replaying: Replaying, read: Read, end = Infinity): Replaying {
  for (const batch of read.batches) {
    const to = Math.min(batch.length, end - batch.firstSeq);
    if (to > 0) replaying.reduce(batch, to);
  }
  return replaying;
}

function finished(replaying: Replaying): Replaying {
  replaying.finish();
  return replaying;
}

/** All answers of a replay, in words. */
function answers({ world, checker, seconds }: Replaying): object {
  const { findings, hazards, tally, explained, unexplained, disagreements } = checker;
  const state = stateJson(stateOf(world, true), { path: "-", event: 0, time: "" });
  const { missing, missingHalves, lifetimes, lastLoss } = world;
  return {
    findings,
    hazards,
    tally,
    explained,
    unexplained,
    disagreements,
    state,
    missing,
    missingHalves,
    lifetimes,
    lastLoss,
    seconds,
  };
}

/** Replays a recording that is cut before each of these events, where a replay restored from a snapshot takes over. */
function inParts(
  read: Read,
  cuts: readonly number[],
  everything: boolean,
  store: () => Store = () => new MutableStore(),
): Replaying {
  let replaying = new Replaying(read, { everything, store: store() });
  for (const cut of [...cuts].sort((a, b) => a - b))
    replaying = restoreReplay(takeSnapshot(goOn(replaying, read, cut)), read, { store: store() });
  return finished(goOn(replaying, read));
}

const cutsIn = (read: Read, most: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer({ min: 1, max: lengthOf(read) + 1 }), { minLength: 1, maxLength: most });

for (const path of RECORDINGS) {
  test(`a snapshot and what comes behind it are the whole: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const other = elsewhere(read);
    for (const everything of [false, true]) {
      const whole = inParts(read, [], everything);
      const document = takeSnapshot(whole);
      const expected = answers(whole);
      fc.assert(
        fc.property(cutsIn(read, 3), (cuts) => {
          const parts = inParts(read, cuts, everything);
          t.is(firstDifference(takeSnapshot(parts), document), undefined);
          same(t, answers(parts), expected);
        }),
        { numRuns: 4 },
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: lengthOf(read) + 1 }), (cut) => {
          const here = takeSnapshot(goOn(new Replaying(read, { everything }), read, cut));
          same(
            t,
            takeSnapshot(goOn(new Replaying(other, { everything }), other, cut)),
            here,
            "the same events under other numbers are the same bytes",
          );
          const there = restoreReplay(here, other);
          same(t, takeSnapshot(there), here, "what is restored is what was saved");
          t.is(firstDifference(takeSnapshot(finished(goOn(there, other))), document), undefined);
        }),
        { numRuns: 2 },
      );
    }
  });
}

test("the same where probes are missing and events were lost: facts wait, halves are missing, findings are withdrawn", async (t) => {
  const paths = recordingsOf("mistakes", "broken", "race", "partial");
  const parts = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.array(fc.record({ from: fc.nat(), count: fc.integer({ min: 1, max: 30 }) }), { maxLength: 2 }),
      fc.nat(),
      async (path, hidden, lost, cut) => {
        const full = await batchesOf(path);
        const length = lengthOf(full);
        const points = [...new Set(full.batches.flatMap(({ point }) => [...point]))];
        const read = thinned(full, {
          hidden: new Set(hidden.map((n) => points[n % points.length]!)),
          lost: lost.map(({ from, count }) => ({ from: from % length, count })),
        });
        const whole = takeSnapshot(inParts(read, [], false));
        const middle = goOn(new Replaying(read), read, 1 + (cut % length));
        const { world } = middle.saved().reducer;
        for (const part of ["waiting", "missing", "gone", "outlived", "overdrawn", "exits", "stacks"] as const)
          if (world[part].length > 0) parts.add(part);
        t.is(
          firstDifference(takeSnapshot(finished(goOn(restoreReplay(takeSnapshot(middle), read), read))), whole),
          undefined,
        );
      },
    ),
    { numRuns: 150, seed: 1 },
  );
  t.deepEqual(
    [...parts].sort(),
    ["exits", "gone", "missing", "outlived", "overdrawn", "stacks", "waiting"],
    "each of these was saved at least once",
  );
});

test("after every event of a recording, what is restored is what was saved", async (t) => {
  for (const path of recordingsOf("mistakes")
    .filter((name) => /bind-no-fput.*s04/.test(name))
    .concat("fixtures/recordings/broken/leak-module-on-error/s09-enfile.trace.gz")) {
    const read = await batchesOf(path);
    const replaying = new Replaying(read);
    for (const batch of read.batches) {
      for (let to = 1; to <= batch.length; to++) {
        replaying.reduce(batch, to);
        const bytes = takeSnapshot(replaying);
        if (!Buffer.from(bytes).equals(takeSnapshot(restoreReplay(bytes, read))))
          t.fail(`${path}: event ${replaying.next - 1}`);
      }
    }
  }
  t.pass();
});

test("a store whose moments are kept is restored as one", async (t) => {
  for (const path of recordingsOf("race", "broken")) {
    const read = await batchesOf(path);
    const whole = finished(goOn(new Replaying(read), read));
    fc.assert(
      fc.property(cutsIn(read, 2), (cuts) => {
        const kept = inParts(read, cuts, false, () => new PersistentStore());
        same(t, answers(kept), answers(whole));
        t.true([...kept.world.store.live()].every((o) => Object.isFrozen(o) && Object.isFrozen(o.references)));
      }),
      { numRuns: 3 },
    );
  }
});

test("without trails, what is restored is the same state, of which only the steps are forgotten", async (t) => {
  for (const path of recordingsOf("race", "broken")) {
    const read = await batchesOf(path);
    for (let cut = 100; cut < lengthOf(read); cut += 307) {
      const replaying = goOn(new Replaying(read), read, cut);
      const bytes = takeSnapshot(replaying, { trails: false });
      const again = restoreReplay(bytes, read);
      same(t, takeSnapshot(again), bytes);
      t.is(stateHash(again), stateHash(replaying));
      same(t, answers(again), answers(replaying));
    }
  }
});

test("the hash of a state is that of its events: another event is another hash", async (t) => {
  const read = await batchesOf("fixtures/recordings/linux-7.2/s01-create-close.trace.gz");
  const hashes = [100, 1000, 1001, 1002].map((cut) => stateHash(goOn(new Replaying(read), read, cut)));
  t.is(new Set(hashes).size, 4);
  t.is(stateHash(goOn(new Replaying(elsewhere(read)), elsewhere(read), 1000)), hashes[1]!);
});
