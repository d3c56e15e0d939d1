/**
 * Prints the outcome of each fault, grouped by operation of the scenario:
 *
 *     4: gmem g v 64K = 5
 *         12  kzalloc(sizeof(*gmem))  ENOMEM  = -1 ENOMEM, 3 other lines differ
 *         13  xa_store(…)             ENOMEM  no change
 */
import { errnoName } from "../base/errno.js";
import type { Finding } from "../check/finding.js";
import { printable } from "../base/trouble.js";
import type { Scenario } from "../scenario/types.js";
import type { FaultRun, FaultWalk, PlannedFault } from "../workload/faults.js";
import { findingJson, type Json, VERSION } from "./json.js";
import { outcomeJson } from "./simulation-json.js";
import type { Style } from "./style.js";
import { indent, plural, wrap } from "../base/text.js";

/** Number of faults walked, and of the findings among their runs. */
export interface FaultTally {
  faults: number;
  findings: number;
}

/** Counts the troubles of a run: findings, tasks that wait forever, functions that threw. */
export function wrongs({ findings, waiting, failure }: FaultRun): number {
  return findings.length + waiting.length + (failure ? 1 : 0);
}

/** Prints runs as they come. */
export class FaultPrinter {
  readonly tally: FaultTally = { faults: 0, findings: 0 };
  readonly #widths: { readonly number: number; readonly site: number; readonly errno: number };
  readonly #plain: ReadonlyMap<number, string>;
  #group: number | undefined;

  constructor(
    private readonly walk: FaultWalk,
    private readonly context: { readonly style: Style; readonly width: number; print(line: string): void },
  ) {
    const widest = (text: (fault: PlannedFault) => string): number =>
      Math.max(0, ...walk.planned.map((fault) => text(fault).length));
    this.#widths = {
      number: widest(({ point }) => String(point.number)),
      site: widest(({ point }) => printable(point.fault.site)),
      errno: widest(({ errno }) => errnoName(errno)),
    };
    this.#plain = new Map(walk.plain.outcomes.map(({ line, text }) => [line.line, text]));
  }

  heading(scenario: Scenario): void {
    const { style, print } = this.context;
    print(
      style.bold(
        printable(
          `${scenario.path} on ${this.walk.plain.kernel}: ${plural(this.walk.planned.length, "fault")}, one at a time`,
        ),
      ),
    );
    if (this.walk.findings.length === 0) return;
    print(
      `${style.red(plural(this.walk.findings.length, "finding"))} without any fault, not repeated below: kreel simulate without --fail shows ${this.walk.findings.length === 1 ? "it" : "them"}`,
    );
  }

  add(run: FaultRun): void {
    const { style, print } = this.context;
    this.tally.faults++;
    this.tally.findings += wrongs(run);
    const { point, errno } = run;
    const line = point.line?.line ?? 0;
    if (line !== this.#group) {
      this.#group = line;
      print("");
      print(
        point.line
          ? `${line}: ${style.bold(printable(this.#plain.get(line) ?? point.line.text))}${point.line.thread === undefined ? "" : ` (${printable(point.line.thread)})`}`
          : style.bold("in no operation"),
      );
    }
    const { number, site, errno: name } = this.#widths;
    print(
      `    ${String(point.number).padStart(number)}  ${printable(point.fault.site).padEnd(site)}  ${errnoName(errno).padEnd(name)}  ${cameTo(run, style)}`,
    );
    for (const wrong of this.#wrongs(run)) print(wrong);
  }

  #wrongs(run: FaultRun): string[] {
    const { style, width } = this.context;
    const pad = this.#widths.number + 6;
    const lines = (mark: string, text: string): string[] =>
      indent(
        [`${style.red("!")} ${mark}`, ...indent(wrap(printable(text), width - pad - 2), 2)].filter(
          (line) => line.trim() !== "",
        ),
        pad,
      );
    return [
      ...run.findings.flatMap((finding) => lines(headOf(finding, style), finding.message)),
      ...run.waiting.map(
        (w) => indent([`${style.red("!")} deadlock: ${printable(w.task)} waits for ${printable(w.for)}`], pad)[0]!,
      ),
      ...(run.failure ? lines("the run ended", run.failure.message) : []),
    ];
  }

  summary(): void {
    const { style, print } = this.context;
    const { faults, findings } = this.tally;
    const skipped =
      this.walk.skipped > 0
        ? `; ${this.walk.skipped} more lie in operations that repeat these word for word, and were not walked`
        : "";
    print("");
    print(
      `${plural(faults, "fault")}, ${findings === 0 ? style.green("0 findings") : style.red(plural(findings, "finding"))}${skipped}`,
    );
  }
}

function headOf({ object, rule, line }: Finding, style: Style): string {
  return `${style.bold(printable(object))} [${rule}]${line === undefined ? "" : ` at line ${line}`}`;
}

/** Returns the outcome that user space saw. */
function cameTo(run: FaultRun, style: Style): string {
  const { outcome, changed, others, point, simulation } = run;
  const more = others > 0 ? `${plural(others, "other line")} ${others === 1 ? "differs" : "differ"}` : "";
  if (!simulation) return "";
  if (!changed) return more === "" ? style.dim("no change") : `no change here, ${more}`;
  const result = outcome ? printable(outcome.text.slice(point.line!.text.length + 1)) : "never ends";
  return more === "" ? result : `${result}${style.dim(`, ${more}`)}`;
}

export function faultsJson(
  scenario: Scenario,
  walk: FaultWalk,
  runs: readonly FaultRun[],
): { readonly [name: string]: Json } {
  return {
    kreel: "simulate",
    version: VERSION,
    kernel: walk.plain.kernel,
    scenario: scenario.path,
    output: walk.plain.outcomes.map(outcomeJson),
    findings: walk.findings.map(findingJson),
    faults: runs.map((run) => ({
      fault: run.point.number,
      ...(run.point.line ? { line: run.point.line.line, operation: run.point.line.text } : {}),
      task: run.point.task,
      site: run.point.fault.site,
      nth: run.nth,
      error: errnoName(run.errno),
      outcome: run.outcome ? outcomeJson(run.outcome) : null,
      changed: run.changed,
      others: run.others,
      findings: run.findings.map(findingJson),
      waiting: run.waiting.map((w) => ({ task: w.task, for: w.for })),
      ...(run.failure ? { failure: run.failure.message } : {}),
    })),
    summary: { faults: runs.length, findings: runs.reduce((sum, run) => sum + wrongs(run), 0), skipped: walk.skipped },
  };
}
