/** A simulated memory goes back to exactly what it was. */
import test from "ava";
import fc from "fast-check";
import { type Cell, type ListCell, Memory } from "../../src/simulate/memory.js";

const NUMBERS = 4;
const LISTS = 3;
const write = fc.oneof(
  fc.record({ type: fc.constant("set" as const), cell: fc.integer({ min: 1, max: NUMBERS }), value: fc.integer() }),
  fc.record({
    type: fc.constant("list" as const),
    cell: fc.integer({ min: 1, max: LISTS }),
    value: fc.array(fc.nat(9), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant("allocate" as const), cell: fc.constant(0), value: fc.nat(3000) }),
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

function apply(memory: Memory, { type, cell, value }: Write): void {
  if (type === "set") memory.set(cell as Cell, value);
  else if (type === "list") memory.setList(cell as ListCell, value);
  else memory.allocate(value, 1);
}

function contents(memory: Memory): unknown {
  return [
    Array.from({ length: NUMBERS }, (_, k) => memory.get((k + 1) as Cell)),
    Array.from({ length: LISTS }, (_, k) => [...memory.list((k + 1) as ListCell)]),
    memory.hash(),
  ];
}

test("undo is a copy taken before, however often and deep", (t) => {
  fc.assert(
    fc.property(fc.array(fc.array(write, { maxLength: 8 }), { minLength: 1, maxLength: 6 }), (parts) => {
      const memory = new Memory();
      memory.allocate(NUMBERS, LISTS);
      memory.keepHistory();
      const moments = parts.map((writes) => {
        const moment = { mark: memory.mark(), contents: contents(memory) };
        for (const w of writes) apply(memory, w);
        return moment;
      });
      for (const { mark, contents: before } of moments.toReversed()) {
        memory.undo(mark);
        t.deepEqual(contents(memory), before);
      }
    }),
  );
});

test("what is allocated is empty, also where something was that is undone", (t) => {
  const memory = new Memory();
  memory.keepHistory();
  const mark = memory.mark();
  const first = memory.allocate(2, 1);
  memory.set(first.cell as Cell, 7);
  memory.setList(first.list as ListCell, [1, 2]);
  memory.undo(mark);
  t.deepEqual(memory.allocate(2, 1), first);
  t.is(memory.get(first.cell as Cell), 0);
  t.deepEqual(memory.list(first.list as ListCell), []);
});

test("a list that was handed out never changes", (t) => {
  const memory = new Memory();
  const { list } = memory.allocate(1, 1);
  memory.setList(list as ListCell, [1, 2, 3]);
  const handed = memory.list(list as ListCell);
  memory.setList(list as ListCell, [...handed, 4]);
  t.deepEqual(handed, [1, 2, 3]);
});
