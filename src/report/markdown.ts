/** A report as Markdown, for a ticket or the summary of a CI run: only text, whatever names a recording holds. */
import { pathOf, plural } from "../base/text.js";
import { hunkLines, statLines, summaryLine } from "../show/diff-text.js";
import type { ShownStep } from "../show/findings.js";
import { PLAIN } from "../show/style.js";
import { traceLine } from "../show/summary.js";
import { block, code, inline } from "./markdown-text.js";
import type {
  About,
  BaselineState,
  ComparisonEntry,
  Entry,
  Problem,
  Quote,
  RecordingEntry,
  UnreadEntry,
} from "./model.js";
import { nothingWrong } from "./nothing-wrong.js";
import { RULE_WORDS } from "./rule-words.js";
import { telling } from "./text.js";
import { Totals } from "./totals.js";

/** Problems of one recording with their evidence; further ones only as headings. */
const IN_FULL = 20;
const STATES: Readonly<Record<BaselineState, string>> = { new: "new", unchanged: "unchanged", absent: "gone" };

/** The report as Markdown (GitHub's), in which nothing that a recording says is markup. In pieces, as entries come. */
export async function* markdownReport(entries: AsyncIterable<Entry>, about: About): AsyncGenerator<string> {
  const totals = new Totals();
  yield `# kreel: ${about.entries === 1 ? "report" : plural(about.entries, "recording")}\n`;
  for await (const entry of entries) {
    totals.add(entry);
    yield linesOf(entry)
      .map((line) => `${line}\n`)
      .join("");
  }
  yield `\n---\n\n${inline(totals.sentence)}, by kreel ${inline(about.version)}.\n`;
}

function linesOf(entry: Entry): string[] {
  switch (entry.kind) {
    case "unread":
      return unreadLines(entry);
    case "recording":
      return [
        "",
        `## ${code(entry.trace.path)}`,
        "",
        ...recordingLines(entry),
        ...problemsLines(entry.problems, entry.trace.path),
      ];
    case "comparison":
      return comparisonLines(entry);
  }
}

function unreadLines({ path, line, what }: UnreadEntry): string[] {
  return ["", `## ${code(path)}`, "", `**Not read**${line === undefined ? "" : ` (line ${line})`}: ${inline(what)}`];
}

function recordingLines({ trace, environment, problems }: RecordingEntry): string[] {
  return [
    `- ${inline(traceLine(trace).slice(trace.path.length + 2))}`,
    ...(problems.length === 0 ? [`- ${nothingWrong(trace)}`] : []),
    ...["release", "version", "machine", "clock", "command"].flatMap((name) =>
      environment.filter((r) => r.name === name).map((r) => `- ${name}: ${code(r.text)}`),
    ),
    ...list(
      "configuration",
      environment.filter((r) => r.name === "config").map((r) => r.text),
    ),
    ...trace.warnings.map((warning) => `- warning: ${inline(warning)}`),
  ];
}

function list(name: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [`- ${name}: ${texts.map(code).join(" ")}`];
}

function problemsLines(problems: readonly Problem[], path: string, before = path): string[] {
  return problems.flatMap((problem, k) =>
    k < IN_FULL
      ? problemLines(problem, k + 1, problem.state === "absent" ? before : path)
      : ["", headLine(problem, k + 1)],
  );
}

function headLine({ finding, state, times }: Problem, number: number): string {
  const what = finding.severity === "error" ? "error" : "hazard";
  return `### ${number}. ${state === undefined ? "" : `${STATES[state]} `}${what}: ${code(finding.rule)}, ${code(finding.object)}${times > 1 ? ` (${times} times; this is the first)` : ""}`;
}

function problemLines(problem: Problem, number: number, path: string): string[] {
  const { finding, steps, quotes } = problem;
  const where = `${pathOf(path, finding.file)}${finding.line === undefined ? "" : `:${finding.line}`}`;
  return [
    "",
    headLine(problem, number),
    "",
    inline(finding.message),
    "",
    `At ${code(where)}, event ${finding.event}, ${code(finding.time)}, task ${code(finding.task)}.`,
    "",
    `*${inline(RULE_WORDS[finding.rule].summary)}* ${inline(RULE_WORDS[finding.rule].help)}`,
    ...(steps.length === 0 ? [] : ["", ...telling(steps).map(stepLine)]),
    ...(finding.unreturned ? [`- **missing**: ${inline(finding.unreturned.put)}`] : []),
    ...(quotes.length === 0 ? [] : ["", ...block(quotes.map(quoteLine))]),
  ];
}

function stepLine({ seq, line, task, what, did, evidence, role }: ShownStep): string {
  const event = `event ${seq}`;
  const at = `${evidence ? `**${event}**` : event}${line === undefined ? "" : ` (line ${line})`}`;
  return `- ${at}${role === undefined ? "" : `, ${role}`}: ${code(what)}${task === "" ? "" : `, ${code(task)}`}${did.map((text) => `; ${inline(text)}`).join("")}`;
}

const quoteLine = ({ event, file, line, text }: Quote): string =>
  `${file === undefined ? "" : `${file}:`}${line ?? `event ${event}`}: ${text}`;

function comparisonLines({ before, after, diff, problems }: ComparisonEntry): string[] {
  const told = diff.differences.filter((d) => d.kind === "state-changed");
  return [
    "",
    `## ${code(before.trace.path)} → ${code(after.trace.path)}`,
    ...problemsLines(problems, after.trace.path, before.trace.path),
    "",
    "### What differs",
    "",
    ...told.map((d) => `- ${inline(`${d.where}: ${d.message}`)}`),
    ...(told.length > 0 ? [""] : []),
    ...(diff.differences.length === 0
      ? ["Nothing."]
      : block([
          ...statLines(diff, PLAIN),
          summaryLine(diff),
          ...diff.hunks.flatMap((hunk) => ["", ...hunkLines(hunk, PLAIN)]),
        ])),
    ...[["before", before] as const, ["after", after] as const].flatMap(([name, entry]) => [
      "",
      `### Recording ${name}`,
      "",
      ...recordingLines(entry),
    ]),
  ];
}
