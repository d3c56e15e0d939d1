/**
 * Compares two histories of one workload: operation by operation of each actor, call by call within an operation, then
 * the final state and the findings of the rules.
 */
import { Allowance } from "./allowance.js";
import { type ComparedNode, compareCalls, flatten, type Line, sameCall, siteOf, textOf } from "./calls.js";
import type { History } from "./history.js";
import { compareFindings } from "./findings.js";
import { byPlace, Hunks, type Place } from "./hunks.js";
import { differingWords, markerOf } from "./markers.js";
import { Pages } from "./paged.js";
import type { OutermostOperations } from "./outermost-operations.js";
import { compareFiles, compareState, type Lives } from "./state.js";
import { alignedSteps, type StepPair } from "./steps.js";
import type { Diff, Difference, DifferenceKind, Incomparable, SameStep, Side } from "./types.js";
import { Unifier } from "./unify.js";

/** Most operations without a difference that the result lists. */
const SAME = 10_000;

/** The result of comparing a pair of steps. */
interface Section extends Place {
  readonly where: string;
  readonly racing: boolean;
  lines: Line[];
  /** Differences that no call shows: results that only markers hold, and the references of a file. */
  readonly more: Difference[];
}

/** Receives each line in its final form, unchanged ones included; markers are no calls and are left out. */
export interface Watch {
  line(line: Line): void;
}

export interface CompareOptions {
  readonly watch?: Watch;
  /** True if a line differs only because less is looked at; such lines are ignored. */
  readonly isDoubtful?: (line: Line) => boolean;
  /** Number of missed events by side and operation, as far as the recording says. */
  readonly missed?: Readonly<Record<Side, ReadonlyMap<string, number>>>;
  /** Absent: the beginnings and ends of all objects show. */
  readonly lives?: Lives;
}

export function compareHistories(before: History, after: History, options: CompareOptions = {}): Diff {
  const pages = new Pages(before.memory);
  try {
    return compared(before, after, pages, options);
  } finally {
    pages.close();
  }
}

function compared(
  before: History,
  after: History,
  pages: Pages,
  { watch, isDoubtful, missed, lives }: CompareOptions,
): Diff {
  const unifier = new Unifier(pages);
  const operations = { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 };
  const results = { same: 0, changed: 0 };
  const state = { same: 0, changed: 0 };
  const hunks = new Hunks();
  const told: (Place & { readonly differences: readonly Difference[] })[] = [];
  const same: SameStep[] = [];
  let turns = 0;
  const allowance = new Allowance(missed);
  /** Sections with racing threads; they are settled at the end. */
  const open: Section[] = [];
  const close = ({ order, turn, where, lines: all, more }: Section): void => {
    const differences: Difference[] = [];
    const lines = all.filter((line) => !allowance.covers(line));
    const framed = more.some((d) => d.kind === "result-changed");
    for (const line of framed ? [] : lines) {
      watch?.line(line);
      count(line, operations, results);
      const difference = differenceOf(line, where, before, after);
      if (difference) differences.push(difference);
    }
    differences.push(...more);
    if (differences.length > 0) told.push({ order, turn, differences });
    else if (same.length < SAME && lines[0]?.before && lines[0].after)
      same.push({
        where,
        text: textOf(lines[0].after),
        before: siteOf(lines[0].before)!,
        after: siteOf(lines[0].after)!,
      });
    if (lines.length > 0) hunks.add({ where, lines }, { order, turn });
  };
  // If the module was loaded before the recording began, the owner of its file system is unknown.
  const fsKnown = before.loads && after.loads;
  const compare = (pair: StepPair): void => {
    const { before: x, after: y } = pair;
    const [p, q] = [before.outermostOperations, after.outermostOperations];
    // An operation begins here and returns elsewhere: nothing to compare yet.
    if ((y < 0 ? p.isMarker(x) : q.isMarker(y)) && (x < 0 || y < 0 || p.begins(x))) return;
    const racing = (x >= 0 && p.isRacing(x)) || (y >= 0 && q.isRacing(y));
    const section: Section = {
      order: pair.order,
      turn: turns++,
      where: y < 0 ? p.where(x) : q.where(y),
      racing,
      lines: [],
      more: [],
    };
    const a = x < 0 ? undefined : before.trees.get(p.tree(x));
    const b = y < 0 ? undefined : after.trees.get(q.tree(y));
    if (a && b && p.isMarker(x)) {
      const changed = differingWords(
        markerOf(a)!.result,
        markerOf(b)!.result,
        fsKnown ? [p.fsName(x), q.fsName(y)] : ["", ""],
        (m, n) => unifier.descriptor(m, n, racing),
        racing,
      );
      if (changed.length === 0) {
        results.same++;
        return;
      }
      results.changed++;
      const detail = changed.join(", ");
      section.more.push({
        kind: "result-changed",
        where: section.where,
        before: siteOf(a),
        after: siteOf(b),
        message: `${section.where}: ${detail}`,
      });
      section.lines.push({
        before: { node: a, depth: 0, parent: "" },
        after: { node: b, depth: 0, parent: "" },
        change: "result",
        detail,
      });
      close(section);
      return;
    }
    section.lines = a && b ? compareCalls(a, b, unifier, racing) : oneSided(a, b);
    if (isDoubtful) section.lines = certain(section.lines, isDoubtful);
    if (racing) section.lines = section.lines.filter((line) => !isChance(line));
    if (pair.moved && !racing) moved(section.lines[0]!, p, x);
    const madeBefore = x < 0 ? undefined : before.made.at(p.returned(x));
    const madeAfter = y < 0 ? undefined : after.made.at(q.returned(y));
    if (madeBefore && madeAfter)
      section.more.push(...compareFiles(section.where, madeBefore, madeAfter, siteOf(a), siteOf(b), fsKnown, state));
    if (racing && section.lines.some(({ change }) => change === "added" || change === "removed")) open.push(section);
    else close(section);
  };
  for (const pair of alignedSteps(before, after, unifier, pages)) compare(pair);
  operations.same += settleRaces(open.sort(byPlace), unifier);
  for (const section of open) close(section);
  const differences = told.sort(byPlace).flatMap((section) => section.differences);
  const incomparable: Incomparable[] = [...allowance.told];
  differences.push(
    ...compareState(before, after, state, lives, (one) => incomparable.push(one)),
    ...compareFindings(before.findings, after.findings),
  );
  return {
    before: before.replay.trace,
    after: after.replay.trace,
    differences,
    summary: { operations, results, state },
    incomparable,
    hunks: hunks.list(),
    same: same.sort((a, b) => a.before.event - b.before.event),
  };
}

/** Drops doubtful lines of one side; doubtful lines of both sides count as the same. */
function certain(lines: readonly Line[], isDoubtful: (line: Line) => boolean): Line[] {
  return lines.flatMap((line) => {
    if (line.change === "same" || !isDoubtful(line)) return [line];
    return line.before && line.after ? [{ ...line, change: "same" as const, detail: "" }] : [];
  });
}

/**
 * If another thread releases the file of a slot that is being unbound, kvm_gmem_unbind cannot take it (get_file_active)
 * and has nothing to put.
 */
function isChance({ change, before, after }: Line): boolean {
  const call = before ?? after!;
  return (
    (change === "added" || change === "removed") && call.node.operation === "fput" && call.parent === "kvm_gmem_unbind"
  );
}

function moved(line: Line, outermostOperations: OutermostOperations, from: number): void {
  if (line.change !== "same") return;
  line.change = "reordered";
  const previous = outermostOperations.previous(from);
  line.detail = outermostOperations.isFramed(from)
    ? `was in ${outermostOperations.where(from)}`
    : `was after ${previous < 0 ? "nothing" : outermostOperations.operation(previous)}`;
}

/**
 * Pairs calls of racing threads: which of them did something is chance, so a call that one no longer makes and another
 * now makes, on the same object, is the same. Returns the number of calls paired.
 */
function settleRaces(sections: readonly Section[], unifier: Unifier): number {
  const added = new Map<string, Line[]>();
  for (const { racing, lines } of sections) {
    if (!racing) continue;
    for (const line of lines) {
      if (line.change !== "added") continue;
      const { operation } = line.after!.node;
      const others = added.get(operation);
      if (others) others.push(line);
      else added.set(operation, [line]);
    }
  }
  const settled = new Set<Line>();
  for (const { racing, lines } of sections) {
    if (!racing) continue;
    for (const line of lines) {
      if (line.change !== "removed") continue;
      const { node } = line.before!;
      const others = added.get(node.operation) ?? [];
      const at = others.findIndex(({ after }) => sameCall(node, after!.node, unifier));
      if (at >= 0) settled.add(line).add(others.splice(at, 1)[0]!);
    }
  }
  if (settled.size > 0)
    for (const section of sections) section.lines = section.lines.filter((line) => !settled.has(line));
  return settled.size / 2;
}

function oneSided(x: ComparedNode | undefined, y: ComparedNode | undefined): Line[] {
  return flatten((x ?? y)!).map((call) => ({
    before: x && call,
    after: y && call,
    change: x ? "removed" : "added",
    detail: "",
  }));
}

function count(
  line: Line,
  operations: { same: number; added: number; removed: number; replaced: number; reordered: number },
  results: { same: number; changed: number },
): void {
  if (line.change === "added" || line.change === "removed" || line.change === "replaced") operations[line.change]++;
  else if (line.change === "reordered") operations.reordered += line.before ? 1 : 0;
  else operations.same++;
  if (!line.before?.node.result || !line.after?.node.result || line.before.depth + line.after.depth > 0) return;
  if (line.change === "result") results.changed++;
  else results.same++;
}

const KINDS: { readonly [change in Exclude<Line["change"], "same">]: DifferenceKind } = {
  added: "operation-added",
  removed: "operation-removed",
  replaced: "operation-replaced",
  reordered: "operation-reordered",
  argument: "argument-changed",
  result: "result-changed",
};

function differenceOf(line: Line, where: string, before: History, after: History): Difference | undefined {
  if (line.change === "same") return undefined;
  // A call that moved is reported once, where it is now.
  if (line.change === "reordered" && !line.after) return undefined;
  const call = (line.after ?? line.before)!;
  const inside = call.parent ? ` in ${call.parent}` : "";
  const words = {
    added: "now called",
    removed: "no longer called",
    replaced: "called instead",
    reordered: "called at another place",
    argument: "called with other arguments",
    result: "returns something else",
  }[line.change];
  return {
    kind: KINDS[line.change],
    where,
    operation: call.node.operation,
    before: siteOf(line.before),
    after: siteOf(line.after),
    message: `${textOf(call)}: ${words}${inside}${line.detail && (line.change !== "reordered" || line.before) ? ` (${line.detail})` : ""}${neverShown(line, before, after)}`,
  };
}

/** Notes that the other recording never shows the operation: absent, inlined, or not probed; it does not say which. */
function neverShown(line: Line, before: History, after: History): string {
  if (line.change !== "added" && line.change !== "removed") return "";
  const other = line.change === "added" ? before : after;
  const name = (line.after ?? line.before)!.node.operation;
  return other.replay.world.shows(name)
    ? ""
    : `; the recording ${line.change === "added" ? "before" : "after"} never shows it: not there, inlined, or not probed`;
}
