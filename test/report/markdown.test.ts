/**
 * Markdown is only text, whatever the names of a recording's tasks: viewers make no markup, HTML, link or notification
 * of them.
 */
import test from "ava";
import { Parser } from "commonmark";
import fc from "fast-check";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import { markdownReport } from "../../src/report/markdown.js";
import { block, code, inline } from "../../src/report/markdown-text.js";
import { printable } from "../../src/base/trouble.js";
import { hostileText } from "../export/logs.js";
import { RECORDINGS } from "../support/recordings.js";
import { madeEntries, simulatedEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";

interface Node {
  readonly type: string;
  readonly literal: string | null;
}

/** Parses as a viewer does, into nodes. */
function nodes(markdown: string): Node[] {
  const walker = new Parser().parse(markdown).walker();
  const found: Node[] = [];
  for (let step = walker.next(); step; step = walker.next())
    if (step.entering) found.push({ type: step.node.type, literal: step.node.literal });
  return found;
}

const types = (markdown: string): string[] => [...new Set(nodes(markdown).map((node) => node.type))].sort();
const shown = (markdown: string): string =>
  nodes(markdown)
    .map((node) => node.literal ?? (node.type === "softbreak" ? "\n" : ""))
    .join("");

test("a leak, with the get and what is missing, and the lines of the recording", async (t) => {
  const text = await written(markdownReport, [
    await recordingEntry(`${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`),
  ]);
  t.regex(text, /^# kreel: report\n\n## `fixtures\/recordings\/broken\/leak-module-on-error\/s09-enfile\.trace\.gz`$/m);
  t.regex(text, /^### 1\. error: `leaked-module-reference`, `module kvm_amd` \(2 times; this is the first\)$/m);
  t.regex(
    text,
    /^- \*\*event 1095\*\* \(line 1107\), get: `try_module_get returns 1`, `gmemrun-104`; refcnt 3 → 4, held by `kvm_gmem_create`$/m,
  );
  t.regex(text, /^- \*\*missing\*\*: `module_put` before the call returns$/m);
  t.regex(text, /^```text\n1107: gmemrun-104 \[000\] 17\.890780: try_module_get_ret: /m);
});

test("two recordings", async (t) => {
  const text = await written(markdownReport, [
    await comparisonEntry(
      `${RECORDINGS}/mistakes/healthy/s09-enfile.trace.gz`,
      `${RECORDINGS}/mistakes/no-iput-on-error/s09-enfile.trace.gz`,
    ),
  ]);
  t.regex(text, /^### 1\. new error: `leaked-inode`/m);
  t.regex(text, /^### What differs$/m);
});

test("names that are markup, HTML, links, somebody's name, or what a terminal obeys", async (t) => {
  for (const task of TASKS) {
    const text = await written(markdownReport, [await entryOf(hostileLeak(task))]);
    // eslint-disable-next-line no-control-regex
    t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    t.deepEqual(
      types(text).filter((type) => ["html_inline", "html_block", "link", "image"].includes(type)),
      [],
    );
    const prose = nodes(text).filter((node) => node.type === "text");
    t.false(prose.some((node) => /@|#\d/.test(node.literal!)));
    t.true(shown(text).includes(printable(task)));
  }
});

test("any text comes out as it is: in prose, as code, in a block", (t) => {
  const anyText = fc.oneof(
    hostileText,
    fc.string({
      unit: fc.constantFrom(
        "`",
        "<",
        ">",
        "@",
        "#",
        "1",
        "a",
        " ",
        "\\",
        "*",
        "_",
        "[",
        "]",
        "(",
        ")",
        "&",
        ";",
        "|",
        "~",
        "-",
        "+",
        ".",
        ":",
        "/",
      ),
    }),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const wanted = printable(text);
      t.deepEqual(types(`x ${code(text)} y`), ["code", "document", "paragraph", "text"]);
      t.is(shown(`x ${code(text)} y`), `x ${wanted || " "} y`);
      t.is(shown(block([text]).join("\n")), `${wanted}\n`);
      t.is(shown(`x ${inline(text)} y`).replaceAll(/ +/g, " "), `x ${wanted} y`.replaceAll(/ +/g, " "));
      t.false(types(`x ${inline(text)} y`).some((type) => !["code", "document", "paragraph", "text"].includes(type)));
    }),
    { numRuns: 2000 },
  );
});

test("whatever was recorded or simulated: no HTML, no link", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(madeEntries, simulatedEntries), async (make) => {
      const found = types(await written(markdownReport, [await make()]));
      t.deepEqual(
        found.filter((type) => ["html_inline", "html_block", "link", "image"].includes(type)),
        [],
      );
    }),
    { numRuns: 60 },
  );
});
