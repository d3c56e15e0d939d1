/** JUnit XML as CI accepts it, for any recording. */
import test from "ava";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { validateXML } from "xmllint-wasm";
import { RULES } from "../../src/check/finding.js";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import { junitReport } from "../../src/report/junit.js";
import { RECORDINGS } from "../support/recordings.js";
import { madeEntries, simulatedEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";
import { elements, parsed } from "./parsed-xml.js";

const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const RACE = `${RECORDINGS}/race/linux-7.2-close-rmmod.trace.gz`;
const XSD = readFileSync("fixtures/schemas/jenkins-junit.xsd", "utf8");

async function complaints(...documents: readonly string[]): Promise<readonly unknown[]> {
  const { errors } = await validateXML({
    xml: documents.map((contents, k) => ({ fileName: `${k}.xml`, contents })),
    schema: [XSD],
  });
  return errors;
}

test("a suite for each recording, a case for each rule, a failure for each that was broken", async (t) => {
  const text = await written(junitReport, [await recordingEntry(LEAK), await entryOf("no-such-file")]);
  t.deepEqual(await complaints(text), []);
  const root = parsed(text);
  const [leak, unread] = elements(root, "testsuite");
  t.like(leak!.attributes, { name: LEAK, tests: String(RULES.length), failures: "2", errors: "0" });
  t.deepEqual(
    elements(leak!, "testcase").map((c) => c.attributes["name"]),
    [...RULES],
  );
  const failed = elements(leak!, "testcase").filter((c) => elements(c, "failure").length > 0);
  t.deepEqual(
    failed.map((c) => c.attributes["name"]),
    ["leaked-module-reference", "unbalanced-error-path"],
  );
  const [failure] = elements(failed[0]!, "failure");
  t.regex(failure!.attributes["message"]!, /^module kvm_amd: kvm_gmem_create failed with ENFILE and still holds/);
  t.regex(failure!.text, /\n {2}missing {2}module_put before the call returns\n/);
  t.like(unread!.attributes, { name: "no-such-file", tests: "1", errors: "1" });
});

test("a hazard fails only where it is asked for, and is told in any case", async (t) => {
  const hazard = async (failOn: "error" | "hazard"): Promise<readonly number[]> => {
    const root = parsed(await written(junitReport, [await recordingEntry(RACE)], failOn));
    const found = elements(elements(root, "testsuite")[0]!, "testcase").find(
      (c) => c.attributes["name"] === "module-unpinned-early",
    )!;
    return [elements(found, "failure").length, elements(found, "system-out").length];
  };
  t.deepEqual(await hazard("error"), [0, 1]);
  t.deepEqual(await hazard("hazard"), [1, 0]);
});

test("what the recording is not enough to judge is skipped", async (t) => {
  const root = parsed(
    await written(junitReport, [await entryOf(`${RECORDINGS}/partial/linux-7.2-pipe-lost.trace.gz`)]),
  );
  const skipped = elements(root, "skipped");
  t.is(elements(root, "testsuite")[0]!.attributes["skipped"], String(skipped.length));
  t.true(skipped.length > 0);
  for (const { text } of skipped) t.regex(text, /^the recording is not enough to judge it(: .+ not seen)?$/);
  t.true(skipped.some(({ text }) => text.endsWith(" not seen")));
});

test("two recordings: a case for each kind of difference, which fails where differences do", async (t) => {
  const entry = await comparisonEntry(
    `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`,
    `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`,
  );
  for (const failOn of ["error", "difference"] as const) {
    const text = await written(junitReport, [entry], failOn);
    t.deepEqual(await complaints(text), []);
    const [, differences] = elements(parsed(text), "testsuite");
    t.is(differences!.attributes["failures"], failOn === "error" ? "0" : "4");
  }
});

test("names that are markup, and what XML may not hold", async (t) => {
  const texts = await Promise.all(TASKS.map(async (task) => written(junitReport, [await entryOf(hostileLeak(task))])));
  t.deepEqual(await complaints(...texts), []);
  for (const text of texts) t.regex(text, /&lt;img src=x/);
});

test("whatever was recorded or simulated", async (t) => {
  const texts: string[] = [];
  await fc.assert(
    fc.asyncProperty(fc.oneof(madeEntries, simulatedEntries), async (make) => {
      const text = await written(junitReport, [await make()]);
      parsed(text);
      texts.push(text);
    }),
    { numRuns: 60 },
  );
  t.deepEqual(await complaints(...texts), []);
});
