/** The differences of two recordings, in the style of `git diff --stat` and of its hunks. */
import { printable } from "../base/trouble.js";
import type { Diff, Hunk, Incomparable, HunkLine, Site } from "../compare/types.js";
import type { Style } from "./style.js";
import { traceLine } from "./summary.js";
import { plural } from "../base/text.js";

/** Most marks in one row of the stat table; beyond, marks are to scale. */
const BAR = 40;

export function diffLines(diff: Diff, style: Style): string[] {
  const head = [`${style.bold("---")} ${traceLine(diff.before)}`, `${style.bold("+++")} ${traceLine(diff.after)}`, ""];
  const unknown = incomparableLines(diff, style);
  const nothing = unknown.length === 0 ? "no differences" : "no differences in what both recordings show";
  if (diff.differences.length === 0 && diff.hunks.length === 0)
    return [...head, nothing, summaryLine(diff), ...unknown];
  const told = toldLines(diff, style);
  return [
    ...head,
    ...statLines(diff, style),
    summaryLine(diff),
    ...diff.hunks.flatMap((hunk) => ["", ...hunkLines(hunk, style)]),
    ...(told.length > 0 ? [""] : []),
    ...told,
    ...unknown,
  ];
}

/** Lists what was left out of the comparison; empty if everything was compared. */
export function incomparableLines({ incomparable }: Pick<Diff, "incomparable">, style: Style): string[] {
  if (incomparable.length === 0) return [];
  const where = ({ missing, first }: Incomparable): string =>
    missing === "before" ? sites(null, first) : sites(first, null);
  return [
    "",
    "not compared:",
    ...incomparable.map((one) => ` ${style.yellow("?")} ${printable(one.message)}${where(one)}`),
  ];
}

/** Lists the differences that are no calls: states and findings. */
export function toldLines(diff: Diff, style: Style): string[] {
  const told = diff.differences.filter(
    (d) => d.kind === "state-changed" || d.kind === "finding-introduced" || d.kind === "finding-fixed",
  );
  return told.map(
    (d) => `${toldMark(d.kind, style)} ${printable(d.where)}: ${printable(d.message)}${sites(d.before, d.after)}`,
  );
}

function toldMark(kind: string, style: Style): string {
  if (kind === "finding-introduced") return style.red("! introduced:");
  if (kind === "finding-fixed") return style.green("! fixed:");
  return style.yellow("~");
}

function sites(before: Site | null, after: Site | null): string {
  const parts = [
    ...(before ? [`before: event ${before.event}`] : []),
    ...(after ? [`after: event ${after.event}`] : []),
  ];
  return parts.length === 0 ? "" : `  (${parts.join(", ")})`;
}

/** Numbers of differences of one outermost operation. */
export interface Stat {
  added: number;
  removed: number;
  changed: number;
}

/** By outermost operation, in the order of the differences. */
export function statsOf({ differences }: Pick<Diff, "differences">): ReadonlyMap<string, Readonly<Stat>> {
  const stats = new Map<string, Stat>();
  for (const d of differences) {
    let stat = stats.get(d.where);
    if (!stat) stats.set(d.where, (stat = { added: 0, removed: 0, changed: 0 }));
    if (d.kind === "operation-added" || d.kind === "finding-introduced") stat.added++;
    else if (d.kind === "operation-removed" || d.kind === "finding-fixed") stat.removed++;
    else stat.changed++;
  }
  return stats;
}

/** ` load kvm-amd | 12 ++++++++~--`, one row per outermost operation. */
export function statLines(diff: Diff, style: Style): string[] {
  const rows = [...statsOf(diff)].map(([where, stat]) => ({
    where: printable(where),
    stat,
    total: stat.added + stat.removed + stat.changed,
  }));
  const most = Math.max(1, ...rows.map((r) => r.total));
  const scale = (n: number): number => (n === 0 ? 0 : most <= BAR ? n : Math.max(1, Math.round((n * BAR) / most)));
  const name = Math.max(0, ...rows.map((r) => r.where.length));
  const digits = String(most).length;
  return rows.map(
    ({ where, stat, total }) =>
      ` ${where.padEnd(name)} | ${String(total).padStart(digits)} ${style.green("+".repeat(scale(stat.added)))}${style.yellow("~".repeat(scale(stat.changed)))}${style.red("-".repeat(scale(stat.removed)))}`,
  );
}

export function summaryLine(diff: Pick<Diff, "summary">): string {
  const { operations: o, results: r, state: s } = diff.summary;
  const parts = [`${plural(o.same, "operation")} the same`];
  for (const [n, what] of [
    [o.added, "added"],
    [o.removed, "removed"],
    [o.replaced, "replaced"],
    [o.reordered, "reordered"],
  ] as const)
    if (n > 0) parts.push(`${n} ${what}`);
  if (r.changed > 0) parts.push(`${plural(r.changed, "result")} changed`);
  if (s.changed > 0) parts.push(`${plural(s.changed, "state")} changed`);
  return ` ${parts.join(", ")}`;
}

/** `@@ load kvm-amd @@ before: event 812, line 826; after: …` and the calls around the difference. */
export function hunkLines(hunk: Hunk, style: Style): string[] {
  const at = [site("-", hunk.before), site("+", hunk.after)].filter((s) => s !== "").join(" ");
  const times = hunk.times > 1 ? `  (${hunk.times} times)` : "";
  const digits = Math.max(
    1,
    ...hunk.lines.map((l) => String(Math.max(l.before?.event ?? 0, l.after?.event ?? 0)).length),
  );
  return [
    `${style.cyan(`@@ ${at} @@`)} ${style.bold(printable(hunk.where))}${times}`,
    ...hunk.lines.map((line) => hunkLine(line, digits, style)),
  ];
}

function site(sign: string, at: Site | null): string {
  return at ? `${sign}${at.event}${at.line === undefined ? "" : `:${at.line}`}` : "";
}

function hunkLine(line: HunkLine, digits: number, style: Style): string {
  const event = (at: Site | null): string => (at ? String(at.event) : "").padStart(digits);
  const text = `${line.mark === "=" ? " " : line.mark} ${event(line.before)} ${event(line.after)}  ${"  ".repeat(line.depth)}${printable(line.text)}`;
  switch (line.mark) {
    case "+":
      return style.green(text);
    case "-":
      return style.red(text);
    case "~":
      return style.yellow(text);
    case "=":
      return text;
  }
}
