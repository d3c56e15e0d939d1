/** The first difference of two states is stated in words: the object, and the field. */
import test from "ava";
import { Replaying } from "../../src/replay/replaying.js";
import { firstDifference, takeSnapshot } from "../../src/snapshot/index.js";
import { batchesOf } from "../support/recordings.js";

/** A replay of a recording up to an event. */
async function at(event: number): Promise<Replaying> {
  const { batches, tables } = await batchesOf("fixtures/recordings/linux-7.2/s01-create-close.trace.gz");
  const replaying = new Replaying({ tables });
  for (const batch of batches) replaying.reduce(batch, Math.max(0, Math.min(batch.length, event + 1 - batch.firstSeq)));
  return replaying;
}

const changed = async (change: (replaying: Replaying) => void): Promise<string | undefined> => {
  const other = await at(1100);
  change(other);
  return firstDifference(takeSnapshot(await at(1100)), takeSnapshot(other));
};

test("two replays of the same events do not differ", async (t) => {
  t.is(await changed(() => {}), undefined);
});

test("an object is named, and what of it differs, before and after", async (t) => {
  const module = ({ world }: Replaying) =>
    [...world.store.live()].find((o) => o.kind === "module" && o.name === "kvm")!;
  t.is(await changed((r) => void (module(r).count! += 2)), "module kvm: count: 2 / 4");
  t.is(
    await changed(
      (r) => void module(r).references.push({ owner: 0, seq: 1100, by: "nobody", task: 0, left: undefined }),
    ),
    "module kvm: references: 2: in the second only",
  );
  t.regex(
    (await changed(
      (r) => void (module(r).deeds[3] = { ...module(r).deeds[3]!, point: module(r).deeds[3]!.point + 1 }),
    ))!,
    /^module kvm: deeds: 4: point: \w+ \/ \w+$/,
  );
  t.regex(
    (await changed((r) => r.world.store.remove(module(r))))!,
    /^module kvm, met at event \d+: lives in the first only$/,
  );
});

test("what belongs to no object is named by the part of the state that has it", async (t) => {
  t.is(await changed((r) => void (r.world.lastLoss = 7)), "last loss: 0 / 7");
  t.regex((await changed((r) => void (r.world.codeModule = 0)))!, /^code module: 0xffffffffc\w+ \/ 0x0$/);
  t.is(
    await changed((r) => void r.checker.explained.set("events were lost", 3)),
    "checker: explained: 1: in the second only",
  );
  t.is(firstDifference(takeSnapshot(await at(1000)), takeSnapshot(await at(1001))), "next event: 1001 / 1002");
});
