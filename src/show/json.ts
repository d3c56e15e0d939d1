/** The documents of `--json`, exactly as documented for the commands, with additional fields. */
import type { Finding } from "../check/finding.js";
import type { Diff, Hunk, SameStep, Site } from "../compare/types.js";
import type { Conformance } from "../conform/verdict.js";
import { escaped } from "../base/json-text.js";
import type { Replay, TraceSummary } from "../replay/replay.js";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A document; a long list in it is generated while it is written. */
export type JsonDocument = { readonly [name: string]: Json | Iterable<Json> };

export const VERSION = 1;

function traceJson(trace: TraceSummary): Json {
  const { path, format, events, lost, skipped, tasks, seconds, unknown, warnings } = trace;
  return { path, format, events, lost, skipped, tasks, seconds, unknown, warnings };
}

export function findingJson(finding: Finding): Json {
  const { rule, severity, object, event, file, line, time, task, message, evidence, steps } = finding;
  return {
    rule,
    severity,
    object,
    event,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    time,
    task,
    message,
    evidence,
    steps: steps.map(({ seq, note }) => ({ event: seq, note })),
  };
}

function* operationsJson(replay: Replay): Generator<Json> {
  for (const { name, task, event, result, error } of replay.eachOperation())
    yield { name, task, event, ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) };
}

export function replayJson(replay: Replay): JsonDocument {
  const { trace, objects, findings, hazards, rules, judgements, counts, missing, recording } = replay;
  const { report, tables } = recording;
  return {
    kreel: "replay",
    version: VERSION,
    trace: traceJson(trace),
    objects: Object.fromEntries(
      Object.entries(objects).map(([kind, { born, died, live }]) => [kind, { born, died, live }]),
    ),
    operations: operationsJson(replay),
    findings: findings.map(findingJson),
    hazards: hazards.map(findingJson),
    rules: Object.fromEntries(
      [...rules].map(([rule, { wrong, fine, cannotTell }]) => [rule, { wrong, fine, cannotTell }]),
    ),
    judgements: judgements.map(({ rule, verdict, unseen }) => ({ rule, verdict, unseen: [...unseen] })),
    counts: {
      explained: Object.fromEntries(counts.explained),
      unexplained: counts.unexplained,
      shown: counts.shown.map(({ object, event, expected, observed, explanation }) => ({
        object,
        event,
        expected,
        observed,
        explanation,
      })),
    },
    missing: {
      total: missing.total,
      shown: missing.shown.map(({ operation, missing: half, seq, task }) => ({
        operation,
        missing: half,
        event: seq,
        task: tables.tasks.get(task).name,
      })),
    },
    ...(replay.strangers ? { strangers: { ...replay.strangers } } : {}),
    unknown: Object.fromEntries(report.unknownByName),
    arguments: report.arguments.saved() as unknown as Json,
    skipped: report.firstSkipped.map(({ file, line, text }) => ({
      ...(file === undefined ? {} : { file }),
      line,
      text,
    })),
  };
}

export function diffJson(diff: Diff): { readonly [name: string]: Json } {
  return {
    kreel: "diff",
    version: VERSION,
    before: traceJson(diff.before),
    after: traceJson(diff.after),
    differences: diff.differences.map(({ kind, where, operation, object, before, after, message }) => ({
      kind,
      where,
      ...(operation === undefined ? {} : { operation }),
      ...(object === undefined ? {} : { object }),
      before: before && siteJson(before),
      after: after && siteJson(after),
      message,
    })),
    summary: diff.summary as unknown as Json,
    incomparable: diff.incomparable.map(({ reason, missing, operation, argument, rule, times, first, message }) => ({
      reason,
      missing,
      ...(operation === undefined ? {} : { operation }),
      ...(argument === undefined ? {} : { argument }),
      ...(rule === undefined ? {} : { rule }),
      times,
      first: first && siteJson(first),
      message,
    })),
  };
}

/** The hunks that the text of a diff prints. */
export function hunksJson(hunks: readonly Hunk[]): Json {
  const site = (at: Site | null): Json => at && siteJson(at);
  return hunks.map(({ where, times, before, after, lines }) => ({
    where,
    times,
    before: site(before),
    after: site(after),
    lines: lines.map((line) => ({
      mark: line.mark,
      depth: line.depth,
      text: line.text,
      ...(line.textBefore === undefined ? {} : { textBefore: line.textBefore }),
      before: site(line.before),
      after: site(line.after),
    })),
  }));
}

export function sameJson(same: readonly SameStep[]): Json {
  return same.map(({ where, text, before, after }) => ({
    where,
    text,
    before: siteJson(before),
    after: siteJson(after),
  }));
}

function siteJson(site: Site): Json {
  return { event: site.event, ...(site.line === undefined ? {} : { line: site.line }) };
}

export function conformJson({ verdict, reasons, kernel, scenario, trace, events, states, blocked }: Conformance): {
  readonly [name: string]: Json;
} {
  return {
    kreel: "conform",
    version: VERSION,
    verdict,
    reasons,
    kernel,
    scenario,
    trace: traceJson(trace),
    events: { total: events.total, explained: events.explained },
    states,
    blocked: blocked.map((state) =>
      state.map(({ task, during, step, reason, event, file, line }) => ({
        task,
        during,
        step,
        reason,
        ...(event === undefined ? {} : { event }),
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { line }),
      })),
    ),
  };
}

/**
 * Writes a document in pieces: a field per line, and an element per line in its lists, so that a long document is never
 * one string and suits `grep`. Control characters are escaped; the values stay the same.
 */
export function* jsonText(document: JsonDocument): Generator<string> {
  yield "{\n";
  const entries = Object.entries(document);
  for (const [k, [name, value]] of entries.entries()) {
    yield `  ${stringify(name)}: `;
    if (isList(value)) yield* listText(value);
    else yield stringify(value);
    yield k === entries.length - 1 ? "\n" : ",\n";
  }
  yield "}\n";
}

function isList(value: Json | Iterable<Json>): value is Iterable<Json> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function* listText(values: Iterable<Json>): Generator<string> {
  let before = "";
  for (const value of values) {
    yield before === "" ? "[\n" : ",\n";
    yield (before = `    ${stringify(value)}`);
  }
  yield before === "" ? "[]" : "\n  ]";
}

function stringify(value: Json): string {
  return escaped(JSON.stringify(value));
}
