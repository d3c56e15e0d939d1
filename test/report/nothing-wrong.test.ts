/** A report claims no more than was read. */
import test from "ava";
import { recordingEntry } from "../../src/report/collect.js";
import { markdownReport } from "../../src/report/markdown.js";
import { nothingWrong } from "../../src/report/nothing-wrong.js";
import { textReport } from "../../src/report/text.js";
import { noFindings } from "../../src/show/summary.js";
import { RECORDINGS } from "../support/recordings.js";
import { written } from "./entries.js";

test("nothing wrong: of all that was recorded, of what could be read, of nothing", (t) => {
  t.is(nothingWrong({ events: 5, lost: 0, skipped: 0 }), "nothing wrong");
  t.is(nothingWrong({ events: 5, lost: 1, skipped: 0 }), "nothing wrong in what could be read");
  t.is(nothingWrong({ events: 5, lost: 0, skipped: 1 }), "nothing wrong in what could be read");
  t.is(nothingWrong({ events: 0, lost: 9, skipped: 0 }), "no event to judge");
});

test("no findings: the same, in the summary of a replay and in the subject of a mail", (t) => {
  t.is(noFindings({ events: 5, lost: 0, skipped: 0 }), "no findings");
  t.is(noFindings({ events: 5, lost: 1, skipped: 0 }), "no findings in what could be read");
  t.is(noFindings({ events: 5, lost: 0, skipped: 1 }), "no findings in what could be read");
  t.is(noFindings({ events: 0, lost: 9, skipped: 0 }), "no findings: there is no event to judge");
});

test("a recording with losses is not said to be sound", async (t) => {
  const entry = await recordingEntry(`${RECORDINGS}/trace-dat/more/lossy.v6.dat.gz`);
  t.true(entry.trace.lost > 0);
  t.deepEqual(entry.problems, []);
  t.regex(await written(textReport, [entry]), /found nothing wrong\sin\swhat\scould\sbe\sread/);
  t.regex(await written(textReport, [entry]), /^guest_memfd: no findings in what could be read$/m);
  t.regex(await written(markdownReport, [entry]), /^- nothing wrong in what could be read$/m);
});
