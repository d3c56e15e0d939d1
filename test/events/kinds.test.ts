/** Tests that the catalogue of kinds names only existing things, and that everything derived from it agrees with it. */
import test from "ava";
import {
  catalogue,
  COUNTED_KINDS,
  ENDED_BY,
  isKind,
  type Kind,
  KINDS,
  kinds,
  RETURNED_BY,
} from "../../events/index.js";
import { blank } from "../../src/reduce/store.js";

const OPERATIONS = new Set(catalogue.map(({ name }) => name));
const entriesOf = (kind: Kind) => Object.entries(kinds[kind].fields);

test("a kind stands under its own name, and a pointer names a kind", (t) => {
  for (const kind of KINDS) {
    t.is(kinds[kind].name, kind);
    for (const [name, { to, type }] of entriesOf(kind)) {
      t.is(to !== undefined, type === "pointer" || type === "pointers", `${kind}.${name}`);
      if (to !== undefined) t.true(isKind(to), `${kind}.${name}: ${to}`);
    }
  }
});

test("templates, arrows and names speak of fields that are there", (t) => {
  for (const kind of KINDS) {
    const { facts, fields, named } = kinds[kind];
    const templates = [
      ...facts.map((fact) => (typeof fact === "string" ? fact : fact[0])),
      ...entriesOf(kind).flatMap(([, { arrow }]) => arrow ?? []),
    ];
    for (const template of templates)
      for (const [, name] of template.matchAll(/\{(\w+)/g)) t.true(name! in fields, `${kind}: ${template}`);
    if (named) t.is(fields[named.field]?.type, "text", kind);
  }
});

test("a stage that is usual, or nearly the last, is one of the stages", (t) => {
  for (const kind of KINDS)
    for (const [name, { stages, usual = [], ending, blank: first }] of entriesOf(kind))
      for (const stage of [...usual, ...(ending ? [ending] : []), ...(stages ? [first as string] : [])])
        t.true(stages?.includes(stage), `${kind}.${name}: ${stage}`);
});

test("what shows a beginning or an end are operations; of what is counted, ends can be seen", (t) => {
  for (const kind of KINDS) {
    const { begins = [], ends = [], counted } = kinds[kind];
    for (const name of [...begins, ...ends]) t.true(OPERATIONS.has(name), `${kind}: ${name}`);
    if (counted) t.true(ends.length > 0, kind);
  }
});

test("a kind that an operation gives back says where the healthy path does, and the other way round", (t) => {
  t.deepEqual(
    KINDS.filter((kind) => kinds[kind].givenBack).toSorted(),
    (Object.keys(RETURNED_BY) as Kind[]).toSorted(),
  );
  for (const kind of Object.keys(ENDED_BY)) t.true(isKind(kind));
});

test("an argument's name tells one kind, and some operation has an argument of that name and kind", (t) => {
  const seen = new Map<string, Kind>();
  for (const kind of KINDS)
    for (const argument of kinds[kind].arguments) {
      t.false(seen.has(argument), argument);
      seen.set(argument, kind);
      t.true(
        catalogue.some(({ args }) => args.some(({ name, object }) => name === argument && object === kind)),
        `${kind}: ${argument}`,
      );
    }
});

test("kinds that are counted have a colour of their own for light and dark, and no two the same", (t) => {
  const colours = COUNTED_KINDS.flatMap((kind) => kinds[kind].drawn.colour ?? []);
  t.is(colours.length, 2 * COUNTED_KINDS.length);
  t.is(new Set(colours).size, colours.length);
  for (const colour of colours) t.regex(colour, /^#[0-9a-f]{6}$/);
});

test("a bare life has every field of its kind, and shares no list with another", (t) => {
  for (const kind of KINDS) {
    const [one, other] = [blank(kind, 1, 2, 1, 3), blank(kind, 2, 3, 1, 4)] as unknown as Record<string, unknown>[];
    for (const [name, { blank: value }] of entriesOf(kind)) {
      const isOwned = typeof value === "object" && value !== null;
      t.is(JSON.stringify(one![name]), JSON.stringify(value), `${kind}.${name}`);
      if (isOwned) t.not(one![name], other![name], `${kind}.${name}`);
    }
  }
});
