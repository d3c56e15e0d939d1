import test from "ava";
import fc from "fast-check";
import { matchSequences } from "../../../src/compare/align/actors.js";
import { likelyPairs } from "../../../src/compare/align/likely-pairs.js";
import { Profiles } from "../../../src/compare/align/profiles.js";

interface Thread {
  readonly name: string;
  readonly items: readonly string[];
}
const thread = (name: string, deeds: string): Thread => ({ name, items: deeds.split("") });
const match = (before: readonly Thread[], after: readonly Thread[]): string[] =>
  matchSequences(before, after, (x) => x)
    .map(({ a, b }) => `${a?.items.join("") ?? ""}~${b?.items.join("") ?? ""}`)
    .sort();

test("threads are matched by what they did, in another program with other names too", (t) => {
  t.deepEqual(match([thread("one", "aab"), thread("two", "ccd")], [thread("x", "ccd"), thread("y", "aab")]), [
    "aab~aab",
    "ccd~ccd",
  ]);
});

test("the same name outweighs small differences, not a life of other deeds", (t) => {
  t.deepEqual(match([thread("w", "aaaab"), thread("v", "aaaac")], [thread("v", "aaaab"), thread("w", "aaaac")]), [
    "aaaab~aaaac",
    "aaaac~aaaab",
  ]);
  t.deepEqual(match([thread("w", "aaaa"), thread("v", "bbbb")], [thread("v", "aaaa"), thread("w", "bbbb")]), [
    "aaaa~aaaa",
    "bbbb~bbbb",
  ]);
});

test("of several alike, the first started is the first started", (t) => {
  const children = ["1", "2", "3"].map((id) => ({ name: "child", items: [{ id }, { id }] }));
  const others = ["4", "5", "6"].map((id) => ({ name: "child", items: [{ id }, { id }] }));
  const matched = matchSequences(children, others, () => "exit");
  t.deepEqual(
    matched.map(({ a, b }) => `${a!.items[0]!.id}${b!.items[0]!.id}`),
    ["14", "25", "36"],
  );
});

test("a thread without a counterpart stays alone, and none is lost or taken twice", (t) => {
  t.deepEqual(match([thread("a", "xx")], []), ["xx~"]);
  t.deepEqual(match([], [thread("a", "xx")]), ["~xx"]);
  t.deepEqual(match([thread("a", "xx")], [thread("b", "yy")]), ["xx~", "~yy"]);
  const threads = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("p", "q"),
      items: fc.array(fc.constantFrom(..."abc"), { minLength: 1, maxLength: 6 }),
    }),
    { maxLength: 5, selector: (x) => x },
  );
  fc.assert(
    fc.property(threads, threads, (before, after) => {
      const matched = matchSequences(before, after, (x) => x);
      const all = (side: readonly (Thread | undefined)[], of: readonly Thread[]): boolean =>
        side.filter((s) => s !== undefined).length === of.length;
      return (
        all(
          matched.map((m) => m.a),
          before,
        ) &&
        all(
          matched.map((m) => m.b),
          after,
        )
      );
    }),
  );
});

/** Threads with one name; `deedsOf` returns the operations of each. */
const threads = (count: number, deedsOf: (k: number) => string[]): Thread[] =>
  Array.from({ length: count }, (_, k) => ({ name: "worker", items: deedsOf(k) }));
/** Changes of many threads in the second run, by their operations in the first: `["all", "its own"]`. */
const CHANGES: { readonly [what: string]: (deeds: readonly string[]) => string[] } = {
  "nothing else": (deeds) => [...deeds],
  "one thing more, all the same": (deeds) => [...deeds, "more"],
  "one thing more, each its own": (deeds) => [...deeds, `more ${deeds[1]}`],
};

test("of too many threads to try each with each, each finds the one that did the same or nearly so, wherever it was started", (t) => {
  const count = 600;
  for (const [what, changed] of Object.entries(CHANGES)) {
    const before = threads(count, (k) => ["all", `${k}`]);
    const after = threads(count, (k) => changed(["all", `${(k * 7) % count}`]));
    const matched = matchSequences(before, after, (x) => x);
    t.is(matched.length, count, what);
    t.true(
      matched.every(({ a, b }) => a!.items[1] === b!.items[1]),
      what,
    );
  }
});

test("of too many threads that are all alike, the first started is the first started", (t) => {
  const before = threads(600, () => ["all"]);
  const after = threads(600, () => ["all", "more"]);
  t.true(matchSequences(before, after, (x) => x).every(({ a, b }) => before.indexOf(a!) === after.indexOf(b!)));
});

test("where few are tried with each, no thread is lost or taken twice, and none stays alone beside one that it could have", (t) => {
  const some = fc.array(
    fc.record({
      name: fc.constantFrom("p", "q"),
      items: fc.array(fc.constantFrom(..."abcdefgh"), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(some, some, (before, after) => {
      const matched = matchSequences(before, after, (x) => x, 0);
      const [as, bs] = [matched.flatMap(({ a }) => (a ? [a] : [])), matched.flatMap(({ b }) => (b ? [b] : []))];
      t.deepEqual(
        matchSequences(before, after, (x) => x, 0),
        matched,
      );
      const alone = {
        a: matched.filter(({ b }) => !b).map(({ a }) => a!),
        b: matched.filter(({ a }) => !a).map(({ b }) => b!),
      };
      const nameless = alone.a.every((a) =>
        alone.b.every((b) => a.name !== b.name && !a.items.some((item) => b.items.includes(item))),
      );
      return (
        as.length === before.length &&
        bs.length === after.length &&
        new Set(as).size === as.length &&
        new Set(bs).size === bs.length &&
        nameless
      );
    }),
  );
});

test("how many pairs of threads are tried grows with their number and not with its square", (t) => {
  for (const [what, changed] of Object.entries(CHANGES)) {
    const tried = [1000, 8000].map((count) => {
      const profiles = new Profiles();
      const of = (deedsOf: (k: number) => string[]) =>
        threads(count, deedsOf).map(({ name, items }) => profiles.of(name, items));
      const [before, after] = [of((k) => ["all", `${k}`]), of((k) => changed(["all", `${k}`]))];
      return likelyPairs(before, after, profiles.kinds).length;
    });
    t.true(tried[1]! < 8.5 * tried[0]!, `${what}: ${tried.join(", ")}`);
  }
});
