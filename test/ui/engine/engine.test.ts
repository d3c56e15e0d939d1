/** The page's questions about one log: answers do not depend on earlier questions, and agree with the commands'. */
import test from "ava";
import fc from "fast-check";
import { graphOf } from "../../../src/export/graph.js";
import { stateOf } from "../../../src/show/state.js";
import type { LogEngine } from "../../../src/ui/engine/engine.js";
import { RECORDINGS, textEvents } from "../../support/recordings.js";
import { engineOf, engineOver, logOf } from "./over.js";

const PATH = `${RECORDINGS}/linux-6.12-patched/s04-bind-unbind.trace.gz`;
const log = logOf(PATH);

/** Computes states by one replay from the first event. */
function statesOf({ seeker }: LogEngine, events: readonly number[]): Map<number, unknown> {
  const replaying = seeker.at(0);
  const states = new Map<number, unknown>();
  for (const event of [...new Set(events)].sort((a, b) => a - b)) {
    seeker.forward(replaying, event);
    states.set(event, { state: stateOf(replaying.world), graph: graphOf(replaying.world, "") });
  }
  return states;
}

test("a moment is that of a replay, whatever was asked before", async (t) => {
  const bytes = await log;
  const { events } = engineOver(bytes).seeker;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: events }), { minLength: 1, maxLength: 12 }), async (asked) => {
      const engine = engineOver(bytes);
      const expected = statesOf(engineOver(bytes), asked);
      for (const event of asked) {
        const { state, graph, event: at, more } = await engine.moment(event);
        t.deepEqual([at, more, { state, graph }], [event, 0, expected.get(event)]);
      }
    }),
    { numRuns: 15 },
  );
});

test("a moment has the recording's own line of its event, and what that changed", async (t) => {
  const engine = engineOver(await log);
  const lines = textEvents(PATH);
  for (const event of [1, 700, 1500, lines.length]) {
    const { text, task, time } = await engine.moment(event);
    const line = lines[event - 1]!;
    t.true(
      text.includes(line.name) && line.task.trim().endsWith(task.trim()) && time === line.seconds,
      `${text} is ${line.name}`,
    );
  }
  const before = await engine.moment(0);
  t.deepEqual([before.text, before.line, before.changed, before.state.objects], ["", 0, [], []]);
  let changes = 0;
  for (let event = 1; event <= lines.length; event++) {
    const { changed, state } = await engine.moment(event);
    changes += changed.length;
    for (const { what, label, id } of changed) {
      t.true(what.length > 0);
      if (what[0] !== "gone" && !state.objects.some((object) => object.id === id))
        t.fail(`${label} changed at ${event} and does not live`);
    }
  }
  t.true(changes > 50);
});

test("numbers that are none, and events that are not there, are the nearest that are", async (t) => {
  const engine = engineOver(await log);
  const { events } = engine.seeker;
  const asked = [-1, 0.5, events + 1, 1e15, NaN, Infinity];
  t.deepEqual(await Promise.all(asked.map(async (event) => (await engine.moment(event)).event)), [
    0,
    0,
    events,
    events,
    events,
    events,
  ]);
  for (const event of asked)
    await t.notThrowsAsync(
      async () => (await engine.tree(event), await engine.why(event, 1), await engine.life(1, event)),
    );
  t.is(await engine.why(10, 123_456), undefined);
  t.is(await engine.eventAt("no time"), 0);
});

test("a tree has its event, begins with an outermost call, and holds what it calls within it", async (t) => {
  const engine = engineOver(await log);
  const survey = await engine.survey();
  const { tracks, calls, names } = survey;
  let [shown, all] = [0, 0];
  for (const { start, end, task } of tracks.slice(0, 6)) {
    for (let k = start; k < end; k += Math.max(1, Math.floor((end - start) / 8))) {
      const event = calls.from[k]!;
      const { lines, task: said, more } = await engine.tree(event);
      const at = lines.find((line) => line.event === event);
      const name = names[calls.name[k]!]!;
      t.is(more, 0);
      all++;
      // A call around a touched object of guest_memfd that is itself no operation on it: no tree begins with it.
      if (!at) continue;
      shown++;
      t.true(at.text.startsWith(`${name}(`), `${at.text} is ${name}`);
      t.is(lines[0]!.depth, 0);
      if (task !== "RCU callbacks") t.is(said, task);
      lines.forEach(
        (line, n) =>
          n > 0 && t.true(line.depth >= 1 && line.depth <= lines[n - 1]!.depth + 1 && line.event > lines[n - 1]!.event),
      );
    }
  }
  t.true(shown > all * 0.8, `${shown} of ${all}`);
});

test("why: one reason for each reference of the state, and the events that it names touched the object", async (t) => {
  const engine = engineOver(await log);
  const { events } = engine.seeker;
  for (let event = 200; event <= events; event += 311) {
    for (const { id, label, kind, count, references, unprobed } of (await engine.moment(event)).state.objects) {
      const why = (await engine.why(event, id))!;
      t.deepEqual([why.label, why.kind, why.count, why.unprobed], [label, kind as typeof why.kind, count, unprobed]);
      t.is(why.held.length + why.more, references.length);
      t.deepEqual(
        why.held.map(({ ownerId, by }) => `${ownerId} ${by}`),
        references.slice(0, why.held.length).map(({ ownerId, by }) => `${ownerId} ${by}`),
      );
      for (const { taken } of why.held) t.true(taken === undefined || taken.event <= event);
    }
  }
});

test("a life has events from birth to death, in order", async (t) => {
  const engine = engineOver(await log);
  const { lanes } = await engine.survey();
  for (let lane = 0; lane < lanes.length; lane++) {
    const steps = await engine.life(lanes.id[lane]!, lanes.from[lane]!);
    t.true(steps.length > 0, lanes.label[lane]!);
    steps.forEach(({ event }, k) =>
      t.true(
        event >= lanes.from[lane]! &&
          (lanes.to[lane] === 0 || event <= lanes.to[lane]!) &&
          (k === 0 || event > steps[k - 1]!.event),
        `${lanes.label[lane]} at ${event}`,
      ),
    );
  }
});

test("the event at a time is the last that is not later", async (t) => {
  const engine = engineOver(await log);
  const lines = textEvents(PATH);
  for (const event of [1, 100, 1234, lines.length]) {
    const { seconds } = lines[event - 1]!;
    t.is(await engine.eventAt(seconds), lines.findLastIndex((line) => line.seconds === seconds) + 1);
  }
  t.is(await engine.eventAt("0.5"), 0);
});

test("a survey tells of its progress, and lets other questions pass", async (t) => {
  const engine = await engineOf(`${RECORDINGS}/churn/linux-7.2.trace.gz`);
  const progress: number[] = [];
  let read = 0;
  const asked = engine.moment(10);
  const survey = await engine.survey(({ events, survey: early }) => {
    progress.push(events);
    if (early) read = early.read;
  });
  t.is((await asked).event, 10);
  t.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b),
  );
  t.is(progress.at(-1), survey.events);
  t.true(progress.length > 2 && read <= survey.events);
});
