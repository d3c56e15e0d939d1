/** Findings with their evidence, headed as a compiler heads them: `FILE:LINE: error: what [rule]`. */
import type { Finding } from "../check/finding.js";
import { printable } from "../base/trouble.js";
import type { Step } from "../reduce/objects.js";
import { changeText } from "../describe/changes.js";
import type { Row } from "../describe/chronicle.js";
import { sideBySide } from "./columns.js";
import type { Style } from "./style.js";
import { indent, pathOf, plural, table, wrap } from "../base/text.js";

/** Steps beside the evidence that are shown. */
const OTHER_STEPS = 6;

/** What a step does with the object that a finding is about. */
export type Role = "get" | "hand-over" | "put";

/** One line of evidence. */
export interface ShownStep {
  readonly seq: number;
  /** Absent where the format has none, or where it is too long ago to be known. */
  readonly line?: number;
  readonly role?: Role;
  readonly task: string;
  readonly time: string;
  readonly what: string;
  /** What it did, one phrase an object. */
  readonly did: readonly string[];
  /** The finding names this event as its evidence. */
  readonly evidence: boolean;
}

export interface FindingContext {
  readonly path: string;
  readonly style: Style;
  readonly width: number;
  /** The steps of a finding, as they were known when it was made. */
  steps(finding: Finding): readonly ShownStep[];
}

/** How the names of a recording's numbers are known. */
export interface StepNames {
  row(seq: number): Row | undefined;
  task(id: number): string;
  /** The operation of a point; of its return, `… returns`. */
  operation(point: number): string;
}

/** Steps and evidence together, in order, each as fully as it is known. */
export function stepsOf(finding: Finding, names: StepNames): ShownStep[] {
  const evidence = new Set(finding.evidence);
  const steps = new Map<number, Step | undefined>([...finding.evidence, finding.event].map((seq) => [seq, undefined]));
  for (const step of finding.steps) if (!steps.get(step.seq)?.note) steps.set(step.seq, step);
  return [...steps]
    .sort(([a], [b]) => a - b)
    .map(([seq, step]) => {
      const row = names.row(seq);
      if (row) return stepOf(row, finding);
      const own = seq === finding.event;
      return {
        seq,
        ...(own && finding.line !== undefined ? { line: finding.line } : {}),
        task: step ? names.task(step.task) : own ? finding.task : "",
        time: own ? finding.time : "",
        what: step ? names.operation(step.point) : own ? "here" : "(too long ago to be named)",
        did: step?.note ? [step.note] : [],
        evidence: evidence.has(seq),
      };
    });
}

/** One event, as it matters to a finding. */
export function stepOf(row: Row, finding: Finding): ShownStep {
  const { seq, line, task, time } = row;
  const role = roleOf(row, finding);
  return {
    seq,
    ...(line > 0 ? { line } : {}),
    ...(role === undefined ? {} : { role }),
    task,
    time,
    what: row.phase === "return" ? `${row.operation} returns ${row.result}`.trimEnd() : row.operation,
    did: didOf(row, finding),
    evidence: finding.evidence.includes(seq),
  };
}

/** Of what the event did, what changed anything; the object of the finding need not be named again. */
function didOf(row: Row, finding: Finding): string[] {
  const told = row.changes
    .map((change) => ({ label: change.label, text: changeText(change) }))
    .filter((c) => c.text !== "");
  return told.map(({ label, text }) => (label === finding.object && told.length === 1 ? text : `${label}: ${text}`));
}

function roleOf(row: Row, finding: Finding): Role | undefined {
  if (row.seq === finding.unreturned?.event) return "get";
  const change = row.changes.find(({ label }) => label === finding.object);
  if (!change) return undefined;
  if (change.passed.length > 0) return "hand-over";
  if (change.taken.length > 0) return "get";
  return change.given.length > 0 ? "put" : undefined;
}

type Heading = Pick<FindingContext, "path" | "style">;

/** `FILE:LINE: error: module kvm_amd [leaked-module-reference]`; `word` in place of what it is. */
function headOf(finding: Finding, { path, style }: Heading, word?: string): string {
  const where = `${printable(pathOf(path, finding.file))}${finding.line === undefined ? "" : `:${finding.line}`}`;
  const severity = word ?? (finding.severity === "error" ? style.red("error") : style.yellow("hazard"));
  return `${style.bold(`${where}:`)} ${severity}: ${style.bold(printable(finding.object))} [${finding.rule}]`;
}

const atOf = ({ event, time, task }: Finding): string => `at event ${event}, ${time}, ${printable(task)}`;

/** All of it on one line, as soon as it is known. */
export function findingLine(finding: Finding, heading: Heading): string {
  return `${headOf(finding, heading)} ${atOf(finding)}: ${printable(finding.message)}`;
}

/** It was told, and rests on what turned out to be lost. */
export function withdrawnLine(finding: Finding, heading: Heading): string {
  return `${headOf(finding, heading, "withdrawn")} ${atOf(finding)}: events were lost, so that nobody can tell`;
}

export function findingLines(finding: Finding, context: FindingContext): string[] {
  const { width } = context;
  return [
    headOf(finding, context),
    ...indent([atOf(finding), ...wrap(printable(finding.message), width - 4)], 4),
    ...evidenceLines(context.steps(finding), finding.object, context),
  ];
}

function evidenceLines(all: readonly ShownStep[], object: string, context: FindingContext): string[] {
  if (all.length === 0) return [];
  const steps = telling(all);
  const tasks = [...new Set(steps.map((s) => s.task).filter((task) => task !== ""))];
  const lines =
    tasks.length === 2
      ? inTwoColumns(withKinds(steps), tasks as [string, string], context)
      : inOneColumn(steps, tasks.length > 1, context);
  const left = all.filter((s) => s.did.length > 0).length - steps.filter((s) => s.did.length > 0).length;
  return [
    "",
    ...indent(
      [
        ...lines,
        ...(left > 0
          ? [context.style.dim(`  (${plural(left, "more step")}: kreel replay --object '${printable(object)}' …)`)]
          : []),
      ],
      4,
    ),
  ];
}

/** The evidence, and of what else happened to the object the first and the latest that changed anything. */
function telling(steps: readonly ShownStep[]): ShownStep[] {
  const others = steps.filter((s) => !s.evidence && s.did.length > 0);
  const kept = new Set(others.length <= OTHER_STEPS ? others : [others[0]!, ...others.slice(1 - OTHER_STEPS)]);
  return steps.filter((s) => s.evidence || kept.has(s));
}

const LABEL = /\b(inode|file|dentry|mount|superblock|vm|memslot) 0x[0-9a-f]+(?:#\d+)?/g;

/** In a narrow column an address says nothing where only one object of its kind takes part: the message names it. */
function withKinds(steps: readonly ShownStep[]): ShownStep[] {
  const labels = new Map<string, Set<string>>();
  for (const { what, did } of steps)
    for (const text of [what, ...did])
      for (const [label, kind] of text.matchAll(LABEL)) labels.set(kind!, (labels.get(kind!) ?? new Set()).add(label));
  const short = (text: string): string =>
    text.replace(LABEL, (label, kind: string) => (labels.get(kind)!.size === 1 ? kind : label));
  return steps.map((s) => ({ ...s, what: short(s.what), did: s.did.map(short) }));
}

const mark = (step: ShownStep): string => (step.evidence ? "*" : " ");

function inTwoColumns(
  steps: readonly ShownStep[],
  tasks: readonly [string, string],
  { width, style }: FindingContext,
): string[] {
  const digits = String(steps.at(-1)!.seq).length;
  const head = (step: ShownStep): string => `${mark(step)} ${String(step.seq).padStart(digits)}  `;
  const pad = " ".repeat(digits + 4);
  const [title, ...rest] = sideBySide(
    [pad + printable(tasks[0]), pad + printable(tasks[1])],
    steps.map((step) => ({
      column: step.task === tasks[1] ? 1 : 0,
      head: head(step),
      text: printable(step.what),
      below: step.did.map(printable),
    })),
    width - 4,
  );
  return [style.cyan(title!), ...rest];
}

function inOneColumn(steps: readonly ShownStep[], withTask: boolean, { width, style }: FindingContext): string[] {
  const columns = table(
    steps.map((s) => [`${mark(s)} ${s.seq}`, s.time, ...(withTask ? [printable(s.task)] : []), printable(s.what)]),
    ["right", "right"],
  );
  const pad = columns[0]!.length - columns[0]!.trimStart().length + 6;
  return steps.flatMap((step, k) => [
    columns[k]!,
    ...step.did.flatMap((did) =>
      wrap(printable(did), width - 4 - pad - 8).map(
        (line, j) => `${" ".repeat(pad + 4)}${j === 0 ? style.dim("~ ") : "  "}${line}`,
      ),
    ),
  ]);
}

/** All findings, then all hazards; nothing where there are none. */
export function findingsLines(
  findings: readonly Finding[],
  hazards: readonly Finding[],
  context: FindingContext,
): string[] {
  return [...findings, ...hazards].flatMap((finding, k) =>
    k === 0 ? findingLines(finding, context) : ["", ...findingLines(finding, context)],
  );
}
