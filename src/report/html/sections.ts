/** The section for a recording, or for two that are compared, as HTML that needs no script. */
import { linkText } from "../../ui/model/link.js";
import { hunkLines, statLines, summaryLine } from "../../show/diff-text.js";
import type { ShownStep } from "../../show/findings.js";
import { PLAIN } from "../../show/style.js";
import { traceLine } from "../../show/summary.js";
import { pathOf } from "../../base/text.js";
import type { BaselineState, ComparisonEntry, Entry, Problem, Quote, RecordingEntry, UnreadEntry } from "../model.js";
import { nothingWrong } from "../nothing-wrong.js";
import { RULE_WORDS } from "../rule-words.js";
import { xmlLines } from "../xml.js";
import { telling } from "../text.js";
import { element, escaped, list, textElement } from "./text.js";

/** Problems of one recording with their evidence; further ones only as headings. */
const IN_FULL = 20;
const STATES: Readonly<Record<BaselineState, string>> = { new: "new", unchanged: "unchanged", absent: "gone" };

/** Returns the viewer's side for a recording, or `undefined` if the viewer does not have it. */
export type SideOf = (path: string) => number | undefined;

export function sectionOf(entry: Entry, sideOf: SideOf): string {
  switch (entry.kind) {
    case "unread":
      return unread(entry);
    case "recording":
      return element(
        "section",
        textElement("h2", entry.trace.path) +
          facts(entry) +
          problems(entry.problems, entry.trace.path, entry.trace.path, sideOf),
      );
    case "comparison":
      return comparison(entry, sideOf);
  }
}

function unread({ path, line, what }: UnreadEntry): string {
  return element(
    "section",
    textElement("h2", path) +
      element("p", `<b>Not read</b>${line === undefined ? "" : ` (line ${line})`}: ${escaped(what)}`),
    { class: "unread" },
  );
}

function facts({ trace, environment, problems: found }: RecordingEntry): string {
  const said = ["release", "version", "machine", "clock", "command", "config"].flatMap((name) =>
    environment.filter((r) => r.name === name).map(({ text }) => `${name}: ${textElement("code", text)}`),
  );
  const verdict =
    found.length === 0
      ? [
          textElement(
            "b",
            nothingWrong(trace),
            trace.lost + trace.skipped > 0 || trace.events === 0 ? {} : { class: "sound" },
          ),
        ]
      : [];
  return list([
    escaped(traceLine(trace).slice(trace.path.length + 2)),
    ...verdict,
    ...said,
    ...trace.warnings.map((warning) => `warning: ${escaped(warning)}`),
  ]);
}

function problems(found: readonly Problem[], path: string, before: string, sideOf: SideOf): string {
  return found
    .map((problem, k) =>
      problemSection(problem, k + 1, problem.state === "absent" ? before : path, k < IN_FULL, sideOf),
    )
    .join("");
}

function problemSection(
  { finding, state, times, steps, quotes }: Problem,
  number: number,
  path: string,
  inFull: boolean,
  sideOf: SideOf,
): string {
  const isError = finding.severity === "error";
  const head = `${number}. ${isError ? "✖" : "▲"} ${state === undefined ? "" : `${STATES[state]} `}${isError ? "error" : "hazard"}: ${escaped(finding.rule)}, ${escaped(finding.object)}${times > 1 ? ` (${times} times; this is the first)` : ""}`;
  const title = element("h3", head, { class: isError ? "error" : "hazard" });
  if (!inFull) return title;
  const side = sideOf(path);
  const where = `${pathOf(path, finding.file)}${finding.line === undefined ? "" : `:${finding.line}`}`;
  const link = side === undefined ? `event ${finding.event}` : momentLink(side, finding.event, finding.object);
  const missing = finding.unreturned ? [`<b>missing</b>: ${escaped(finding.unreturned.put)}`] : [];
  return element(
    "article",
    title +
      textElement("p", finding.message) +
      element(
        "p",
        `At ${textElement("code", where)}, ${link}, ${textElement("code", finding.time)}, task ${textElement("code", finding.task)}.`,
      ) +
      element("p", `<i>${escaped(RULE_WORDS[finding.rule].summary)}</i> ${escaped(RULE_WORDS[finding.rule].help)}`) +
      list([...telling(steps).map((step) => stepItem(step, side)), ...missing]) +
      (quotes.length === 0 ? "" : element("pre", xmlLines(quotes.map(quoteLine)), { tabindex: "0" })),
  );
}

/** The link works only in the viewer, and leads nowhere without scripts. */
function momentLink(side: number, event: number, object = ""): string {
  const events = Array.from({ length: side + 1 }, (_, k) => (k === side ? event : undefined));
  return textElement("a", `event ${event}`, {
    href: `#${linkText({ side, events, ...(object === "" ? {} : { object }) })}`,
  });
}

function stepItem({ seq, line, task, what, did, evidence, role }: ShownStep, side: number | undefined): string {
  const event = side === undefined ? `event ${seq}` : momentLink(side, seq);
  const at = `${evidence ? `<b>${event}</b>` : event}${line === undefined ? "" : ` (line ${line})`}${role === undefined ? "" : `, ${role}`}`;
  return `${at}: ${textElement("code", what)}${task === "" ? "" : `, ${textElement("code", task)}`}${did.map((text) => `; ${escaped(text)}`).join("")}`;
}

const quoteLine = ({ event, file, line, text }: Quote): string =>
  `${file === undefined ? "" : `${file}:`}${line ?? `event ${event}`}: ${text}`;

function comparison({ before, after, diff, problems: found }: ComparisonEntry, sideOf: SideOf): string {
  const told = diff.differences.filter((d) => d.kind === "state-changed");
  const hunks = [
    ...statLines(diff, PLAIN),
    summaryLine(diff),
    ...diff.hunks.flatMap((hunk) => ["", ...hunkLines(hunk, PLAIN)]),
  ];
  return element(
    "section",
    element("h2", `${escaped(before.trace.path)} → ${escaped(after.trace.path)}`) +
      problems(found, after.trace.path, before.trace.path, sideOf) +
      textElement("h3", "What differs") +
      list(told.map((d) => escaped(`${d.where}: ${d.message}`))) +
      (diff.differences.length === 0
        ? textElement("p", "Nothing.")
        : element("pre", hunks.map(hunkText).join("\n"), { tabindex: "0" })) +
      [["before", before] as const, ["after", after] as const]
        .map(([name, entry]) => textElement("h3", `Recording ${name}: ${entry.trace.path}`) + facts(entry))
        .join(""),
  );
}

/** Colours a line; its mark says the same without colour. */
function hunkText(line: string): string {
  const kind = ({ "+": "added", "-": "removed", "~": "altered" } as const)[line[0] as "+" | "-" | "~"];
  return kind && !line.startsWith("---") && !line.startsWith("+++")
    ? textElement("span", line, { class: kind })
    : escaped(line);
}
