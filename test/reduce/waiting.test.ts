/** Facts wait for the first event of a probe, in little memory: a recording may be long, and the probe not set. */
import test from "ava";
import { points } from "../../events/index.js";
import { keptView } from "../../src/log/view.js";
import { Replaying } from "../../src/replay/replaying.js";
import { restoreReplay, takeSnapshot } from "../../src/snapshot/index.js";
import { batchesOf } from "../support/recordings.js";

test("so many facts wait, each with its event alone; they are told when the probe shows itself", async (t) => {
  const read = await batchesOf("fixtures/recordings/linux-7.2/s01-create-close.trace.gz");
  const batch = read.batches[0]!;
  const index = batch.point.findIndex((id) => points.points[id]?.event === "iput");
  const replaying = new Replaying(read);
  const { world } = replaying;
  const target = world.store.create("inode", 1, 1, 1);
  for (let k = 0; k < 15_000; k++) {
    world.factOnceShown(
      {
        type: "put-without-get",
        event: keptView(points, points.byEvent("iput")!.id, batch, index),
        certain: true,
        target,
        by: "nobody",
        observed: k,
      },
      "mntput",
    );
  }
  const [waiting, ...others] = world.waiting.saved();
  t.is(others.length, 0);
  t.is(waiting!.facts.length, 10_000);
  const { event } = waiting!.facts[77]!.fact;
  t.is(event.batch.length, 1);
  t.is(event.seq, batch.firstSeq + index);
  t.is((event as unknown as { inode: number }).inode, batch.low[batch.argStart[index]!]!);

  for (const { world: w, checker } of [restoreReplay(takeSnapshot(replaying), read), replaying]) {
    w.sight.saw(points.byEvent("mntput")!, 0);
    w.firstSeen(points.byEvent("mntput")!.id);
    t.is(checker.tally.get("refcount-underflow")!.wrong, 10_000);
    t.deepEqual(w.waiting.saved(), []);
    w.factOnceShown({ type: "put-without-get", event, certain: true, target, by: "nobody", observed: 0 }, "mntget");
    t.is(w.waiting.saved().length, 1, "there is room again");
  }
});
