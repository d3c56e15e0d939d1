/** The summary of a replay: what was read, which objects lived and died, and the verdict of the rules. */
import { formatOf } from "../read/formats.js";
import { printable } from "../base/trouble.js";
import type { ObjectCounts, OperationSummary, Replay, TraceSummary } from "../replay/replay.js";
import type { Judgement } from "../check/checker.js";
import type { Style } from "./style.js";
import { list, plural, table } from "../base/text.js";

/** `FILE: ftrace, 2472 events in 25.06 s, 7 tasks`, and the defects of the recording. */
export function traceLine(trace: TraceSummary): string {
  const parts = [
    `${plural(trace.events, "event")}${trace.seconds > 0 ? ` in ${trace.seconds.toFixed(2)} s` : ""}`,
    plural(trace.tasks, "task"),
  ];
  if (trace.lost > 0) parts.push(`${trace.lost} lost`);
  if (trace.unknown > 0) parts.push(`${trace.unknown} of other operations`);
  if (trace.skipped > 0) parts.push(`${plural(trace.skipped, "line")} skipped`);
  return `${printable(trace.path)}: ${trace.format}, ${parts.join(", ")}`;
}

/** The kinds in the recording, with the numbers of births and deaths seen. */
export function objectLines(objects: Readonly<Record<string, ObjectCounts>>): string[] {
  const rows = Object.entries(objects).filter(([, { born, died, live }]) => born + died + live > 0);
  if (rows.length === 0) return [];
  return table(
    [["", "born", "died", "live"], ...rows.map(([kind, c]) => [kind, String(c.born), String(c.died), String(c.live)])],
    ["left", "right", "right", "right"],
  );
}

/** `12 operations: 2 kvm_gmem_create (1 ENFILE), 1 kvm_init, …`, most frequent first. */
export function operationsLine(operations: Iterable<OperationSummary>): string {
  let all = 0;
  const tallies = new Map<string, { times: number; errors: Map<string, number> }>();
  for (const { name, error } of operations) {
    all++;
    let tally = tallies.get(name);
    if (!tally) tallies.set(name, (tally = { times: 0, errors: new Map() }));
    tally.times++;
    if (error !== undefined) tally.errors.set(error, (tally.errors.get(error) ?? 0) + 1);
  }
  if (tallies.size === 0) return "no operation touches guest_memfd";
  const parts = [...tallies]
    .sort(([, a], [, b]) => b.times - a.times)
    .map(
      ([name, { times, errors }]) =>
        `${times} ${name}${errors.size === 0 ? "" : ` (${[...errors].map(([error, n]) => `${n} ${error}`).join(", ")})`}`,
    );
  return `${plural(all, "operation")}: ${parts.join(", ")}`;
}

const NO_FINDINGS = "no findings";

/** Claims the absence of findings only for what was read. */
export function noFindings({ events, lost, skipped }: Pick<TraceSummary, "events" | "lost" | "skipped">): string {
  if (events === 0) return `${NO_FINDINGS}: there is no event to judge`;
  return lost + skipped > 0 ? `${NO_FINDINGS} in what could be read` : NO_FINDINGS;
}

/** The verdict of the rules in one sentence. */
export function verdictLine(
  replay: Pick<Replay, "trace" | "findings" | "hazards" | "judgements">,
  style: Style,
): string {
  const { findings, hazards } = replay;
  const none = noFindings(replay.trace);
  const found =
    findings.length > 0
      ? style.red(plural(findings.length, "finding"))
      : none === NO_FINDINGS
        ? style.green(none)
        : style.yellow(none);
  const hazard = hazards.length === 0 ? "" : `, ${style.yellow(plural(hazards.length, "hazard"))}`;
  const blind = blindWords(replay.judgements);
  return `${found}${hazard}${blind === "" ? "" : `; ${blind}`}`;
}

/** `judged 12 of 14 rules`, and the rules for which the recording is not enough; empty if all were judged. */
export function blindWords(judgements: readonly Judgement[]): string {
  const unsure = judgements.filter(({ verdict }) => verdict === "cannot tell");
  if (unsure.length === 0) return "";
  return `judged ${judgements.length - unsure.length} of ${judgements.length} rules, not enough was recorded to judge ${list(unsure.map(({ rule }) => rule))}`;
}

/**
 * Names the operations and arguments that must be recorded to judge the other rules; an operation that does not happen
 * shows none.
 */
export function unseenLine(judgements: readonly Judgement[]): string {
  const needed = new Map<string, Set<string>>();
  for (const { verdict, unseen } of judgements) {
    if (verdict !== "cannot tell") continue;
    for (const need of unseen) {
      const [event, argument] = need.split(".") as [string, string];
      needed.set(event, (needed.get(event) ?? new Set()).add(argument));
    }
  }
  if (needed.size === 0) return "";
  if (needed.size > 8)
    return "to judge the others, record with the probes of `kreel record`, a run in which their operations happen";
  return `to judge the others, record ${list(Array.from(needed, ([event, args]) => `${event} (${[...args].join(", ")})`))}, and a run in which they happen`;
}

/** Replaces the verdict if the format shows no objects: function_graph. */
export const NO_VERDICTS = "no verdicts: the recording shows what ran, not on which objects";

/** Lists disagreements of the ledger with the recording's own counts, and missing halves of calls. */
export function doubtLines(replay: Pick<Replay, "counts" | "missing">): string[] {
  const lines: string[] = [];
  const { explained, unexplained, shown } = replay.counts;
  for (const [why, n] of explained) lines.push(`${plural(n, "count")} not as reckoned, explained: ${why}`);
  if (unexplained > 0) {
    const first = shown.find((d) => !d.explanation);
    const example = first
      ? `; the first: ${first.object} at event ${first.event}, ${first.expected} expected, ${first.observed} printed`
      : "";
    lines.push(`${plural(unexplained, "count")} not as reckoned, for no known reason${example}`);
  }
  const { total, shown: halves } = replay.missing;
  if (total > 0) {
    const first = halves[0];
    lines.push(
      `${plural(total, "call")} without ${total === 1 ? "its" : "their"} entry or return${first ? `; the first: the ${first.missing} of ${first.operation} at event ${first.seq}` : ""}`,
    );
  }
  return lines.map(printable);
}

/** With everything judged: the number of objects outside guest_memfd that no rule could judge. */
export function strangersLine({ strangers }: Pick<Replay, "strangers">): string {
  if (!strangers || strangers.objects === 0) return "";
  const { objects, judged } = strangers;
  return `${plural(objects, "object")} that ${objects === 1 ? "is" : "are"} not guest_memfd's: ${judged === objects ? "judged" : `no rule could judge ${objects - judged} of them`}; who is to hold them no rule knows`;
}

export function summaryLines(replay: Replay, style: Style): string[] {
  const head = [style.bold(traceLine(replay.trace))];
  const objects = objectLines(replay.objects);
  const { callsOnly } = formatOf(replay.trace.format) ?? {};
  const verdict = callsOnly ? NO_VERDICTS : verdictLine(replay, style);
  const unseen = callsOnly ? "" : unseenLine(replay.judgements);
  return [
    ...head,
    "",
    ...(objects.length > 0 ? [...objects, ""] : []),
    operationsLine(replay.eachOperation()),
    verdict,
    ...[unseen, strangersLine(replay)].filter((line) => line !== ""),
    ...doubtLines(replay),
  ];
}
