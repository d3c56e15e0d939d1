import test from "ava";
import fc from "fast-check";
import { matchSequences } from "../../src/compare/actors.js";

interface Thread {
  readonly name: string;
  readonly items: readonly string[];
}
const thread = (name: string, deeds: string): Thread => ({ name, items: deeds.split("") });
const match = (before: readonly Thread[], after: readonly Thread[]): string[] => matchSequences(before, after, (x) => x).map(({ a, b }) => `${a?.items.join("") ?? ""}~${b?.items.join("") ?? ""}`).sort();

test("threads are matched by what they did, in another program with other names too", (t) => {
  t.deepEqual(match([thread("one", "aab"), thread("two", "ccd")], [thread("x", "ccd"), thread("y", "aab")]), ["aab~aab", "ccd~ccd"]);
});

test("the same name outweighs small differences, not a life of other deeds", (t) => {
  t.deepEqual(match([thread("w", "aaaab"), thread("v", "aaaac")], [thread("v", "aaaab"), thread("w", "aaaac")]), ["aaaab~aaaac", "aaaac~aaaab"]);
  t.deepEqual(match([thread("w", "aaaa"), thread("v", "bbbb")], [thread("v", "aaaa"), thread("w", "bbbb")]), ["aaaa~aaaa", "bbbb~bbbb"]);
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
  const threads = fc.uniqueArray(fc.record({ name: fc.constantFrom("p", "q"), items: fc.array(fc.constantFrom(..."abc"), { minLength: 1, maxLength: 6 }) }), { maxLength: 5, selector: (x) => x });
  fc.assert(
    fc.property(threads, threads, (before, after) => {
      const matched = matchSequences(before, after, (x) => x);
      const all = (side: readonly (Thread | undefined)[], of: readonly Thread[]): boolean => side.filter((s) => s !== undefined).length === of.length;
      return all(matched.map((m) => m.a), before) && all(matched.map((m) => m.b), after);
    }),
  );
});
