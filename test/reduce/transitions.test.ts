/** The state is the result of its transitions, one after the other; nothing else ever writes it. */
import test from "ava";
import type { KernelObject, ObjectId } from "../../src/reduce/objects.js";
import { PersistentStore } from "../../src/reduce/persistent-store.js";
import { blank, MutableStore, type Store } from "../../src/reduce/store.js";
import { evolve, type Transition, trailOf } from "../../src/reduce/transitions.js";
import { replay } from "../../src/replay/replay.js";
import { nameOf, recordingsOf } from "../support/recordings.js";
import { same } from "../support/same.js";

const bare = ({ kind, id, address, generation, met }: KernelObject): KernelObject =>
  blank(kind, id, address, generation, met);

for (const [name, makeStore] of [
  ["plain objects", () => new MutableStore()],
  ["immer drafts", () => new PersistentStore()],
] as readonly (readonly [string, () => Store])[]) {
  for (const path of recordingsOf("linux-7.2", "mistakes", "odd-closes", "race").filter((_, k) => k % 17 === 0)) {
    test(`whoever applies them again has the same state: ${name}, ${nameOf(path)}`, async (t) => {
      const store = makeStore();
      const again = new Map<ObjectId, KernelObject>();
      const types = new Set<Transition["type"]>();
      const { world } = await replay(path, {
        store,
        everything: true,
        observe: () => ({
          changed(object, transition) {
            types.add(transition.type);
            let own = again.get(object.id);
            if (!own) again.set(object.id, (own = bare(object)));
            evolve(own, structuredClone(transition));
          },
        }),
      });
      const live = [...world.store.live()];
      same(
        t,
        live.map((object) => again.get(object.id) ?? bare(object)),
        live,
      );
      t.true(live.length > 10 && types.size > 10);
    });
  }
}

test("a trail keeps its first steps and its latest", (t) => {
  const object = blank("file", 1, 1, 1, 1);
  for (let seq = 1; seq <= 1000; seq++)
    evolve(object, { type: "stepped", seq, deed: { point: seq, task: 0, note: "" } });
  const steps = trailOf(object).map(({ seq }) => seq);
  t.deepEqual(steps.slice(0, 9), [1, 2, 3, 4, 5, 6, 7, 8, 945]);
  t.deepEqual([steps.length, steps.at(-1), object.steps], [64, 1000, 1000]);
});
