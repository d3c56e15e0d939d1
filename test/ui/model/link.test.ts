/** The address of a moment: links are read back as written, and anything else is ignored. */
import test from "ava";
import fc from "fast-check";
import { type Link, linkText, parseLink, VIEWS } from "../../../src/ui/model/link.js";
import { CHARACTER } from "../../support/texts.js";

const number = fc.integer({ min: 1, max: 999_999_999_999_999 });

test("what was written is read again", (t) => {
  const link = fc.record(
    {
      view: fc.constantFrom(...VIEWS.filter((view) => view !== "timeline")),
      side: fc.integer({ min: 1, max: 63 }),
      step: number,
      object: fc.string({ minLength: 1, unit: CHARACTER }),
      range: fc
        .tuple(number, number)
        .filter(([a, b]) => a !== b)
        .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
      difference: number,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(link, fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 4 }), (rest, events) => {
      const { events: read, ...others } = parseLink(`#${linkText({ ...rest, events } as Link)}`);
      t.deepEqual(others as unknown, rest as unknown);
      t.deepEqual(read.slice(0, events.length), events);
    }),
  );
});

test("an address that anybody wrote is read as far as it makes sense", (t) => {
  fc.assert(fc.property(fc.string({ unit: CHARACTER }), (text) => void t.notThrows(() => parseLink(text))));
  const { events, ...rest } = parseLink(
    "#view=__proto__&side=9999&step=x&event=-1&event2=1e3&range=9-2&difference=0&object=",
  );
  t.deepEqual([rest, events.filter((event) => event !== undefined)], [{}, []]);
});
