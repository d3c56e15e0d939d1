/** A timeline against the state at every event: the same objects, held by the same owners. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { openRecording } from "../../../src/read/recording.js";
import { COUNTED_KINDS } from "../../../events/kinds/index.js";
import { replayRecording } from "../../../src/replay/replay.js";
import { stateOf } from "../../../src/show/state.js";
import { blindWords, doubtLines } from "../../../src/show/summary.js";
import { KINDS } from "../../../src/ui/engine/survey.js";
import type { Survey } from "../../../src/ui/protocol.js";
import { fileOf } from "../../cli/run.js";
import { RECORDINGS } from "../../support/recordings.js";
import { engineOf, engineOver, logOf } from "./over.js";

const SURVEYED = [
  `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`,
  `${RECORDINGS}/linux-6.12-patched/s14-two-vms.trace.gz`,
  `${RECORDINGS}/broken/leak-module-on-error/s18-fail-nth.trace.gz`,
  `${RECORDINGS}/mistakes/unbind-double-fput/s04-bind-unbind.trace.gz`,
  `${RECORDINGS}/race/linux-6.12-patched-close-rmmod.trace.gz`,
];

/** True if a lane or a reference exists after the event. */
const isThere = (from: number, to: number, event: number): boolean => from <= event && (to === 0 || event < to);

function alive({ lanes }: Survey, event: number): number[] {
  return Array.from({ length: lanes.length }, (_, k) => k).filter((k) => isThere(lanes.from[k]!, lanes.to[k]!, event));
}

/** `owner by`, sorted. */
function heldAt({ holdings, names }: Survey, lane: number, event: number): string[] {
  const held: string[] = [];
  for (let k = holdings.start[lane]!; k < holdings.start[lane + 1]!; k++)
    if (isThere(holdings.from[k]!, holdings.to[k]!, event))
      held.push(`${holdings.owner[k]!} ${names[holdings.by[k]!]!}`);
  return held.sort();
}

for (const path of SURVEYED) {
  test(`every object lives, and is held, from event to event as its state says: ${path}`, async (t) => {
    const engine = await engineOf(path);
    const survey = await engine.survey();
    const { seeker } = engine;
    t.is(survey.read, seeker.events);
    const replaying = seeker.at(0);
    for (let event = 1; event <= seeker.events; event++) {
      seeker.forward(replaying, event);
      const { objects } = stateOf(replaying.world);
      const laneOf = new Map(alive(survey, event).map((lane) => [survey.lanes.id[lane]!, lane]));
      for (const { id, label, kind, references } of objects) {
        const lane = laneOf.get(id)!;
        if (lane === undefined) return void t.fail(`${label} lives after event ${event} and has no lane there`);
        laneOf.delete(id);
        if (KINDS[survey.lanes.kind[lane]!] !== kind) t.fail(`${label} is no ${KINDS[survey.lanes.kind[lane]!]}`);
        const expected = references.map(({ ownerId, by }) => `${ownerId} ${by}`).sort();
        const held = heldAt(survey, lane, event);
        if (held.join() !== expected.join()) t.deepEqual(held, expected, `${label} after event ${event}`);
      }
      // An object that becomes guest_memfd's later has its lane from its birth.
      const rest = new Set(laneOf.size === 0 ? [] : stateOf(replaying.world, true).objects.map(({ id }) => id));
      for (const [id, lane] of laneOf)
        if (!rest.has(id)) t.fail(`${survey.lanes.label[lane]} has a lane at event ${event} and does not live there`);
    }
    t.pass();
  });

  test(`calls of a track follow each other, each within one of the track above: ${path}`, async (t) => {
    const { tracks, calls, names, events } = await (await engineOf(path)).survey();
    tracks.forEach(({ depth, start, end }, k) => {
      for (let n = start; n < end; n++) {
        const [from, to] = [calls.from[n]!, calls.to[n]! || Infinity];
        t.true(from >= 1 && from <= events && to >= from, `${names[calls.name[n]!]!} ${from} to ${to}`);
        if (n > start && !(from > (calls.to[n - 1]! || Infinity)))
          t.fail(
            `${names[calls.name[n - 1]!]!} ${calls.from[n - 1]!} to ${calls.to[n - 1]!} lies over ${names[calls.name[n]!]!} ${from}`,
          );
        if (depth === 0) continue;
        const above = tracks[k - 1]!;
        t.is(above.depth, depth - 1);
        let around = -1;
        for (let m = above.start; m < above.end && calls.from[m]! <= from; m++) around = m;
        if (around < 0 || !(to <= (calls.to[around]! || Infinity) || (to === Infinity && calls.to[around] === 0)))
          t.fail(`${names[calls.name[n]!]!} ${from} to ${to} at depth ${depth} is in no call above`);
      }
    });
  });
}

test("kinds have lanes in the order of their counts", (t) => {
  t.deepEqual(KINDS, COUNTED_KINDS);
});

test("a recording without events is an empty survey", async (t) => {
  const survey = await (await engineOf(fileOf("# tracer: nop\n#\n"))).survey();
  t.deepEqual(
    [survey.events, survey.read, survey.lanes.length, survey.tracks.length, survey.findings.length],
    [0, 0, 0, 0, 0],
  );
});

test("findings and hazards are those of a replay, each with the lane of its object", async (t) => {
  const survey = await (await engineOf(SURVEYED[2]!)).survey();
  const { findings, hazards } = await replayRecording(await openRecording(SURVEYED[2]!));
  const said = (all: readonly { readonly event: number; readonly rule: string; readonly object: string }[]): string[] =>
    all.map(({ event, rule, object }) => `${event} ${rule} ${object}`).sort();
  t.deepEqual(said(survey.findings), said([...findings, ...hazards]));
  t.true(survey.findings.length > 0);
  for (const { lane, object } of survey.findings) if (lane >= 0) t.is(survey.lanes.label[lane], object);
});

/** Every question gets an answer. */
async function answersAll(t: ExecutionContext, bytes: Uint8Array): Promise<Survey> {
  const engine = engineOver(bytes);
  const survey = await engine.survey();
  for (const event of [0, Math.min(1, survey.events), survey.events >> 1, survey.events]) {
    t.is((await engine.moment(event)).event, event);
    await engine.tree(event);
    for (const id of survey.lanes.id.slice(0, 3)) await engine.why(event, id);
  }
  for (let k = 0; k < Math.min(3, survey.lanes.length); k++)
    await engine.life(survey.lanes.id[k]!, survey.lanes.from[k]!);
  await engine.life(999_999, 1);
  return survey;
}

test("what a recording is not enough for is what a replay says of it", async (t) => {
  // Without the events of some functions, counts do not add up.
  const path = fileOf(
    gunzipSync(readFileSync(SURVEYED[0]!))
      .toString()
      .split("\n")
      .filter((line) => !/^[^#].*: (fput|iput|__fput)[_a-z]*: /.test(line))
      .join("\n"),
  );
  const { counts, missing, judgements } = await replayRecording(await openRecording(path));
  const said = [blindWords(judgements), ...doubtLines({ counts, missing })].filter((line) => line !== "");
  t.true(said.length > 0);
  t.deepEqual((await (await engineOf(path)).survey()).doubts, said);
});

test("of a damaged log, what is left is shown, and what is damaged is said", async (t) => {
  const log = await logOf(SURVEYED[0]!);
  t.deepEqual((await answersAll(t, log)).warnings, []);
  for (const share of [0.3, 0.5, 0.9]) {
    const damaged = Buffer.from(log);
    damaged.fill(0x5a, Math.floor(log.length * share), Math.floor(log.length * share) + 40);
    const { warnings, lost, events, doubts, findings } = await answersAll(t, damaged);
    t.true(warnings.length > 0, `damaged at ${share}`);
    t.true(lost > 0 && lost <= events, `damaged at ${share}`);
    // The rules that a replay cannot judge.
    const { judgements, findings: found } = await replayRecording(await openRecording(fileOf(damaged, "damaged.klog")));
    t.is(findings.length, found.length);
    const blind = blindWords(judgements);
    t.true(blind === "" || doubts.includes(blind));
  }
  t.true((await answersAll(t, log.subarray(0, log.length - 1000))).warnings.length > 0, "cut short");
});
