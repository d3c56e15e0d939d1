/** Findings with their evidence, headed in the style of compilers: `FILE:LINE: error: what [rule]`. */
import type { Finding } from "../check/finding.js";
import { printable } from "../base/trouble.js";
import type { Step } from "../reduce/objects.js";
import { changeText } from "../describe/changes.js";
import type { Row } from "../describe/chronicle.js";
import { sideBySide } from "./columns.js";
import type { Style } from "./style.js";
import { indent, pathOf, plural, table, wrap } from "../base/text.js";

/** Most steps shown besides the evidence. */
const OTHER_STEPS = 6;

/** The effect of a step on the object of a finding. */
export type Role = "get" | "hand-over" | "put";

/** One line of evidence. */
export interface ShownStep {
  readonly seq: number;
  /** Absent if the format has none, or if the event is too long ago. */
  readonly line?: number;
  readonly role?: Role;
  readonly task: string;
  readonly time: string;
  readonly what: string;
  /** The effects of the event, one phrase per object. */
  readonly did: readonly string[];
  /** True if the finding names this event as its evidence. */
  readonly evidence: boolean;
}

export interface FindingContext {
  readonly path: string;
  readonly style: Style;
  readonly width: number;
  /** Returns the steps of a finding as they were known when it was made. */
  steps(finding: Finding): readonly ShownStep[];
}

/** Resolves the numbers of a recording to names. */
export interface StepNames {
  row(seq: number): Row | undefined;
  task(id: number): string;
  /** The operation of a point; for its return, `… returns`. */
  operation(point: number): string;
}

/** Merges steps and evidence in order, each with all that is known of it. */
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

/** Describes one event from the perspective of a finding. */
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

/** Lists the changes of the event; a single change of the finding's own object need not name it again. */
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

/** `FILE:LINE: error: module kvm_amd [leaked-module-reference]`; `word` replaces the severity. */
function headOf(finding: Finding, { path, style }: Heading, word?: string): string {
  const where = `${printable(pathOf(path, finding.file))}${finding.line === undefined ? "" : `:${finding.line}`}`;
  const severity = word ?? (finding.severity === "error" ? style.red("error") : style.yellow("hazard"));
  return `${style.bold(`${where}:`)} ${severity}: ${style.bold(printable(finding.object))} [${finding.rule}]`;
}

const atOf = ({ event, time, task }: Finding): string => `at event ${event}, ${time}, ${printable(task)}`;

/** Formats a finding on one line. */
export function findingLine(finding: Finding, heading: Heading): string {
  return `${headOf(finding, heading)} ${atOf(finding)}: ${printable(finding.message)}`;
}

/** Withdraws a printed finding that rests on lost events. */
export function withdrawnLine(finding: Finding, heading: Heading): string {
  return `${headOf(finding, heading, "withdrawn")} ${atOf(finding)}: events were lost, and the finding is not certain`;
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

/** Selects the evidence, and of the object's other changes the first and the latest. */
function telling(steps: readonly ShownStep[]): ShownStep[] {
  const others = steps.filter((s) => !s.evidence && s.did.length > 0);
  const kept = new Set(others.length <= OTHER_STEPS ? others : [others[0]!, ...others.slice(1 - OTHER_STEPS)]);
  return steps.filter((s) => s.evidence || kept.has(s));
}

const LABEL = /\b(inode|file|dentry|mount|superblock|vm|memslot) 0x[0-9a-f]+(?:#\d+)?/g;

/** Drops addresses if only one object of its kind takes part: columns are narrow, and the message has the address. */
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

/** Lists all findings, then all hazards; empty without any. */
export function findingsLines(
  findings: readonly Finding[],
  hazards: readonly Finding[],
  context: FindingContext,
): string[] {
  return [...findings, ...hazards].flatMap((finding, k) =>
    k === 0 ? findingLines(finding, context) : ["", ...findingLines(finding, context)],
  );
}
