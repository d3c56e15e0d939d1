/**
 * A report as SARIF 2.1.0, for code scanning: one run over all recordings, a result for each problem, its evidence as a
 * code flow with a thread for each task. Written as it is known, so that it is never in memory as a whole.
 */
import { isAbsolute } from "node:path";
import { RULES, type RuleName } from "../check/finding.js";
import { DIFFERENCE_KINDS, type Difference, type DifferenceKind } from "../compare/types.js";
import type { Json } from "../show/json.js";
import type { ShownStep } from "../show/findings.js";
import { pathOf } from "../base/text.js";
import { differenceFingerprint, timeless } from "./fingerprint.js";
import type { About, ComparisonEntry, Entry, Problem, RecordingEntry, UnreadEntry } from "./model.js";
import { RULE_WORDS } from "./rule-words.js";
import { printable } from "../base/trouble.js";

type Object = { readonly [name: string]: Json };

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
const FINGERPRINT = "kreel/v1";

/** The report as SARIF 2.1.0 (OASIS), for code scanning. In pieces, as entries come. */
export async function* sarifReport(entries: AsyncIterable<Entry>, { version }: About): AsyncGenerator<string> {
  // A recording may be given twice.
  const artifacts = new Map<string, Json>();
  const notifications: Json[] = [];
  yield `{\n"$schema": ${JSON.stringify(SCHEMA)},\n"version": "2.1.0",\n"runs": [{\n"tool": ${JSON.stringify({ driver: { name: "kreel", version: printable(version), rules: RULES_OF_ALL } })},\n"columnKind": "utf16CodeUnits",\n"results": [`;
  let first = true;
  for await (const entry of entries) {
    if (entry.kind === "unread") notifications.push(notification(entry));
    else
      for (const recording of entry.kind === "comparison" ? [entry.before, entry.after] : [entry])
        artifacts.set(recording.trace.path, artifact(recording));
    for (const result of resultsOf(entry)) {
      yield `${first ? "" : ","}\n${JSON.stringify(result)}`;
      first = false;
    }
  }
  yield `\n],\n"artifacts": ${JSON.stringify([...artifacts.values()])},\n"invocations": ${JSON.stringify([{ executionSuccessful: notifications.length === 0, toolExecutionNotifications: notifications }])}\n}]\n}\n`;
}

const WHAT_DIFFERS: Readonly<Record<DifferenceKind, string>> = {
  "operation-added": "A call that the recording before does not have.",
  "operation-removed": "A call that the recording after does not have any more.",
  "operation-replaced": "Another call in the place of one.",
  "operation-reordered": "A call in another place.",
  "argument-changed": "A call with another argument.",
  "result-changed": "An operation with another result.",
  "state-changed": "Another state that the recording comes to.",
  "finding-introduced": "A finding that the recording before does not have.",
  "finding-fixed": "A finding that the recording after does not have any more.",
};

const RULES_OF_ALL: readonly Json[] = [
  ...RULES.map((id) =>
    ruleJson(
      id,
      RULE_WORDS[id].summary,
      `${RULE_WORDS[id].summary} ${RULE_WORDS[id].help}`,
      id === "module-unpinned-early" ? "warning" : "error",
    ),
  ),
  ...DIFFERENCE_KINDS.map((kind) =>
    ruleJson(
      kind,
      WHAT_DIFFERS[kind],
      `${WHAT_DIFFERS[kind]} Times, addresses, tasks and interleaving never make a difference.`,
      "note",
    ),
  ),
];
const RULE_INDEX: ReadonlyMap<string, number> = new Map([...RULES, ...DIFFERENCE_KINDS].map((id, k) => [id, k]));

function ruleJson(id: RuleName | DifferenceKind, summary: string, help: string, level: string): Json {
  return {
    id,
    name: id.replaceAll(/(?:^|-)(.)/g, (_, c: string) => c.toUpperCase()),
    shortDescription: { text: summary },
    fullDescription: { text: help },
    help: { text: help },
    defaultConfiguration: { level },
    properties: { tags: ["linux", "kvm", "guest_memfd", "reference counting"], precision: "very-high" },
  };
}

function* resultsOf(entry: Entry): Generator<Object> {
  if (entry.kind === "unread") return;
  if (entry.kind === "recording") {
    for (const problem of entry.problems) yield problemResult(problem, entry);
    return;
  }
  for (const problem of entry.problems)
    yield problemResult(problem, problem.state === "absent" ? entry.before : entry.after);
  yield* differenceResults(entry);
}

function problemResult({ finding, fingerprint, times, steps, state }: Problem, { trace }: RecordingEntry): Object {
  const here = location(pathOf(trace.path, finding.file), finding.line);
  const evidence = steps.filter((s) => s.evidence && s.line !== undefined && finding.file === undefined);
  return {
    ruleId: finding.rule,
    ruleIndex: RULE_INDEX.get(finding.rule)!,
    level: finding.severity,
    message: message(finding.message),
    locations: [{ ...here, logicalLocations: [{ name: printable(timeless(finding.object)), kind: "resource" }] }],
    ...(evidence.length === 0
      ? {}
      : {
          relatedLocations: evidence.map((step, id) => ({
            id,
            ...location(trace.path, step.line),
            message: message(stepText(step)),
          })),
        }),
    ...(steps.length === 0
      ? {}
      : { codeFlows: [{ threadFlows: threadFlows(steps, trace.path, finding.file !== undefined) }] }),
    partialFingerprints: { [FINGERPRINT]: fingerprint },
    occurrenceCount: times,
    ...(state === undefined ? {} : { baselineState: state }),
    properties: {
      object: printable(finding.object),
      event: finding.event,
      time: printable(finding.time),
      task: printable(finding.task),
      ...(finding.unreturned ? { missing: printable(finding.unreturned.put) } : {}),
    },
  };
}

/**
 * Makes a flow for each task, ordered by event among them. `several`: the recording has several files, and the file of
 * a line is not known.
 */
function threadFlows(steps: readonly ShownStep[], path: string, several: boolean): Json[] {
  const byTask = new Map<string, ShownStep[]>();
  for (const step of steps) byTask.set(step.task, [...(byTask.get(step.task) ?? []), step]);
  return [...byTask].map(([task, own]) => ({
    id: printable(task) || "unknown",
    locations: own.map((step) => ({
      location: { ...location(path, several ? undefined : step.line), message: message(stepText(step)) },
      executionOrder: step.seq,
      importance: step.evidence ? "essential" : "unimportant",
      ...(step.role === undefined
        ? {}
        : { kinds: [...(step.role === "get" ? ["acquire"] : step.role === "put" ? ["release"] : []), "resource"] }),
    })),
  }));
}

function stepText({ seq, what, did }: ShownStep): string {
  return `event ${seq}: ${what}${did.map((text) => `; ${text}`).join("")}`;
}

/** Repeats of a difference are one result. */
function* differenceResults({ before, after, diff }: ComparisonEntry): Generator<Object> {
  const groups = new Map<string, { readonly difference: Difference; times: number }>();
  for (const difference of diff.differences) {
    // Findings are results of their own already.
    if (difference.kind === "finding-introduced" || difference.kind === "finding-fixed") continue;
    const fingerprint = differenceFingerprint(difference);
    const known = groups.get(fingerprint);
    if (known) known.times++;
    else groups.set(fingerprint, { difference, times: 1 });
  }
  for (const [fingerprint, { difference, times }] of groups) {
    const path = difference.after ? after.trace.path : before.trace.path;
    yield {
      ruleId: difference.kind,
      ruleIndex: RULE_INDEX.get(difference.kind)!,
      level: "note",
      message: message(`${difference.where}: ${difference.message}`),
      locations: [location(path, (difference.after ?? difference.before)?.line)],
      ...(difference.before && difference.after
        ? {
            relatedLocations: [
              { id: 0, ...location(before.trace.path, difference.before.line), message: { text: "before" } },
            ],
          }
        : {}),
      partialFingerprints: { [FINGERPRINT]: fingerprint },
      occurrenceCount: times,
      baselineState: "new",
    };
  }
}

function artifact({ trace, environment }: RecordingEntry): Json {
  const remarks: { [name: string]: Json[] } = Object.create(null) as { [name: string]: Json[] };
  for (const { name, text } of environment) (remarks[printable(name)] ??= []).push(printable(text));
  return {
    location: { uri: uriOf(trace.path) },
    roles: ["analysisTarget"],
    properties: { format: trace.format, events: trace.events, lost: trace.lost, environment: remarks },
  };
}

function notification({ path, line, what }: UnreadEntry): Json {
  return { level: "error", message: message(what), locations: [location(path, line)] };
}

function location(path: string, line: number | undefined): Object {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path) },
      ...(line === undefined || line < 1 ? {} : { region: { startLine: line } }),
    },
  };
}

/** Relative to the working directory, as the path was given. */
function uriOf(path: string): string {
  const encoded = path
    .replaceAll(/\p{Cs}/gu, "\ufffd")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  return isAbsolute(path) ? `file://${encoded}` : encoded;
}

/** Escapes brackets, which would make a link, and braces, which would make a placeholder. */
function message(text: string): Object {
  return {
    text:
      printable(text)
        .replaceAll(/[\\[\]]/g, "\\$&")
        .replaceAll(/[{}]/g, "$&$&") || " ",
  };
}
