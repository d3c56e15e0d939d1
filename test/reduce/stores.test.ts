/**
 * Plain objects and immer drafts go through the same transitions: the two states are equal after every part of every
 * recording. Moments are values: one that is kept does not change later; patches lead from one to the next and back.
 */
import { isDeepStrictEqual } from "node:util";
import test from "ava";
import fc from "fast-check";
import { applyPatches, type Objectish } from "immer";
import { Checker } from "../../src/check/checker.js";
import { type Finding } from "../../src/check/finding.js";
import type { KernelObject, ObjectId } from "../../src/reduce/objects.js";
import { type Change, ObjectTree, PersistentStore } from "../../src/reduce/persistent-store.js";
import type { Reducer } from "../../src/reduce/reducer.js";
import { MutableStore, type Store } from "../../src/reduce/store.js";
import { batchesOf, nameOf, type Read, recordingsOf, reducerOf } from "../support/recordings.js";

const RECORDINGS = recordingsOf("linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2", "race", "broken");

interface Run {
  readonly reducer: Reducer;
  readonly findings: Finding[];
  readonly checker: Checker;
}

function run(read: Read, store: Store): Run {
  const reducer = reducerOf(read, store);
  const findings: Finding[] = [];
  const checker = new Checker(reducer.world, read.tables, { onFinding: (finding) => findings.push(finding) });
  return { reducer, findings, checker };
}

const byId = (objects: Iterable<KernelObject>): KernelObject[] => [...objects].sort((a, b) => a.id - b.id);

/** Reduces a recording in parts of about `size` events; `each` is called after every part. */
function inParts(
  read: Read,
  size: number,
  reduce: (batch: Read["batches"][number], from: number, to: number) => void,
  each: () => void,
): void {
  for (const batch of read.batches) {
    for (let from = 0; from < batch.length; from += size) {
      reduce(batch, from, Math.min(batch.length, from + size));
      each();
    }
  }
}

for (const path of RECORDINGS) {
  test(`plain objects and immer drafts hold the same state after every part, with the same findings: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const plain = run(read, new MutableStore());
    const store = new PersistentStore();
    const persistent = run(read, store);
    const both = [plain, persistent];
    const equal = (): boolean => isDeepStrictEqual(byId(plain.reducer.world.store.live()), byId(store.live()));
    inParts(
      read,
      211,
      (...part) => both.forEach(({ reducer }) => reducer.reduce(...part)),
      () => {
        if (!equal()) t.fail(`the states differ after event ${plain.reducer.events}`);
      },
    );
    for (const { reducer } of both) reducer.finish();
    t.deepEqual(byId(store.live()), byId(plain.reducer.world.store.live()));
    t.deepEqual(persistent.findings, plain.findings);
    t.deepEqual(persistent.checker.hazards, plain.checker.hazards);
    t.deepEqual(persistent.checker.tally, plain.checker.tally);
    t.deepEqual(persistent.reducer.world.lifetimes, plain.reducer.world.lifetimes);
  });
}

const MOMENTS = RECORDINGS.filter((path) => /linux-7\.2\/s(01|04|15)|linux-6\.12-patched\/s(09|18)|race/.test(path));

/** Applies patches of one object to a map of objects. */
function apply(state: Map<ObjectId, KernelObject>, id: ObjectId, patches: Change["patches"]): void {
  for (const patch of patches) {
    if (patch.path.length > 0) state.set(id, applyPatches(state.get(id) as Objectish, [patch]) as KernelObject);
    else if (patch.op === "remove") state.delete(id);
    else state.set(id, patch.value as KernelObject);
  }
}

for (const path of MOMENTS) {
  test(`a moment that is kept never changes, and cannot be changed: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const store = new PersistentStore();
    const { reducer } = run(read, store);
    const moments: { readonly tree: ObjectTree; readonly as: string }[] = [];
    inParts(
      read,
      173,
      (...part) => reducer.reduce(...part),
      () => moments.push({ tree: store.objects, as: JSON.stringify([...store.objects]) }),
    );
    for (const { tree, as } of moments) t.is(JSON.stringify([...tree]), as);
    for (const object of store.objects) {
      t.true(Object.isFrozen(object) && Object.isFrozen(object.references) && Object.isFrozen(object.trail));
      t.throws(() => (object.references as unknown[]).push(1), { instanceOf: TypeError });
    }
  });

  test(`moments share the objects that did not change between them: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const store = new PersistentStore();
    const changed = new Set<ObjectId>();
    const { reducer } = run(read, new PersistentStore(({ id }) => changed.add(id)));
    const tree = (): ObjectTree => (reducer.world.store as PersistentStore).objects;
    t.is(store.objects, ObjectTree.EMPTY);
    let before = tree();
    inParts(
      read,
      97,
      (...part) => reducer.reduce(...part),
      () => {
        for (const object of tree())
          if (!changed.has(object.id) && before.get(object.id) !== object)
            t.fail(`${object.kind} ${object.id} was copied though nothing changed it`);
        before = tree();
        changed.clear();
      },
    );
    t.pass();
  });

  test(`patches lead from nothing to the state, and their inverses back to nothing: ${nameOf(path)}`, async (t) => {
    const read = await batchesOf(path);
    const changes: Change[] = [];
    const store = new PersistentStore((change) => changes.push(change));
    const { reducer } = run(read, store);
    const state = new Map<ObjectId, KernelObject>();
    let applied = 0;
    inParts(
      read,
      401,
      (...part) => reducer.reduce(...part),
      () => {
        for (; applied < changes.length; applied++)
          if (state.has(changes[applied]!.id) || changes[applied]!.patches[0]!.path.length === 0)
            apply(state, changes[applied]!.id, changes[applied]!.patches);
        if (!isDeepStrictEqual(byId(state.values()), byId(store.live())))
          t.fail(`the patches do not give the state after event ${reducer.events}`);
      },
    );
    t.true(changes.length > 0);
    const alive = new Set(changes.map((_, i) => i));
    // Changes of an object after it was removed are no part of the state.
    const gone = new Set<ObjectId>();
    changes.forEach(({ id, patches }, i) => {
      if (gone.has(id)) alive.delete(i);
      if (patches.some((p) => p.op === "remove" && p.path.length === 0)) gone.add(id);
    });
    for (let i = changes.length - 1; i >= 0; i--) if (alive.has(i)) apply(state, changes[i]!.id, changes[i]!.inverse);
    t.deepEqual([...state.values()], []);
  });
}

test("replay in parts is replay at one go, wherever it is cut", async (t) => {
  const paths = RECORDINGS.filter((path) => /linux-7\.2\/s16|linux-6\.12-patched\/s18|race|broken.*s09/.test(path));
  for (const path of paths) {
    const read = await batchesOf(path);
    const whole = run(read, new MutableStore());
    for (const batch of read.batches) whole.reducer.reduce(batch);
    whole.reducer.finish();
    const state = byId(whole.reducer.world.store.live());
    const length = read.batches.reduce((sum, batch) => sum + batch.length, 0);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: length }), { maxLength: 12 }), (cuts) => {
        const parts = run(read, new MutableStore());
        for (const batch of read.batches) {
          const inside = cuts.map((cut) => cut - batch.firstSeq + 1).filter((cut) => cut > 0 && cut < batch.length);
          let from = 0;
          for (const to of [...inside.sort((a, b) => a - b), batch.length]) {
            parts.reducer.reduce(batch, from, to);
            from = to;
          }
        }
        parts.reducer.finish();
        t.deepEqual(parts.findings, whole.findings);
        t.true(isDeepStrictEqual(byId(parts.reducer.world.store.live()), state));
        t.is(parts.reducer.events, length);
      }),
      { numRuns: 15 },
    );
  }
});
