/**
 * A report as one HTML file: a section for each recording, readable anywhere, and the viewer with the recordings
 * inside. It loads nothing and sends nothing, from a disk, a mail or an artifact of a CI run.
 */
import { createHash } from "node:crypto";
import { plural } from "../../base/text.js";
import { readAsset } from "../../ui/assets.js";
import type { About, Entry } from "../model.js";
import { Totals } from "../totals.js";
import { sectionOf } from "./sections.js";
import { element, escaped, jsonInScript, textElement } from "./text.js";
import { embed, type Embedded } from "./viewer.js";

export interface HtmlOptions {
  /** False: the report alone. */
  readonly viewer?: boolean;
  /** Format of the recordings. */
  readonly format?: string;
}

export const htmlReport = (options: HtmlOptions = {}) =>
  async function* (entries: AsyncIterable<Entry>, about: About): AsyncGenerator<string> {
    const totals = new Totals();
    const all: Entry[] = [];
    for await (const entry of entries) {
      totals.add(entry);
      all.push(entry);
    }
    const viewer = options.viewer === false ? undefined : await embed(all, options.format);
    yield* head(about, viewer !== undefined);
    const paths = viewer?.session.logs.map(({ path }) => path) ?? [];
    const sideOf = (path: string): number | undefined => (paths.includes(path) ? paths.indexOf(path) : undefined);
    yield `<div id="report" role="main">\n${element("h1", `kreel: ${about.entries === 1 ? "report" : plural(about.entries, "recording")}`)}\n${element("p", `${escaped(totals.sentence)}, by kreel ${escaped(about.version)}.`)}\n`;
    if (viewer) yield opening(viewer, all);
    for (const entry of all) yield `${sectionOf(entry, sideOf)}\n`;
    yield "</div>\n";
    if (viewer) yield* scripts(viewer);
    yield "</body>\n</html>\n";
  };

/** The policy comes first and allows only the page's own style and scripts, by their hashes. */
function* head({ entries }: About, withViewer: boolean): Generator<string> {
  const style = `${withViewer ? asset("page.css") : ""}${asset("report.css")}`;
  const hashes = withViewer ? [asset("page.js"), asset("worker.js")].map(hashOf) : [];
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(withViewer ? [`script-src ${hashes.join(" ")}`, "worker-src blob:", "img-src data: blob:"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${escaped(policy).replaceAll("&apos;", "'")}">\n`;
  yield `<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n`;
  yield `<title>kreel: ${entries === 1 ? "report" : plural(entries, "recording")}</title>\n<style>${style}</style>\n</head>\n<body>\n`;
}

const asset = (name: string): string => readAsset(name).toString("utf8");
const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function opening({ session: { logs } }: Embedded, entries: readonly Entry[]): string {
  const recordings = entries.reduce(
    (sum, { kind }) => sum + (kind === "comparison" ? 2 : kind === "recording" ? 1 : 0),
    0,
  );
  const some = logs.length < recordings ? ` (${logs.length} of ${recordings} recordings are in this file)` : "";
  return `${element("p", `${textElement("button", "open the viewer", { type: "button", id: "kreel-open" })}${some}`, { id: "kreel-opening", hidden: "" })}\n`;
}

function* scripts({ session, logs, diff }: Embedded): Generator<string> {
  yield `<div id="page" hidden></div>\n<script type="application/json" id="kreel-session">${jsonInScript(session)}</script>\n`;
  for (const [k, base64] of logs.entries()) yield `<script type="text/plain" id="kreel-log-${k}">${base64}</script>\n`;
  if (diff !== undefined) yield `<script type="application/json" id="kreel-diff">${jsonInScript(diff)}</script>\n`;
  yield `<script type="text/plain" id="kreel-worker">${asset("worker.js")}</script>\n<script>${asset("page.js")}</script>\n`;
}
