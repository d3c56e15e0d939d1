/**
 * Compares two recordings of one workload by what happened in them: operation by operation of each actor, call by call
 * within an operation, then what state they come to and what the rules found.
 */
import type { CallNode } from "../reduce/call-tree.js";
import type { OpenOptions } from "../read/recording.js";
import { alignEqual, type Pair } from "./align.js";
import { compareCalls, flatten, type Line, siteOf, textOf } from "./calls.js";
import { matchSequences } from "./actors.js";
import { type Actor, type Course, courseOf } from "./course.js";
import { compareFindings } from "./findings.js";
import { type HunkSource, hunksOf } from "./hunks.js";
import { differingWords, markerOf } from "./markers.js";
import { compareFiles, compareState } from "./state.js";
import type { Diff, Difference, DifferenceKind } from "./types.js";
import { Unifier } from "./unify.js";

export async function diff(before: string, after: string, options: OpenOptions = {}): Promise<Diff> {
  return compareCourses(await courseOf(before, options), await courseOf(after, options));
}

/** An outermost operation and where in its actor's course it is. */
interface Step {
  readonly node: CallNode;
  /** The framing marker's words, or the operation and its actor. */
  readonly where: string;
  readonly key: string;
  /** Another actor was at work at the same time. */
  racing: boolean;
}

interface StepPair {
  readonly before: Step | undefined;
  readonly after: Step | undefined;
}

export function compareCourses(before: Course, after: Course): Diff {
  const pairs = alignActors(before, after);
  const unifier = new Unifier();
  const sources: HunkSource[] = [];
  const differences: Difference[] = [];
  const operations = { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 };
  const results = { same: 0, changed: 0 };
  const state = { same: 0, changed: 0 };
  for (const { before: x, after: y } of pairs) {
    const racing = (x?.racing ?? false) || (y?.racing ?? false);
    const where = (x ?? y)!.where;
    if (x && y && x.node.operation === "tracing_mark_write") {
      const changed = compareMarkers(x, y, before, after, (p, q) => unifier.descriptor(p, q, racing));
      if (changed === undefined) continue;
      if (changed.length === 0) results.same++;
      else {
        results.changed++;
        const message = `${where}: ${changed.join(", ")}`;
        differences.push({ kind: "result-changed", where, before: siteOf(x.node), after: siteOf(y.node), message });
        sources.push({ where, lines: [{ before: { node: x.node, depth: 0, parent: "" }, after: { node: y.node, depth: 0, parent: "" }, change: "result", detail: changed.join(", ") }] });
      }
      continue;
    }
    const lines = x && y ? compareCalls(x.node, y.node, unifier, racing) : oneSided(x, y);
    for (const line of lines) {
      count(line, operations, results);
      const difference = differenceOf(line, where);
      if (difference) differences.push(difference);
    }
    sources.push({ where, lines });
    const madeBefore = x && before.made.get(x.node.returned);
    const madeAfter = y && after.made.get(y.node.returned);
    if (madeBefore && madeAfter) differences.push(...compareFiles(where, madeBefore, madeAfter, siteOf(x.node), siteOf(y.node), state));
  }
  differences.push(...compareState(before, after, state), ...compareFindings(before.findings, after.findings));
  return { before: before.replay.trace, after: after.replay.trace, differences, summary: { operations, results, state }, hunks: hunksOf(sources) };
}

/** The steps of corresponding actors. */
function matchActors(before: Course, after: Course): { readonly a: readonly Step[]; readonly b: readonly Step[] }[] {
  const steps = (course: Course): { name: string; items: Step[] }[] => {
    const sequences = [...course.actors.values()].map((actor) => ({ name: actor.name, items: stepsOf(actor) })).filter((x) => x.items.length > 0);
    for (const one of sequences) for (const other of sequences) if (one !== other) markRacing(one.items, other.items);
    return sequences;
  };
  return matchSequences(steps(before), steps(after), (step) => step.key);
}

/** The steps of one actor that lie between the first and the last of another's. */
function markRacing(steps: readonly Step[], other: readonly Step[]): void {
  const first = other[0]!.node.seq;
  const last = other.at(-1)!.node.seq;
  for (const step of steps) if (step.node.seq > first && step.node.seq < last) step.racing = true;
}

/** Corresponding outermost operations of corresponding actors, in the order of the recordings. */
function alignActors(before: Course, after: Course): StepPair[] {
  const pairs: { pair: StepPair; order: number }[] = [];
  for (const { a, b } of matchActors(before, after)) {
    let order = 0;
    for (const p of rejoined(a, b, alignEqual(a, b, (x, y) => x.key === y.key))) {
      const pair = { before: a[p.a], after: b[p.b] };
      order = pair.before ? pair.before.node.seq : order + 1e-6;
      pairs.push({ pair, order });
    }
  }
  return pairs.sort((x, y) => x.order - y.order).map(({ pair }) => pair);
}

/** In a gap between corresponding steps: the same operation is the same step, also where what it touched differs. */
function rejoined(a: readonly Step[], b: readonly Step[], pairs: readonly Pair[]): Pair[] {
  const out: Pair[] = [];
  let from = 0;
  for (let i = 0; i <= pairs.length; i++) {
    if (i < pairs.length && (pairs[i]!.a < 0 || pairs[i]!.b < 0)) continue;
    const gap = pairs.slice(from, i);
    const gone = gap.filter((p) => p.b < 0).map((p) => p.a);
    const came = gap.filter((p) => p.a < 0).map((p) => p.b);
    if (gone.length === 0 || came.length === 0) out.push(...gap);
    else out.push(...alignEqual(gone, came, (x, y) => !isMarker(a[x]!) && a[x]!.node.operation === b[y]!.node.operation).map((p) => ({ a: gone[p.a] ?? -1, b: came[p.b] ?? -1 })));
    if (i < pairs.length) out.push(pairs[i]!);
    from = i + 1;
  }
  return out;
}

function isMarker(step: Step): boolean {
  return step.node.operation === "tracing_mark_write";
}

function stepsOf(actor: Actor): Step[] {
  let within: string | undefined;
  const steps: Step[] = [];
  for (const node of actor.roots) {
    const marker = markerOf(node);
    if (node.operation === "tracing_mark_write" && !marker) continue;
    if (marker) {
      within = marker.command;
      steps.push({ node, where: marker.command, key: `${marker.phase} ${marker.command}`, racing: false });
      if (marker.phase === "ret") within = undefined;
      continue;
    }
    const about = node.touched.find((t) => t.object.kind === "file" || t.object.kind === "module")?.object.name ?? "";
    steps.push({ node, where: within ?? `${node.operation} by ${actor.name}`, key: `${node.operation} ${about}`, racing: false });
  }
  return steps;
}

/** The words in which two results that user space saw differ; undefined where the markers hold none. */
function compareMarkers(x: Step, y: Step, before: Course, after: Course, sameDescriptor: (p: number, q: number) => boolean): string[] | undefined {
  const p = markerOf(x.node)!;
  const q = markerOf(y.node)!;
  if (p.phase === "op") return undefined;
  return differingWords(p.result, q.result, [before.fsOf.get(x.node.seq) ?? "", after.fsOf.get(y.node.seq) ?? ""], sameDescriptor);
}

function oneSided(x: Step | undefined, y: Step | undefined): Line[] {
  const marker = (x ?? y)!.node.operation === "tracing_mark_write";
  if (marker) return [];
  return flatten((x ?? y)!.node).map((call) => ({ before: x && call, after: y && call, change: x ? "removed" : "added", detail: "" }));
}

function count(line: Line, operations: { same: number; added: number; removed: number; replaced: number; reordered: number }, results: { same: number; changed: number }): void {
  if (line.change === "added" || line.change === "removed" || line.change === "replaced") operations[line.change]++;
  else if (line.change === "reordered") operations.reordered += line.before && !line.after ? 1 : 0;
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

function differenceOf(line: Line, where: string): Difference | undefined {
  if (line.change === "same") return undefined;
  // A call that moved is told once, where it is now.
  if (line.change === "reordered" && !line.after) return undefined;
  const call = (line.after ?? line.before)!;
  const inside = call.parent ? ` in ${call.parent}` : "";
  const words = { added: "now called", removed: "no longer called", replaced: "called instead", reordered: "called at another place", argument: "called with other arguments", result: "returns something else" }[line.change];
  return {
    kind: KINDS[line.change],
    where,
    operation: call.node.operation,
    before: siteOf(line.before),
    after: siteOf(line.after),
    message: `${textOf(call)}: ${words}${inside}${line.detail && line.change !== "reordered" ? ` (${line.detail})` : ""}`,
  };
}
