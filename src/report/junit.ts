/**
 * A report as JUnit XML, which every CI shows: a suite for each recording, a case for each rule, and for two recordings
 * a case for each kind of difference. Problems that make the command fail are failures; others are the output of their
 * case.
 */
import type { Judgement } from "../check/checker.js";
import { RULES, type RuleName } from "../check/finding.js";
import { type Required, unjudged } from "../check/required.js";
import { DIFFERENCE_KINDS, type Difference } from "../compare/types.js";
import {
  type About,
  type BaselineState,
  type ComparisonEntry,
  type Entry,
  fails,
  type FailOn,
  isError,
  type Problem,
  type RecordingEntry,
  type UnreadEntry,
} from "./model.js";
import { problemLines } from "./text.js";
import { attributes, xmlLines, xmlText } from "./xml.js";

interface Case {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "error" | "skipped";
  /** Short message of a failure or an error. */
  readonly message: string;
  readonly lines: readonly string[];
}

/**
 * The report as JUnit's XML, as Jenkins takes it: a suite for each recording, a case for each rule. In pieces, as
 * entries come.
 */
export async function* junitReport(
  entries: AsyncIterable<Entry>,
  { failOn, required = new Set() }: About,
): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kreel">\n';
  for await (const entry of entries) yield suitesOf(entry, failOn, required);
  yield "</testsuites>\n";
}

function suitesOf(entry: Entry, failOn: FailOn, required: Required): string {
  switch (entry.kind) {
    case "unread":
      return unreadSuite(entry);
    case "recording":
      return recordingSuite(entry, entry.problems, failOn, required);
    case "comparison":
      return (
        recordingSuite(
          entry.after,
          entry.problems.filter((p) => p.state !== "absent"),
          failOn,
          required,
        ) + differenceSuite(entry, failOn)
      );
  }
}

function unreadSuite({ path, line, what, nothing }: UnreadEntry): string {
  const read: Case = {
    name: "read",
    outcome: "error",
    message: what,
    lines: [`${path}${line === undefined ? "" : `:${line}`}: ${what}`],
  };
  return suite(
    path,
    [],
    [read, ...(nothing ? RULES.map((name): Case => ({ name, outcome: "skipped", message: what, lines: [] })) : [])],
  );
}

function recordingSuite(
  { trace, judgements, environment }: RecordingEntry,
  problems: readonly Problem[],
  failOn: FailOn,
  required: Required,
): string {
  const properties = [
    ["format", trace.format],
    ["events", String(trace.events)],
    ["lost", String(trace.lost)],
    ...environment.map(({ name, text }) => [name, text] as const),
  ] as const;
  const unmet = new Set(unjudged(judgements, required));
  const cases = judgements.map((judgement) => {
    const own = problems.filter((p) => p.finding.rule === judgement.rule);
    return own.length > 0
      ? ruleCase(judgement.rule, own, trace.path, failOn)
      : unbroken(judgement, unmet.has(judgement));
  });
  return suite(trace.path, properties, cases);
}

/** A rule without problems passes only if it was judged. */
function unbroken({ rule, verdict, unseen }: Judgement, required: boolean): Case {
  if (verdict !== "cannot tell") return { name: rule, outcome: "passed", message: "", lines: [] };
  const why = unseen.length > 0 ? `: ${unseen.join(", ")} not seen` : "";
  return {
    name: rule,
    outcome: required ? "failed" : "skipped",
    message: `the recording is not enough to judge it${why}`,
    lines: [],
  };
}

function ruleCase(rule: RuleName, problems: readonly Problem[], path: string, failOn: FailOn): Case {
  const failed =
    failOn === "difference"
      ? problems.some((p) => p.state !== "unchanged")
      : failOn === "hazard" || problems.some(isError);
  return {
    name: rule,
    outcome: failed ? "failed" : "passed",
    message: problems
      .map(({ finding, state }) => `${stateText(state)}${finding.object}: ${finding.message}`)
      .join("; "),
    lines: problems.flatMap((problem, k) => [...(k > 0 ? [""] : []), ...problemLines(problem, k + 1, path)]),
  };
}

const stateText = (state: BaselineState | undefined): string => (state === undefined ? "" : `${state}: `);

function differenceSuite(entry: ComparisonEntry, failOn: FailOn): string {
  const { before, after, diff, problems } = entry;
  const failing = failOn === "difference" && fails(entry, failOn);
  const gone = problems.filter((p) => p.state === "absent");
  const kinds = DIFFERENCE_KINDS.map((kind): Case => {
    const differences = diff.differences.filter((d) => d.kind === kind);
    return {
      name: kind,
      outcome: differences.length > 0 && failing ? "failed" : "passed",
      message: differences.length === 0 ? "" : differenceText(differences[0]!),
      lines: differences.map(differenceText),
    };
  });
  const absent: Case = {
    name: "finding-absent",
    outcome: gone.length > 0 && failing ? "failed" : "passed",
    message: gone.map(({ finding }) => `${finding.rule}: ${finding.object}`).join("; "),
    lines: gone.flatMap((problem, k) => problemLines(problem, k + 1, before.trace.path)),
  };
  return suite(`${before.trace.path} → ${after.trace.path}`, [], [...kinds, absent]);
}

const differenceText = ({ where, message }: Difference): string => `${where}: ${message}`;

function suite(
  name: string,
  properties: readonly (readonly [name: string, value: string])[],
  cases: readonly Case[],
): string {
  const count = (outcome: Case["outcome"]): number => cases.filter((c) => c.outcome === outcome).length;
  return [
    `  <testsuite${attributes({ name, tests: cases.length, failures: count("failed"), errors: count("error"), skipped: count("skipped") })}>\n`,
    ...(properties.length === 0
      ? []
      : [
          "    <properties>\n",
          ...properties.map(([property, value]) => `      <property${attributes({ name: property, value })}/>\n`),
          "    </properties>\n",
        ]),
    ...cases.map((one) => caseText(one, name)),
    "  </testsuite>\n",
  ].join("");
}

function caseText({ name, outcome, message, lines }: Case, classname: string): string {
  const head = `    <testcase${attributes({ classname, name })}`;
  switch (outcome) {
    case "passed":
      return lines.length === 0
        ? `${head}/>\n`
        : `${head}>\n      <system-out>${xmlLines(lines)}</system-out>\n    </testcase>\n`;
    case "skipped":
      return `${head}>\n      <skipped>${xmlText(message)}</skipped>\n    </testcase>\n`;
    case "failed":
    case "error": {
      const element = outcome === "failed" ? "failure" : "error";
      return `${head}>\n      <${element}${attributes({ type: name, message })}>${xmlLines(lines)}</${element}>\n    </testcase>\n`;
    }
  }
}
