/** The indexes of the ledger and of descriptor tables say what a look at everything would. */
import test from "ava";
import fc from "fast-check";
import type { KernelObject, Owner } from "../../src/reduce/objects.js";
import { OpenDescriptors } from "../../src/reduce/open-descriptors.js";
import { Owners } from "../../src/reduce/owners.js";
import { blank } from "../../src/reduce/store.js";
import { evolve, given, leftTo, passed, taken } from "../../src/reduce/transitions.js";

interface Step {
  readonly what: "take" | "take again" | "give" | "give of" | "pass" | "leave";
  readonly owner: Owner;
  readonly to: Owner;
  readonly at: number;
}

const owner = fc.integer({ min: -3, max: 9 });
const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom("take", "take", "take", "take again", "give", "give of", "pass", "leave"),
    owner,
    to: owner,
    at: fc.nat(),
  }),
  { maxLength: 400, size: "max" },
);

function scan({ references }: KernelObject, owner: Owner): number[] {
  return references.flatMap((reference, k) => (reference.owner === owner ? [k] : []));
}

test("property: an owner's references on an object, however many there are and whatever became of them", (t) => {
  let longest = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const owners = new Owners();
      const target = blank("module", 1, 1, 1, 1);
      let seq = 0;
      for (const { what, owner, to, at } of all) {
        const give = (index: number): void => {
          const transition = given(index, target);
          evolve(target, transition);
          owners.given(target, transition.reference!);
        };
        const pass = what === "leave" ? leftTo : passed;
        switch (what) {
          case "take":
          case "take again": {
            // One event may take several.
            const transition = taken(owner, what === "take" ? ++seq : seq, "get", 0);
            evolve(target, transition);
            owners.taken(target.id, transition.reference);
            break;
          }
          case "give":
            if (target.references.length > 0) give(at % target.references.length);
            break;
          case "give of": {
            const latest = owners.latest(target, owner);
            if (latest >= 0) give(latest);
            break;
          }
          default:
            for (const index of owners.indexes(target, owner)) {
              const before = target.references[index]!;
              const transition = pass(index, before, (what === "leave" ? { operation: "get", event: 1 } : to) as never);
              evolve(target, transition);
              owners.passed(target.id, before, transition.reference.owner);
            }
        }
        longest = Math.max(longest, target.references.length);
        for (const one of [owner, to, 0]) {
          t.deepEqual(owners.indexes(target, one), scan(target, one));
          t.is(owners.latest(target, one), scan(target, one).at(-1) ?? -1);
        }
      }
    }),
    { numRuns: 60 },
  );
  t.true(longest > 64, "long enough to be indexed");
});

test("property: the descriptors of a file, in all tables", (t) => {
  const small = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), small, small, fc.nat(20)), { maxLength: 100 }), (all) => {
      const open = new OpenDescriptors();
      const known = new Set<string>();
      for (const [isOpened, file, table, fd] of all) {
        if (isOpened) open.add(file, table, fd);
        else open.remove(file, table, fd);
        if (isOpened) known.add(`${file} ${table} ${fd}`);
        else known.delete(`${file} ${table} ${fd}`);
        const mine = [...known].map((key) => key.split(" ").map(Number)).filter(([of]) => of === file);
        const expected = mine.sort(([, a, x], [, b, y]) => a! - b! || x! - y!).map(([, , number]) => number!);
        t.deepEqual(open.of(file), expected);
        t.is(open.count(file), expected.length);
        for (const one of [1, 2, 3, 4])
          t.is(
            open.has(file, one),
            mine.some(([, of]) => of === one),
          );
      }
    }),
    { numRuns: 200 },
  );
});
