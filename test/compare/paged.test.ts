/** Columns return the values that were set, whether these are in memory or in the file. */
import test from "ava";
import fc from "fast-check";
import { diff } from "../../src/compare/diff.js";
import { appended, type ColumnType, Pages } from "../../src/compare/paged.js";
import { RECORDINGS } from "../support/recordings.js";

/** More than a page of any type. */
const FAR = 200_000;
const step = fc.oneof(
  fc.record({ set: fc.nat({ max: FAR }), value: fc.nat({ max: 255 }) }),
  fc.record({ push: fc.nat({ max: 255 }) }),
  fc.record({ get: fc.nat({ max: FAR }) }),
);

test("whatever is set, pushed and asked for, in pages for one or for all", (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1 << 17, 16 << 20),
      fc.array(fc.tuple(fc.nat({ max: 2 }), step), { maxLength: 200 }),
      (memory, steps) => {
        const pages = new Pages(memory);
        const columns = (["u8", "u32", "f64"] as const satisfies readonly ColumnType[]).map((type) => ({
          column: pages.column(type),
          model: [] as number[],
        }));
        for (const [which, one] of steps) {
          const { column, model } = columns[which]!;
          if ("set" in one) {
            column.set(one.set, one.value);
            model[one.set] = one.value;
          } else if ("push" in one) {
            t.is(column.push(one.push), model.length);
            model.push(one.push);
          } else if (column.get(one.get) !== (model[one.get] ?? 0)) return false;
          if (column.length !== model.length) return false;
        }
        const all = columns.every(({ column, model }) =>
          Object.entries(model).every(([k, value]) => column.get(Number(k)) === value),
        );
        pages.close();
        return all;
      },
    ),
    { numRuns: 60 },
  );
});

test("numbers of every size come back from the file", (t) => {
  const pages = new Pages(0);
  const [large, other] = [pages.column("f64"), pages.column("u32")];
  const values = [0, 2 ** 53 - 1, 1.5, -1, 4_294_967_295];
  for (let k = 0; k < 20_000; k++) {
    large.push(values[k % values.length]!);
    other.push(k);
  }
  t.true([...other].every((value, k) => value === k));
  t.true([...large].every((value, k) => value === values[k % values.length]));
  t.deepEqual([large.get(1e6), other.get(1e6)], [0, 0]);
  pages.close();
});

test("with room for next to nothing two recordings differ in the same", async (t) => {
  for (const [before, after] of [
    [`${RECORDINGS}/churn/linux-6.18.trace.gz`, `${RECORDINGS}/churn/linux-7.2.trace.gz`],
    [`${RECORDINGS}/race/linux-6.18-close-rmmod.trace.gz`, `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`],
    [
      `${RECORDINGS}/linux-6.12/s15-threads-create-close.trace.gz`,
      `${RECORDINGS}/linux-6.12-patched/s15-threads-create-close.trace.gz`,
    ],
  ] as const) {
    const whole = await diff(before, after);
    t.deepEqual(await diff(before, after, { memory: 1 << 20 }), whole);
    t.true(whole.differences.length > 0);
  }
});

test("parts of a column are what was put there meanwhile, and parts of those", (t) => {
  const column = new Pages(0).column("u32");
  const parts = [[1, 2, 3], [], [4, 5]].map((numbers) =>
    appended(column, () => numbers.forEach((n) => column.push(n))),
  );
  t.deepEqual(
    parts.map((part) => [...part]),
    [[1, 2, 3], [], [4, 5]],
  );
  t.deepEqual([...parts[0]!.part(1, 3)], [2, 3]);
  t.is(parts[2]!.get(1), 5);
});
