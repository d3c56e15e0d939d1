/**
 * The differences of two simulated kernels: their first divergence, the diff of their runs, and the differences of
 * their error paths by operation of the scenario, then by difference.
 */
import { type ErrorPath, errorOf, isSame, type KernelDiff, wrongOf } from "../compare/kernels.js";
import { printable } from "../base/trouble.js";
import type { FaultRun } from "../workload/faults.js";
import { diffLines } from "./diff-text.js";
import { diffJson, findingJson, type Json } from "./json.js";
import { outcomeJson } from "./simulation-json.js";
import type { Style } from "./style.js";
import { indent, plural, wrap } from "../base/text.js";

export interface KernelNames {
  readonly before: string;
  readonly after: string;
}

export function kernelDiffLines(diff: KernelDiff, names: KernelNames, style: Style, width: number): string[] {
  const first = diff.firstDivergence;
  const where = first && `${first.where}${first.line === undefined ? "" : ` (line ${first.line})`}`;
  const who =
    first &&
    (first.before === null
      ? `only ${names.after}`
      : first.after === null
        ? `only ${names.before}`
        : "both, differently");
  const head = first
    ? `they part in ${style.bold(printable(where!))}: ${printable(first.text)} — ${who}`
    : "they do not part";
  return [head, "", ...diffLines(diff, style), "", ...errorPathLines(diff, names, style, width)];
}

function errorPathLines(
  { errorPaths, skipped }: KernelDiff,
  names: KernelNames,
  style: Style,
  width: number,
): string[] {
  const differing = errorPaths.filter((path) => !isSame(path));
  const same = errorPaths.length - differing.length;
  const only = (side: "before" | "after"): number =>
    errorPaths.filter((path) => !path[side === "before" ? "after" : "before"]).length;
  const parts = [
    `${same} the same`,
    ...(
      [
        [differing.length - only("before") - only("after"), "different"],
        [only("before"), `only on ${names.before}`],
        [only("after"), `only on ${names.after}`],
      ] as const
    )
      .filter(([n]) => n > 0)
      .map(([n, what]) => `${n} ${what}`),
  ];
  const left =
    skipped > 0 ? `; ${skipped} more lie in operations that repeat others word for word, and were not walked` : "";
  const lines = [
    `${style.bold("error paths:")} ${plural(errorPaths.length, "fault")}, one at a time: ${parts.join(", ")}${left}`,
  ];
  const byLine = new Map<number, ErrorPath[]>();
  for (const path of differing) {
    const line = path.line?.line ?? 0;
    byLine.set(line, [...(byLine.get(line) ?? []), path]);
  }
  for (const [line, paths] of byLine) {
    lines.push(
      "",
      line === 0 ? style.bold("in no operation") : `${line}: ${style.bold(printable(paths[0]!.line!.marker))}`,
    );
    for (const [what, alike] of grouped(paths, names))
      lines.push(
        ...indent(wrap(alike.map(siteText).join("; "), width - 4), 4),
        ...what.flatMap((text) => indent(coloured(text, width, style), 6)),
      );
  }
  return lines;
}

/** Groups faults that make the same difference. */
function grouped(paths: readonly ErrorPath[], names: KernelNames): [readonly string[], ErrorPath[]][] {
  const groups = new Map<string, [readonly string[], ErrorPath[]]>();
  for (const path of paths) {
    const what = differenceOf(path, names);
    const key = what.join("\n");
    const group = groups.get(key);
    if (group) group[1].push(path);
    else groups.set(key, [what, [path]]);
  }
  return [...groups.values()];
}

function siteText(path: ErrorPath): string {
  return printable(`${path.site} ${errorOf(path)}${path.nth > 1 ? ` (the ${path.nth}. there)` : ""}`);
}

function differenceOf(path: ErrorPath, names: KernelNames): string[] {
  const { before, after, outcome, added, removed, changed } = path;
  if (!before || !after) {
    const [run, name] = before ? [before, names.before] : [after!, names.after];
    return [`only on ${name}: ${cameTo(path, run)}`, ...wrongOf(run).map((wrong) => `! ${wrong}`)];
  }
  const counts = (sign: string, of: ReadonlyMap<string, number>): string[] =>
    [...of].map(([operation, n]) => `${sign}${operation}${n > 1 ? `×${n}` : ""}`);
  const calls = [...counts("+", added), ...counts("-", removed), ...counts("~", changed)];
  const wrong = (run: FaultRun, other: FaultRun, name: string): string[] =>
    wrongOf(run)
      .filter((text) => !wrongOf(other).includes(text))
      .map((text) => `! only on ${name}: ${text}`);
  return [
    ...(calls.length > 0 ? [calls.join(" ")] : []),
    ...(outcome ? [`~ ${cameTo(path, before)} → ${cameTo(path, after)}`] : []),
    ...wrong(before, after, names.before),
    ...wrong(after, before, names.after),
  ];
}

/** `= -1 ENOMEM`. */
function cameTo({ line }: ErrorPath, { outcome, failure, waiting }: FaultRun): string {
  if (outcome && line) return printable(outcome.text.slice(line.text.length + 1));
  return failure ? "the run ended" : waiting.length > 0 ? "never ends" : "no operation of the scenario sees it";
}

function coloured(text: string, width: number, style: Style): string[] {
  const lines = wrap(printable(text), width - 6);
  if (text.startsWith("!")) return lines.map(style.red);
  return lines;
}

export function kernelDiffJson(diff: KernelDiff): { readonly [name: string]: Json } {
  const { firstDivergence: first, errorPaths, skipped } = diff;
  const site = (at: { readonly event: number } | null): Json => at && { event: at.event };
  return {
    ...diffJson(diff),
    firstDivergence: first && {
      where: first.where,
      ...(first.line === undefined ? {} : { line: first.line }),
      operation: first.operation,
      text: first.text,
      before: site(first.before),
      after: site(first.after),
    },
    errorPaths: errorPaths.map((path) => ({
      ...(path.line ? { line: path.line.line, operation: path.line.text } : {}),
      task: path.task,
      site: path.site,
      nth: path.nth,
      error: errorOf(path),
      same: isSame(path),
      before: sideJson(path.before),
      after: sideJson(path.after),
      added: Object.fromEntries(path.added),
      removed: Object.fromEntries(path.removed),
      changed: Object.fromEntries(path.changed),
    })),
    skippedFaults: skipped,
  };
}

function sideJson(run: FaultRun | undefined): Json {
  if (!run) return null;
  return {
    fault: run.point.number,
    outcome: run.outcome ? outcomeJson(run.outcome) : null,
    findings: run.findings.map(findingJson),
    waiting: run.waiting.map((w) => ({ task: w.task, for: w.for })),
    ...(run.failure ? { failure: run.failure.message } : {}),
  };
}
