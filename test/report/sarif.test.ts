/** SARIF is valid by its schema for any recording, and has place, message and baseline state. */
import test from "ava";
import ajvDraft04 from "ajv-draft-04";
import ajvFormats from "ajv-formats";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import type { Entry } from "../../src/report/model.js";
import { sarifReport } from "../../src/report/sarif.js";
import { keptRecording } from "../export/logs.js";
import { RECORDINGS, recordingsOf } from "../support/recordings.js";
import { madeEntries, pairs, simulatedEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";

interface Physical {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string };
    readonly region?: { readonly startLine: number };
  };
  readonly message?: { readonly text: string };
}
interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly Physical[];
  readonly relatedLocations?: readonly Physical[];
  readonly codeFlows?: readonly {
    readonly threadFlows: readonly {
      readonly id: string;
      readonly locations: readonly {
        readonly executionOrder: number;
        readonly kinds?: readonly string[];
        readonly location: Physical;
      }[];
    }[];
  }[];
  readonly partialFingerprints: { readonly "kreel/v1": string };
  readonly occurrenceCount: number;
  readonly baselineState?: string;
}
interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: {
          readonly rules: readonly { readonly id: string; readonly help: { readonly text: string } }[];
        };
      };
      readonly results: readonly Result[];
      readonly invocations: readonly [
        { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly unknown[] },
      ];
    },
  ];
}

const ajv = new ajvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false });
ajvFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync("fixtures/schemas/sarif-2.1.0-rtm.5.json", "utf8")) as object);

async function sarif(...entries: readonly Entry[]): Promise<{ readonly text: string; readonly run: Sarif["runs"][0] }> {
  const text = await written(sarifReport, entries);
  const document = JSON.parse(text) as Sarif;
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors?.slice(0, 3)));
  return { text, run: document.runs[0] };
}

const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;

test("a leak: its rule with help, the line, and the evidence as a flow from the get to the end", async (t) => {
  const { run } = await sarif(await recordingEntry(LEAK));
  const [leak] = run.results;
  t.is(leak!.ruleId, "leaked-module-reference");
  t.is(run.tool.driver.rules[leak!.ruleIndex]!.id, leak!.ruleId);
  t.true(run.tool.driver.rules.every((rule) => rule.help.text.length > 40));
  t.is(leak!.level, "error");
  t.is(leak!.occurrenceCount, 2);
  t.deepEqual(leak!.locations[0]!.physicalLocation, { artifactLocation: { uri: LEAK }, region: { startLine: 1136 } });
  const [flow] = leak!.codeFlows![0]!.threadFlows;
  t.is(flow!.id, "gmemrun-104");
  t.deepEqual(
    flow!.locations.map((l) => [l.executionOrder, l.location.physicalLocation.region!.startLine, l.kinds]),
    [
      [1095, 1107, ["acquire", "resource"]],
      [1124, 1136, undefined],
    ],
  );
  t.deepEqual(
    leak!.relatedLocations!.map((l) => l.physicalLocation.region!.startLine),
    [1107, 1136],
  );
});

test("a race is a flow for each task, in the order of the events; a hazard is a warning", async (t) => {
  const { run } = await sarif(await recordingEntry(`${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`));
  t.deepEqual(
    run.results.map((r) => [r.ruleId, r.level]),
    [
      ["module-exit-in-use", "error"],
      ["module-unpinned-early", "warning"],
    ],
  );
  t.deepEqual(
    run.results[0]!.codeFlows![0]!.threadFlows.map((f) => f.id),
    ["ta-114", "tb-115"],
  );
});

test("a recording without lines names the file", async (t) => {
  const recording = await keptRecording(LEAK);
  for (const batch of recording.kept) batch.line.fill(0);
  const { run } = await sarif(await recordingEntry(recording));
  t.deepEqual(
    run.results.map((r) => r.locations[0]!.physicalLocation),
    [{ artifactLocation: { uri: LEAK } }, { artifactLocation: { uri: LEAK } }],
  );
});

test("fingerprints are those of the mistake: the same in two runs", async (t) => {
  const of = async (name: string): Promise<string[]> =>
    (await sarif(await recordingEntry(`${RECORDINGS}/broken/no-unmount-on-exit/${name}.trace.gz`))).run.results.map(
      (r) => `${r.ruleId} ${r.partialFingerprints["kreel/v1"]}`,
    );
  const [one, other] = [await of("s09-enfile"), await of("s01-create-close")];
  t.true(one.length > 0);
  t.deepEqual(one, other);
  t.is(new Set(one).size, one.length);
});

test("two recordings: new, unchanged and absent, each where it is; what else differs is a note", async (t) => {
  const [sound, leaks] = [
    `${RECORDINGS}/mistakes/healthy/s09-enfile.trace.gz`,
    `${RECORDINGS}/mistakes/no-iput-on-error/s09-enfile.trace.gz`,
  ];
  const states = async (before: string, after: string): Promise<(string | undefined)[][]> =>
    (await sarif(await comparisonEntry(before, after))).run.results
      .filter((r) => r.level === "error")
      .map((r) => [r.baselineState, r.locations[0]!.physicalLocation.artifactLocation.uri]);
  t.true((await states(sound, leaks)).every(([state, uri]) => state === "new" && uri === leaks));
  t.true((await states(leaks, sound)).every(([state, uri]) => state === "absent" && uri === leaks));
  t.true((await states(leaks, leaks)).every(([state, uri]) => state === "unchanged" && uri === leaks));
  const { run } = await sarif(
    await comparisonEntry(
      `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`,
      `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`,
    ),
  );
  t.true(run.results.length > 10);
  t.true(run.results.every((r) => r.level === "note" && r.baselineState === "new"));
  t.true(run.results.some((r) => r.ruleId === "operation-added" && r.message.text.includes("kern_mount")));
});

test("one run over many recordings; what could not be read is a notification", async (t) => {
  const { run } = await sarif(
    await entryOf(LEAK),
    await entryOf("no-such-file"),
    await entryOf("no-such-file"),
    await entryOf(LEAK),
  );
  t.is(run.results.length, 4);
  t.false(run.invocations[0].executionSuccessful);
  t.is(run.invocations[0].toolExecutionNotifications.length, 2);
});

test("no name in a recording becomes a link, a placeholder or anything that a terminal obeys", async (t) => {
  for (const task of TASKS) {
    const { text, run } = await sarif(await entryOf(hostileLeak(task)));
    t.true(run.results.length > 0);
    // eslint-disable-next-line no-control-regex
    t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    for (const { message } of run.results) t.notRegex(message.text, /(?<!\\)\[click|(?<!\{)\{0/);
  }
});

test("every mistake's recording", async (t) => {
  for (const path of recordingsOf("mistakes", "broken", "partial"))
    await t.notThrowsAsync(async () => sarif(await entryOf(path)), path);
});

test("every mistake against the healthy kernel, and the other way round", async (t) => {
  for (const [before, after] of pairs()) {
    const { run } = await sarif(await comparisonEntry(before, after));
    t.true(
      run.results.every((r) => r.baselineState !== undefined),
      after,
    );
  }
});

test("whatever was recorded or simulated, and whatever failed in it", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(madeEntries, simulatedEntries), async (make) => {
      await sarif(await make());
    }),
    { numRuns: 100 },
  );
  t.pass();
});
