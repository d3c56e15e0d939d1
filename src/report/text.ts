/**
 * A report as a mail to a kernel list: plain ASCII, 72 columns, a first line that can be its subject, and quotes of the
 * recording's own lines.
 */
import type { Difference } from "../compare/types.js";
import { pathOf, plural } from "../base/text.js";
import { hunkLines, statLines, summaryLine } from "../show/diff-text.js";
import type { ShownStep } from "../show/findings.js";
import { PLAIN } from "../show/style.js";
import { noFindings, traceLine } from "../show/summary.js";
import { ascii, fold } from "./ascii.js";
import { timeless } from "./fingerprint.js";
import {
  type About,
  type BaselineState,
  type ComparisonEntry,
  type Entry,
  isError,
  type Problem,
  type Quote,
  type RecordingEntry,
  type UnreadEntry,
} from "./model.js";
import { nothingWrong } from "./nothing-wrong.js";
import { Totals } from "./totals.js";

const WIDTH = 72;
/** Problems of one recording with their evidence; further ones only as headings. */
const IN_FULL = 20;
/** Most steps told besides the evidence, from the beginning and from the end each. */
const OTHER_STEPS = 4;
const LABEL = 11;
const STATES: Readonly<Record<BaselineState, string>> = { new: "new", unchanged: "unchanged", absent: "gone" };

/** The report as a mail to a kernel list: ASCII, 72 columns. In pieces, as entries come. */
export async function* textReport(entries: AsyncIterable<Entry>, about: About): AsyncGenerator<string> {
  const totals = new Totals();
  if (about.entries !== 1) yield joined([...subject(`guest_memfd: ${plural(about.entries, "recording")}`), ""]);
  for await (const entry of entries) {
    totals.add(entry);
    if (about.entries === 1) yield joined([...subject(subjectOf(entry)), "", ...linesOf(entry, about)]);
    else if (entry.kind === "recording" && entry.problems.length === 0)
      yield joined(fold(ascii(`sound: ${traceLine(entry.trace)}`), WIDTH, "", 2));
    else if (entry.kind === "unread") yield joined(unreadLines(entry));
    else
      yield joined([
        "",
        "=".repeat(WIDTH),
        ...subject(subjectOf(entry)),
        "",
        ...linesOf(entry, about),
        "=".repeat(WIDTH),
        "",
      ]);
  }
  if (about.entries !== 1) yield joined(["", ...fold(`In all: ${totals.sentence}`, WIDTH)]);
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Truncates the text to one line. */
function subject(text: string): string[] {
  const line = ascii(text);
  return [line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 3)}...`];
}

function subjectOf(entry: Entry): string {
  if (entry.kind === "unread") return `guest_memfd: recording not read: ${entry.what}`;
  const problems = entry.kind === "comparison" ? entry.problems.filter((p) => p.state !== "absent") : entry.problems;
  const told = problems.find((p) => p.state === "new") ?? problems[0];
  const differing =
    entry.kind === "comparison" ? `${plural(entry.diff.differences.length, "difference")}` : noFindings(entry.trace);
  if (!told) return `guest_memfd: ${differing}`;
  const rest = problems.length > 1 ? ` (+${problems.length - 1})` : "";
  const head = `[${isError(told) ? "BUG" : "HAZARD"}] guest_memfd: ${told.finding.rule.replaceAll("-", " ")}`;
  const what = timeless(told.finding.object);
  return `${head.length + 2 + what.length + rest.length <= WIDTH ? `${head}: ${what}` : head}${rest}`;
}

function linesOf(entry: Entry, about: About): string[] {
  switch (entry.kind) {
    case "recording":
      return recordingLines(entry, about);
    case "comparison":
      return comparisonLines(entry, about);
    case "unread":
      return unreadLines(entry);
  }
}

function unreadLines({ path, line, what }: UnreadEntry): string[] {
  return fold(ascii(`${path}${line === undefined ? "" : `:${line}`}: not read: ${what}`), WIDTH);
}

function recordingLines(entry: RecordingEntry, { version }: About): string[] {
  const { trace, problems } = entry;
  return [
    ...fold(`kreel ${version} replayed this recording of a kernel and found ${counted(problems, trace)}.`, WIDTH),
    ...problemsLines(problems, trace.path),
    "",
    ...title("Recording"),
    ...environmentLines(entry),
  ];
}

function comparisonLines(entry: ComparisonEntry, { version }: About): string[] {
  const { before, after, diff, problems } = entry;
  const states = (["new", "unchanged", "absent"] as const).map(
    (state) => `${problems.filter((p) => p.state === state).length} ${STATES[state]}`,
  );
  const compared = problems.length === 0 ? "" : ` in the second; compared with the first, ${states.join(", ")}`;
  return [
    ...fold(
      `kreel ${version} replayed two recordings of one workload and found ${counted(after.problems, after.trace)}${compared}.`,
      WIDTH,
    ),
    ...problemsLines(problems, after.trace.path, before.trace.path),
    "",
    ...title("What differs"),
    ...differenceLines(diff.differences),
    ...[
      ...statLines(diff, PLAIN),
      summaryLine(diff),
      ...diff.hunks.flatMap((hunk) => ["", ...hunkLines(hunk, PLAIN)]),
    ].flatMap((line) => folded(line)),
    "",
    ...title("Recording before"),
    ...environmentLines(before),
    "",
    ...title("Recording after"),
    ...environmentLines(after),
  ];
}

function differenceLines(differences: readonly Difference[]): string[] {
  const told = differences.filter((d) => d.kind === "state-changed");
  if (differences.length === 0) return ["Nothing."];
  return told.length === 0 ? [] : [...told.flatMap((d) => fold(ascii(`${d.where}: ${d.message}`), WIDTH, "* ")), ""];
}

/** Folds a line with indentation, which the continuation keeps. */
function folded(line: string): string[] {
  const text = ascii(line);
  const indent = Math.min(/^[ +~\-\d]*/.exec(text)![0].length, WIDTH / 2);
  return text.length <= WIDTH ? [text.trimEnd()] : fold(text.slice(indent), WIDTH, text.slice(0, indent), indent + 2);
}

function counted(problems: readonly Problem[], trace: RecordingEntry["trace"]): string {
  const errors = problems.filter(isError).length;
  const hazards = problems.length - errors;
  if (problems.length === 0) return nothingWrong(trace);
  return [...(errors > 0 ? [plural(errors, "error")] : []), ...(hazards > 0 ? [plural(hazards, "hazard")] : [])].join(
    " and ",
  );
}

/** `before`: the recording of absent problems. */
function problemsLines(problems: readonly Problem[], path: string, before = path): string[] {
  return problems.flatMap((problem, k) => [
    "",
    ...(k < IN_FULL ? problemLines : headLines)(problem, k + 1, problem.state === "absent" ? before : path),
  ]);
}

function headLines({ finding, state, times }: Problem, number: number): string[] {
  const what = `${finding.severity === "error" ? "" : "hazard, "}${finding.rule}: ${finding.object}`;
  const often = times > 1 ? ` (${times} times; this is the first)` : "";
  return fold(ascii(`${state === undefined ? "" : `${STATES[state]}: `}${what}${often}`), WIDTH, `${number}. `);
}

/** A single problem. */
export function problemLines(problem: Problem, number: number, path: string): string[] {
  const { finding, quotes } = problem;
  const head = headLines(problem, number);
  const where = `${pathOf(path, finding.file)}${finding.line === undefined ? "" : `, line ${finding.line}`}`;
  return [
    ...head,
    "-".repeat(Math.max(...head.map((line) => line.length))),
    ...fold(ascii(finding.message), WIDTH),
    "",
    ...field("where", where),
    ...field("", `event ${finding.event}, at ${finding.time}, task ${finding.task}`),
    "",
    ...lifeLines(problem),
    ...(quotes.length === 0
      ? ["The recording could be read only once: its lines are not quoted."]
      : ["From the recording:", "", ...quotes.flatMap(quoteLines)]),
  ];
}

/** The life of the leaked reference, or the steps that led to any other finding. */
function lifeLines({ finding, steps }: Problem): string[] {
  if (steps.length === 0) return [];
  const { unreturned, event } = finding;
  if (!unreturned) return ["What led to it:", "", ...telling(steps).flatMap(stepLines), ""];
  const passed = steps.filter((s) => s.seq > unreturned.event && s.seq !== event && s.role === "hand-over");
  const at = (seq: number): ShownStep[] => steps.filter((s) => s.seq === seq);
  return [
    "The reference:",
    "",
    ...at(unreturned.event).flatMap((step) => labelled("  get", step)),
    ...passed.flatMap((step) => labelled("  passed", step)),
    ...at(event).flatMap((step) => labelled("  end", step)),
    ...field("  missing", unreturned.put),
    "",
  ];
}

/** Selects the evidence, and of the other steps that changed anything the beginning and the end. */
export function telling(steps: readonly ShownStep[]): ShownStep[] {
  const others = steps.filter((s) => !s.evidence && s.did.length > 0);
  const kept = new Set(
    others.length <= 2 * OTHER_STEPS ? others : [...others.slice(0, OTHER_STEPS), ...others.slice(-OTHER_STEPS)],
  );
  return steps.filter((s) => s.evidence || kept.has(s));
}

function stepLines(step: ShownStep): string[] {
  return [
    ...fold(ascii(stepText(step)), WIDTH, step.evidence ? "* " : "  ", 4),
    ...step.did.flatMap((text) => fold(ascii(text), WIDTH, "    ~ ")),
  ];
}

function labelled(label: string, step: ShownStep): string[] {
  return [
    ...field(label, stepText(step)),
    ...step.did.flatMap((text) => fold(ascii(text), WIDTH, `${" ".repeat(LABEL)}~ `)),
  ];
}

function stepText({ seq, line, task, what }: ShownStep): string {
  return `event ${seq}${line === undefined ? "" : ` (line ${line})`}: ${what}${task === "" ? "" : `, ${task}`}`;
}

function quoteLines({ event, file, line, text }: Quote): string[] {
  const where = `${file === undefined ? "" : `${file}, `}${line === undefined ? `event ${event}` : `line ${line}`}:`;
  return [...fold(ascii(where), WIDTH, "  "), ...fold(ascii(text), WIDTH, "    ", 6)];
}

function environmentLines({ trace, environment }: RecordingEntry): string[] {
  const values = (name: string): string[] => environment.filter((r) => r.name === name).map((r) => r.text);
  const known = ["release", "version", "machine", "clock", "command"].flatMap((name) =>
    values(name).flatMap((text) => field(name, text)),
  );
  const config = values("config");
  const others = ["refused", "lost", "missed"].flatMap((name) =>
    values(name).length > 0 ? field(name, values(name).join(", ")) : [],
  );
  const unsaid = environment.length > 0 ? [] : field("kernel", "the recording does not say");
  return [
    ...field("file", traceLine(trace)),
    ...unsaid,
    ...known,
    ...(config.length > 0 ? field("config", config.join(" ")) : []),
    ...others,
    ...trace.warnings.flatMap((warning) => field("warning", warning)),
  ];
}

const title = (text: string): string[] => [`${text}:`, ""];

/** `release    6.18.15`. */
function field(name: string, value: string): string[] {
  return fold(ascii(value), WIDTH, name.padEnd(LABEL));
}
