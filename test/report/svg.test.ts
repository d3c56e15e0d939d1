/** The picture: valid XML for any recording, bounded for any length, and readable without colour. */
import test from "ava";
import fc from "fast-check";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import { svgReport } from "../../src/report/svg.js";
import { RECORDINGS } from "../support/recordings.js";
import { madeEntries, simulatedEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";
import { type Element, elements, parsed } from "./parsed-xml.js";

/** For one recording. */
const MOST_ELEMENTS = 2000;
const TIMELINE = { timeline: true } as const;

const texts = (svg: Element): string[] => elements(svg, "text").map((element) => element.text);
const count = (within: Element): number => 1 + within.children.reduce((sum, child) => sum + count(child), 0);

async function picture(path: string): Promise<Element> {
  return parsed(await written(svgReport, [await entryOf(path, TIMELINE)]));
}

test("a leak: the object's life, the reference that was never put, and the finding, in words and shapes", async (t) => {
  const svg = await picture(`${RECORDINGS}/mistakes/no-kvm-put-in-release/s01-create-close.trace.gz`);
  t.is(svg.attributes["xmlns"], "http://www.w3.org/2000/svg");
  t.is(svg.attributes["role"], "img");
  t.regex(elements(svg, "style")[0]!.text, /@media \(prefers-color-scheme: dark\)/);
  const said = texts(svg);
  t.true(said.includes("vm 0xffffc900000dd000"));
  t.true(said.some((text) => text.startsWith("never put: file 0xffff8880003d26c0#6, by kvm_get_kvm at event 1200")));
  t.true(said.includes("1 ◆ error: leaked-vm, event 1257, line 1269"));
  const titles = elements(svg, "title").map((element) => element.text);
  t.true(titles.some((title) => /^vm 0xffffc900000dd000: from event \d+, still there at its end$/.test(title)));
  t.true(titles.some((title) => /^file 0xffff8880003d26c0#6: from event \d+, to event \d+$/.test(title)));
});

test("thousands of objects: as many as there is room for, and how many of the rest were alive", async (t) => {
  const svg = await picture(`${RECORDINGS}/churn/linux-7.2.trace.gz`);
  t.true(count(svg) < MOST_ELEMENTS, String(count(svg)));
  t.true(texts(svg).some((text) => /^and \d{3,} more: inode$/.test(text)));
  t.true(texts(svg).some((text) => /^\+\d{3,}$/.test(text)));
});

test("two recordings, one below the other", async (t) => {
  const before = `${RECORDINGS}/mistakes/healthy/s09-enfile.trace.gz`;
  const after = `${RECORDINGS}/mistakes/no-iput-on-error/s09-enfile.trace.gz`;
  const said = texts(parsed(await written(svgReport, [await comparisonEntry(before, after, TIMELINE)])));
  t.true(said.some((text) => text.startsWith(`before: ${before}: ftrace`)));
  t.true(said.some((text) => text.startsWith(`after: ${after}: ftrace`)));
  t.true(said.includes("nothing wrong"));
});

test("what could be read only once, or not at all", async (t) => {
  const entry = await recordingEntry(`${RECORDINGS}/linux-7.2/s02-dup.trace.gz`);
  t.true(
    texts(parsed(await written(svgReport, [entry]))).includes(
      "The recording could be read only once: its objects are not drawn.",
    ),
  );
  t.true(texts(await picture("no-such-file")).some((text) => text.startsWith("no-such-file: not read: no such file")));
});

test("names that are markup", async (t) => {
  for (const task of TASKS) {
    const svg = await picture(hostileLeak(task));
    t.deepEqual([...new Set(svg.children.map((child) => child.name))].sort(), [
      "line",
      "path",
      "rect",
      "style",
      "text",
      "title",
    ]);
    t.true(texts(svg).some((text) => text.includes("<img src=x")));
  }
});

test("whatever was recorded or simulated", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(madeEntries, simulatedEntries), async (make) => {
      const svg = parsed(await written(svgReport, [await make()]));
      t.true(count(svg) < MOST_ELEMENTS);
      t.false(JSON.stringify(svg).includes("NaN"));
    }),
    { numRuns: 60 },
  );
});
