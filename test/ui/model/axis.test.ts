/** Maps events to places and back, evenly or by time; and ranges of a recording. */
import test from "ava";
import fc from "fast-check";
import { BY_EVENT, bounded, byTime, type Range, revealing, whole, zoomed } from "../../../src/ui/model/axis.js";

const STRIDE = 64;

/** A clock that may stand still between samples, of events that need not fill the last of them. */
const recording = fc
  .tuple(
    fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 40 }),
    fc.nat({ max: STRIDE - 1 }),
  )
  .map(([steps, over]) => {
    let now = 0;
    const seconds = Float64Array.from(steps, (step, k) => (now += k === 0 ? 0 : step));
    return { clock: { stride: STRIDE, seconds }, events: (steps.length - 1) * STRIDE + 1 + over };
  });

test("a later event is never before an earlier one", (t) => {
  fc.assert(
    fc.property(recording, fc.nat(), fc.nat(), (of, a, b) => {
      const axis = byTime(of);
      const [first, second] = [Math.min(a, b) % (of.events + 1), Math.max(a, b) % (of.events + 1)].sort(
        (x, y) => x - y,
      ) as [number, number];
      t.true(axis.at(first) <= axis.at(second));
      t.true(axis.eventAt(axis.at(first)) <= axis.eventAt(axis.at(second)) + 1e-6);
    }),
  );
});

test("the place of an event is that of the event at its place", (t) => {
  fc.assert(
    fc.property(recording, fc.nat(), (of, n) => {
      const axis = byTime(of);
      const place = axis.at(1 + (n % of.events));
      const back = axis.eventAt(place);
      t.true(back >= 1 && back <= of.events);
      t.true(Math.abs(axis.at(back) - place) < 1e-6, `${place} became ${axis.at(back)}`);
    }),
  );
  t.is(BY_EVENT.eventAt(BY_EVENT.at(7)), 7);
});

test("where the clock goes on, the event itself comes back", (t) => {
  const axis = byTime({ clock: { stride: STRIDE, seconds: Float64Array.of(0, 1, 5, 5.5) }, events: 3 * STRIDE + 1 });
  for (const event of [1, 2, 64, 65, 66, 128, 129, 193])
    t.true(Math.abs(axis.eventAt(axis.at(event)) - event) < 1e-9, `${event}`);
  t.is(axis.eventAt(-10), 1);
  t.is(axis.eventAt(1e9), 193);
});

test("a recording without a clock goes by its events", (t) => {
  t.is(byTime({ clock: { stride: STRIDE, seconds: new Float64Array() }, events: 0 }), BY_EVENT);
});

const place = fc.double({ min: -5000, max: 5000, noNaN: true });
const range = fc.tuple(place, place).map(([a, b]): Range => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const isWithin = ({ from, to }: Range, events: number): boolean =>
  from >= 0 && to <= events + 1 + 1e-9 && to - from >= Math.min(8, events + 1) - 1e-9;

test("a part stays within the recording, and wide enough, whatever is asked for", (t) => {
  fc.assert(
    fc.property(
      range,
      fc.nat({ max: 3000 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      place,
      (part, events, factor, centre) => {
        t.true(isWithin(bounded(part, events), events));
        t.true(isWithin(zoomed(bounded(part, events), factor, centre, events), events));
      },
    ),
  );
});

test("what the pointer is at stays there, as long as there is room", (t) => {
  const { from, to } = zoomed({ from: 1000, to: 2000 }, 0.5, 1200, 10_000);
  t.deepEqual([from, to], [1100, 1600]);
  t.deepEqual(zoomed({ from, to }, 2, 1200, 10_000), { from: 1000, to: 2000 });
});

test("a part moves only where an event is not well inside", (t) => {
  fc.assert(
    fc.property(range, fc.integer({ min: 100, max: 3000 }), fc.nat({ max: 3000 }), (part, events, n) => {
      const now = bounded(part, events);
      const event = n % (events + 1);
      const next = revealing(now, event, events);
      t.true(isWithin(next, events) && event >= next.from && event <= next.to);
      t.is(revealing(whole(events), Math.round(events / 2), events).to, events + 1);
      if (event > now.from + (now.to - now.from) * 0.06 && event < now.to - (now.to - now.from) * 0.06) t.is(next, now);
    }),
  );
});
