/** Trees are decoded as they were encoded, in the parts that are compared, from memory and from the file. */
import test from "ava";
import fc from "fast-check";
import { points } from "../../events/index.js";
import { type ComparedNode, textOf } from "../../src/compare/calls.js";
import { diff } from "../../src/compare/diff.js";
import { PackedTrees } from "../../src/compare/packed-trees.js";
import type { ObjectRef, Value } from "../../src/reduce/call-tree.js";
import { kernels } from "../../src/kernels/index.js";
import { parseScenario } from "../../src/scenario/parse.js";
import { simulate } from "../../src/workload/simulate.js";
import { diffOf } from "./histories.js";
import { fileOf } from "../cli/run.js";
import { textOf as recordedText } from "../support/recordings.js";
import { same } from "../support/same.js";
import { CHARACTER } from "../support/texts.js";

const CALLS = points.points.filter((point) => point !== undefined).filter((point) => point.phase !== "return");
const NAMES = fc.oneof(
  fc.string(),
  fc.string({ unit: CHARACTER, maxLength: 100 }),
  fc.constantFrom("__proto__", "constructor", "\ud800", "", "x".repeat(200)),
);
const NUMBERS = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 51, 2 ** 53, 18446744073709552000, -(2 ** 63)));

const object: fc.Arbitrary<ObjectRef> = fc
  .record({
    kind: fc.constantFrom("inode", "file", "memslot"),
    id: fc.nat(),
    name: NAMES,
    label: NAMES,
    older: fc.boolean(),
  })
  .map((o) => ({ ...o, label: o.kind === "memslot" ? o.label : "" }));

function value(definition: Value["definition"]): fc.Arbitrary<Value> {
  return fc
    .record({
      text: NAMES,
      number: fc.option(NUMBERS, { nil: undefined }),
      object: fc.option(object, { nil: undefined }),
    })
    .map((v) => ({
      name: definition.name,
      definition,
      ...v,
      text: definition.type === "ptr" && definition.object !== "memslot" ? "" : v.text,
    }));
}

function node(depth: number): fc.Arbitrary<ComparedNode> {
  return fc.constantFrom(...CALLS).chain(({ id, args, operation }) =>
    fc.record({
      operation: fc.constant(operation.name),
      point: fc.constant(id),
      seq: fc.nat(),
      line: fc.nat(),
      args: fc.tuple<Value[]>(...args.map(value)),
      result: operation.result ? fc.option(value(operation.result), { nil: undefined }) : fc.constant(undefined),
      touched: fc.array(
        object.filter((o) => o.kind === "memslot").map((o) => ({ object: o })),
        { maxLength: 2 },
      ),
      children: depth === 0 ? fc.constant([]) : fc.array(node(depth - 1), { maxLength: 3 }),
    }),
  );
}

test("any tree is the same again, wherever its bytes are and in whatever order it is asked for", (t) => {
  fc.assert(
    fc.property(fc.array(node(2), { maxLength: 10 }), fc.constantFrom(0, 1 << 16, undefined), (trees, memory) => {
      const packed = new PackedTrees(memory);
      // Enough of them that chunks fill up.
      const places = Array.from({ length: 30 }, () => trees).flatMap((all) =>
        all.map((tree) => [packed.add(tree), tree] as const),
      );
      for (const [at, tree] of places.reverse()) same(t, packed.get(at), tree);
      packed.close();
    }),
    { numRuns: 10 },
  );
});

test("a text is the same again beyond those that are numbered", (t) => {
  const { id, operation } = points.byEvent("tracing_mark_write")!;
  const [definition] = operation.args;
  const packed = new PackedTrees(0);
  const mark = (k: number): ComparedNode => ({
    operation: operation.name,
    point: id,
    seq: k,
    line: 0,
    args: [{ name: definition!.name, definition: definition!, text: `"${k}"`, number: undefined, object: undefined }],
    result: undefined,
    touched: [],
    children: [],
  });
  const places = Array.from({ length: 40_000 }, (_, k) => packed.add(mark(k)));
  t.true(places.every((at, k) => textOf({ node: packed.get(at), depth: 0, parent: "" }) === `"${k}"`));
  packed.close();
});

test("whether trees are in memory or in a file makes no difference", async (t) => {
  // Two dozen rounds of it: with no memory at all, each step of the way goes to the file and back.
  const [before, after] = ["linux-6.18", "linux-7.2"].map((name) =>
    fileOf(recordedText(`fixtures/recordings/churn/${name}.trace.gz`).split("\n").slice(0, 5000).join("\n")),
  ) as [string, string];
  same(t, await diff(before, after, { memory: 0 }), await diffOf(before, after));
});

test("nor of what simulated kernels record", async (t) => {
  const run = (kernel: "linux-6.12" | "linux-7.2"): ReturnType<typeof simulate>["recording"] => {
    const { recording } = simulate(
      kernels[kernel],
      parseScenario("load kvm\nload kvm-amd\nvm v 1\ngmem g v 64K\nclose g\nclose v\n", "one.scn"),
    );
    return recording;
  };
  t.deepEqual(
    (await diff(run("linux-6.12"), run("linux-7.2"), { memory: 0 })).differences,
    (await diff(run("linux-6.12"), run("linux-7.2"))).differences,
  );
});
