/**
 * A report as one HTML file: content of a recording is only text in it, the recordings are inside completely, and the
 * page has no permissions.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { comparisonEntry, entryOf, recordingEntry } from "../../src/report/collect.js";
import { htmlReport } from "../../src/report/html/index.js";
import { MOST_BYTES, wantedOf } from "../../src/report/html/viewer.js";
import type { Entry, RecordingEntry } from "../../src/report/model.js";
import { printable } from "../../src/base/trouble.js";
import type { Session } from "../../src/ui/protocol.js";
import { LogFile } from "../../src/log/file/log-file.js";
import { replay } from "../../src/replay/replay.js";
import { kreel } from "../cli/run.js";
import { hostileText } from "../export/logs.js";
import { RECORDINGS } from "../support/recordings.js";
import { madeEntries, written } from "./entries.js";
import { hostileLeak, TASKS } from "./hostile.js";

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** Elements as a browser makes them. */
function elements(html: string): Element[] {
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if ("attrs" in node) found.push(node);
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parse(html, { scriptingEnabled: true }));
  return found;
}

const textOf = (node: Node): string =>
  "value" in node ? node.value : "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((one) => one.name === name)?.value;
const byId = (all: readonly Element[], id: string): Element | undefined =>
  all.find((one) => attribute(one, "id") === id);
const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const LEAK = `${RECORDINGS}/broken/leak-module-on-error/s09-enfile.trace.gz`;
const BEFORE = `${RECORDINGS}/linux-6.12/s01-create-close.trace.gz`;
const AFTER = `${RECORDINGS}/linux-6.12-patched/s01-create-close.trace.gz`;
/** Elements that the report does not need, and an injected page would. */
const FOREIGN = new Set(["img", "iframe", "object", "embed", "svg", "form", "input", "base"]);

test("a leak: what is wrong, its steps and lines, and links to their moments", async (t) => {
  const all = elements(await written(htmlReport(), [await recordingEntry(LEAK)]));
  const text = textOf(byId(all, "report")!);
  t.true(text.includes("error: leaked-module-reference, module kvm_amd (2 times; this is the first)"));
  t.true(text.includes("missing: module_put before the call returns"));
  t.regex(text, /^1107: gmemrun-104 \[000\] 17\.890780: try_module_get_ret: /m);
  const links = all.filter(({ tagName }) => tagName === "a").map((link) => attribute(link, "href"));
  t.true(links.includes("#event=1095"));
  t.true(links.some((href) => /^#event=\d+&object=module\+kvm_amd$/.test(href!)));
});

test("the recordings are inside, whole: the same replay comes of them", async (t) => {
  const all = elements(await written(htmlReport(), [await comparisonEntry(BEFORE, AFTER)]));
  const session = JSON.parse(textOf(byId(all, "kreel-session")!)) as Session;
  t.deepEqual(
    session.logs.map(({ path }) => path),
    [BEFORE, AFTER],
  );
  t.true(session.diff);
  t.true((JSON.parse(textOf(byId(all, "kreel-diff")!)) as { differences: unknown[] }).differences.length > 10);
  for (const [k, { path, bytes, events }] of session.logs.entries()) {
    const log = Buffer.from(textOf(byId(all, `kreel-log-${k}`)!), "base64");
    t.is(log.length, bytes);
    const file = join(mkdtempSync(join(tmpdir(), "kreel-")), "log");
    writeFileSync(file, log);
    t.deepEqual(LogFile.open(file).verify(), []);
    const [ours, theirs] = [await replay(file), await replay(path)];
    t.deepEqual(
      [ours.trace.events, ours.operations, ours.findings.length],
      [events, theirs.operations, theirs.findings.length],
    );
  }
});

test("it may run its own scripts, and do nothing else", async (t) => {
  for (const [options, entries] of [
    [{}, [await recordingEntry(LEAK)]],
    [{ viewer: false }, [await recordingEntry(LEAK)]],
  ] as const) {
    const html = await written(htmlReport(options), entries);
    const all = elements(html);
    const policy = attribute(
      all.find((one) => attribute(one, "http-equiv") === "Content-Security-Policy")!,
      "content",
    )!;
    t.true(policy.startsWith("default-src 'none'; "));
    t.notRegex(policy, /unsafe|\*|https?:/);
    // Nothing before the policy would need it.
    t.true(html.indexOf("Content-Security-Policy") < html.indexOf("<style"));
    for (const style of all.filter(({ tagName }) => tagName === "style"))
      t.true(policy.includes(`style-src ${sha256(textOf(style))}`));
    const scripts = all.filter(({ tagName }) => tagName === "script");
    for (const script of scripts.filter((one) => attribute(one, "type") === undefined))
      t.true(policy.includes(sha256(textOf(script))));
    t.is(scripts.length > 0, !("viewer" in options));
    for (const one of all) {
      t.deepEqual(
        one.attrs
          .filter(({ name }) => name.startsWith("on") || name === "style" || name === "src" || name === "srcset")
          .map(({ name }) => name),
        [],
      );
      for (const name of ["href", "action"]) t.regex(attribute(one, name) ?? "#", /^(?:#|data:,$)/);
    }
  }
});

test("names that are markup, scripts, or what a terminal obeys", async (t) => {
  for (const task of TASKS) {
    const html = await written(htmlReport(), [
      await entryOf(hostileLeak(task, "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \u202e")),
    ]);
    const all = elements(html);
    t.true(textOf(byId(all, "report")!).includes(printable(task)));
    t.is(all.filter(({ tagName }) => tagName === "script").length, 4);
    t.deepEqual(
      all.filter(({ tagName }) => FOREIGN.has(tagName)),
      [],
    );
    // eslint-disable-next-line no-control-regex
    t.notRegex(textOf(byId(all, "report")!), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});

test("whatever a log holds, the page has its own elements and no others", async (t) => {
  const ours = new Set([
    "html",
    "head",
    "meta",
    "link",
    "title",
    "style",
    "body",
    "div",
    "h1",
    "h2",
    "h3",
    "p",
    "ul",
    "li",
    "section",
    "article",
    "code",
    "pre",
    "b",
    "i",
    "a",
    "span",
  ]);
  await fc.assert(
    fc.asyncProperty(madeEntries, hostileText, async (make, path) => {
      const entry = await make();
      const all = elements(
        await written(htmlReport({ viewer: false }), [entry, { kind: "unread", path, what: path } satisfies Entry]),
      );
      t.deepEqual(
        [...new Set(all.map(({ tagName }) => tagName))].filter((name) => !ours.has(name)),
        [],
      );
    }),
    { numRuns: 40 },
  );
});

test("the same recordings make the same report but for the ids of their logs", async (t) => {
  const once = async (): Promise<string> =>
    (await written(htmlReport(), [await recordingEntry(LEAK)])).replaceAll(/(id="kreel-log-\d+">)[^<]*/g, "$1");
  t.is(await once(), await once());
});

test("those with findings come first into the viewer, and what has no room stays outside, said", async (t) => {
  const entries = [
    await recordingEntry(BEFORE),
    await recordingEntry(LEAK),
    { kind: "unread", path: "/gone", what: "no such file" } satisfies Entry,
  ];
  t.deepEqual(wantedOf(entries), [LEAK, BEFORE]);
  const folder = mkdtempSync(join(tmpdir(), "kreel-"));
  const large = join(folder, "large.trace");
  const sparse = { ...(entries[0] as RecordingEntry), trace: { ...(entries[0] as RecordingEntry).trace, path: large } };
  writeFileSync(large, "");
  truncateSync(large, MOST_BYTES * 200 + 1);
  const all = elements(await written(htmlReport(), [sparse, entries[1]!]));
  t.true(textOf(byId(all, "kreel-opening")!).includes("1 of 2 recordings are in this file"));
});

test("the command", async (t) => {
  const { code, out, err } = await kreel(["report", "--to", "html", LEAK]);
  t.deepEqual([code, err], [1, ""]);
  t.true(out.startsWith("<!doctype html>\n"));
  t.true(out.endsWith("</html>\n"));
  const bare = await kreel(["report", "--to", "html", "--no-viewer", LEAK]);
  t.is(bare.code, 1);
  t.true(bare.out.length < out.length / 10);
  t.false(bare.out.includes("<script"));
});
