/**
 * Compares two recordings of one workload by what happened in them: operation by operation of each actor, call by call
 * within an operation, then what state they come to and what the rules found.
 */
import type { Recorded } from "../read/report.js";
import { alignEqual, type Pair } from "./align.js";
import { type ComparedNode, compareCalls, flatten, type Line, sameCall, siteOf, textOf } from "./calls.js";
import { matchSequences } from "./actors.js";
import { type Actor, type Course, type CourseOptions, courseOf, type Root } from "./course.js";
import { compareFindings } from "./findings.js";
import { byPlace, Hunks, type Place } from "./hunks.js";
import { differingWords, markerOf } from "./markers.js";
import { compareFiles, compareState } from "./state.js";
import type { Diff, Difference, DifferenceKind, SameStep } from "./types.js";
import { Unifier } from "./unify.js";

/** Of files, or of logs that are open already (the run of a simulated kernel). */
export function diff(before: string | Recorded, after: string | Recorded, options: CourseOptions = {}): Promise<Diff> {
  return withCourses(before, after, options, compareCourses);
}

/** Reads both, and lets go of what they keep in files when `compare` is done. */
export async function withCourses<T>(before: string | Recorded, after: string | Recorded, options: CourseOptions, compare: (x: Course, y: Course) => T): Promise<T> {
  const x = await courseOf(before, options);
  try {
    const y = await courseOf(after, options);
    try {
      return compare(x, y);
    } finally {
      y.trees.close();
    }
  } finally {
    x.trees.close();
  }
}

/** An outermost operation and where in its actor's course it is. */
interface Step {
  readonly root: Root;
  /** The framing marker's words, or the operation and its actor. */
  readonly where: string;
  /** Between markers, which say where it is. */
  readonly framed: boolean;
  /** What its actor did before it, releases aside. */
  readonly previous: Step | undefined;
  /** Another actor was at work at the same time. */
  racing: boolean;
}

interface StepPair {
  readonly before: Step | undefined;
  readonly after: Step | undefined;
  /** Where it belongs among the pairs. */
  readonly order: number;
  /** The same step, but of another operation of user space, or of another thread. */
  readonly moved: boolean;
}

/** Operations without a difference that are told. */
const SAME = 10_000;

/** What comparing a pair of steps came to. */
interface Section extends Place {
  readonly where: string;
  readonly racing: boolean;
  lines: Line[];
  /** What no line says: results that only markers show, what a file holds. */
  readonly more: Difference[];
}

export function compareCourses(before: Course, after: Course): Diff {
  const unifier = new Unifier();
  const operations = { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 };
  const results = { same: 0, changed: 0 };
  const state = { same: 0, changed: 0 };
  const hunks = new Hunks();
  const told: (Place & { readonly differences: readonly Difference[] })[] = [];
  const same: SameStep[] = [];
  let turns = 0;
  /** What threads that raced did is settled at the end. */
  const open: Section[] = [];
  const close = ({ order, turn, where, lines, more }: Section): void => {
    const differences: Difference[] = [];
    const framed = more.some((d) => d.kind === "result-changed");
    for (const line of framed ? [] : lines) {
      count(line, operations, results);
      const difference = differenceOf(line, where, before, after);
      if (difference) differences.push(difference);
    }
    differences.push(...more);
    if (differences.length > 0) told.push({ order, turn, differences });
    else if (same.length < SAME && lines[0]?.before && lines[0].after) same.push({ where, text: textOf(lines[0].after), before: siteOf(lines[0].before)!, after: siteOf(lines[0].after)! });
    if (lines.length > 0) hunks.add({ where, lines }, { order, turn });
  };
  // Where a recording begins with the module loaded, nobody knows whose file system it is.
  const fsKnown = before.loads && after.loads;
  const compare = (pair: StepPair): void => {
    const { before: x, after: y } = pair;
    // An operation begins here and returns elsewhere: nothing to compare yet.
    if (isMarker((y ?? x)!) && (!x || !y || x.root.marker!.phase === "op")) return;
    const racing = (x?.racing ?? false) || (y?.racing ?? false);
    const section: Section = { order: pair.order, turn: turns++, where: (y ?? x)!.where, racing, lines: [], more: [] };
    const a = x && before.trees.get(x.root.tree);
    const b = y && after.trees.get(y.root.tree);
    if (a && b && isMarker(x)) {
      const changed = differingWords(markerOf(a)!.result, markerOf(b)!.result, fsKnown ? [x.root.fsName, y.root.fsName] : ["", ""], (m, n) => unifier.descriptor(m, n, racing), racing);
      if (changed.length === 0) {
        results.same++;
        return;
      }
      results.changed++;
      const detail = changed.join(", ");
      section.more.push({ kind: "result-changed", where: section.where, before: siteOf(a), after: siteOf(b), message: `${section.where}: ${detail}` });
      section.lines.push({ before: { node: a, depth: 0, parent: "" }, after: { node: b, depth: 0, parent: "" }, change: "result", detail });
      close(section);
      return;
    }
    section.lines = a && b ? compareCalls(a, b, unifier, racing) : oneSided(a, b);
    if (racing) section.lines = section.lines.filter((line) => !isChance(line));
    if (pair.moved && !racing) moved(section.lines[0]!, x!);
    const madeBefore = x && before.made.get(x.root.returned);
    const madeAfter = y && after.made.get(y.root.returned);
    if (madeBefore && madeAfter) section.more.push(...compareFiles(section.where, madeBefore, madeAfter, siteOf(a), siteOf(b), fsKnown, state));
    if (racing && section.lines.some(({ change }) => change === "added" || change === "removed")) open.push(section);
    else close(section);
  };
  const { pairs, releases } = alignActors(before, after);
  for (const pair of pairs) compare(pair);
  // By now it is known which file is which.
  for (const pair of byFile(pairs, releases, unifier, before, after)) compare(pair);
  operations.same += settleRaces(open.sort(byPlace), unifier);
  for (const section of open) close(section);
  const differences = told.sort(byPlace).flatMap((section) => section.differences);
  differences.push(...compareState(before, after, state), ...compareFindings(before.findings, after.findings));
  return { before: before.replay.trace, after: after.replay.trace, differences, summary: { operations, results, state }, hunks: hunks.list(), same: same.sort((a, b) => a.before.event - b.before.event) };
}

/** The file of a slot that is unbound while another thread releases it is not taken (get_file_active): there is nothing to put. */
function isChance({ change, before, after }: Line): boolean {
  const call = before ?? after!;
  return (change === "added" || change === "removed") && call.node.operation === "fput" && call.parent === "kvm_gmem_unbind";
}

function moved(root: Line, from: Step): void {
  if (root.change !== "same") return;
  root.change = "reordered";
  root.detail = from.framed ? `was in ${from.where}` : `was after ${from.previous?.root.operation ?? "nothing"}`;
}

/** A file's release is whoever's reference was the last: it belongs to the file, not to the thread. */
function isRelease(step: Step): boolean {
  return step.root.operation === "__fput";
}

/** Releases of corresponding files; those of files of which nothing is known in the order in which they happened. */
function byFile(pairs: readonly StepPair[], { before, after }: Releases, unifier: Unifier, { trees }: Course, other: Course): StepPair[] {
  const pairOf = new Map<Step, StepPair>();
  for (const pair of pairs) for (const step of [pair.before, pair.after]) if (step) pairOf.set(step, pair);
  const byId = new Map<number, Step>();
  for (const step of after) byId.set(step.root.files[0] ?? 0, step);
  const left = new Set(after);
  const partners = new Map<Step, Step>();
  const take = (step: Step, partner: Step | undefined): void => {
    if (!partner || !left.delete(partner)) return;
    partners.set(step, partner);
  };
  const counterpart = (step: Step): number | undefined => {
    const file = step.root.files[0];
    return file === undefined ? undefined : unifier.counterpart(file);
  };
  for (const step of before) take(step, byId.get(counterpart(step) ?? -1));
  for (const step of before) {
    if (counterpart(step) !== undefined) continue;
    const node = trees.get(step.root.tree);
    take(step, [...left].find(({ root }) => root.key === step.root.key && sameCall(node, other.trees.get(root.tree), unifier)));
  }
  const out = before.map((step): StepPair => {
    const partner = partners.get(step);
    const stayed = partner !== undefined && (step.previous && pairOf.get(step.previous)?.after) === partner.previous;
    const told = partner !== undefined && step.framed && partner.framed ? step.where !== partner.where : true;
    return { before: step, after: partner, order: step.root.seq, moved: partner !== undefined && !stayed && told };
  });
  for (const step of left) out.push({ before: undefined, after: step, order: ((step.previous && pairOf.get(step.previous)?.order) ?? 0) + 1e-7, moved: false });
  return out;
}

/**
 * Where threads raced, which of them did something is chance: what one no longer does and another does now, on the same
 * object, is the same. Returns how many calls that settled.
 */
function settleRaces(sections: readonly Section[], unifier: Unifier): number {
  const added = new Map<string, Line[]>();
  for (const { racing, lines } of sections) {
    if (!racing) continue;
    for (const line of lines) {
      if (line.change !== "added") continue;
      const { operation } = line.after!.node;
      added.set(operation, [...(added.get(operation) ?? []), line]);
    }
  }
  const settled = new Set<Line>();
  for (const { racing, lines } of sections) {
    if (!racing) continue;
    for (const line of lines) {
      if (line.change !== "removed") continue;
      const { node } = line.before!;
      const other = added.get(node.operation)?.find((l) => !settled.has(l) && sameCall(node, l.after!.node, unifier));
      if (other) settled.add(line).add(other);
    }
  }
  if (settled.size > 0) for (const section of sections) section.lines = section.lines.filter((line) => !settled.has(line));
  return settled.size / 2;
}

/** The steps of corresponding actors. */
function matchActors(before: Course, after: Course): { readonly a: readonly Step[]; readonly b: readonly Step[] }[] {
  const steps = (course: Course): { name: string; items: Step[] }[] => {
    const sequences = course.actors.map((actor) => ({ name: actor.comm, items: stepsOf(actor) })).filter((x) => x.items.length > 0);
    for (const one of sequences) for (const other of sequences) if (one !== other) markRacing(one.items, other.items);
    return sequences;
  };
  return matchSequences(steps(before), steps(after), (step) => step.root.key);
}

/** The steps of one actor that lie between the first and the last of another's. */
function markRacing(steps: readonly Step[], other: readonly Step[]): void {
  const first = other[0]!.root.seq;
  const last = other.at(-1)!.root.seq;
  for (const step of steps) if (step.root.seq > first && step.root.seq < last) step.racing = true;
}

interface Releases {
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

/** Corresponding outermost operations of corresponding actors, in the order of the recordings; releases of files apart. */
function alignActors(before: Course, after: Course): { readonly pairs: StepPair[]; readonly releases: Releases } {
  const pairs: StepPair[] = [];
  const releases: { before: Step[]; after: Step[] } = { before: [], after: [] };
  for (const matched of matchActors(before, after)) {
    const a = matched.a.filter((step) => !isRelease(step));
    const b = matched.b.filter((step) => !isRelease(step));
    releases.before.push(...matched.a.filter(isRelease));
    releases.after.push(...matched.b.filter(isRelease));
    let order = 0;
    for (const p of rejoined(a, b, alignEqual(a, b, (x, y) => x.root.key === y.root.key))) {
      const x = a[p.a];
      order = x ? x.root.seq : order + 1e-6;
      pairs.push({ before: x, after: b[p.b], order, moved: false });
    }
  }
  const bySeq = (x: Step, y: Step): number => x.root.seq - y.root.seq;
  releases.before.sort(bySeq);
  releases.after.sort(bySeq);
  return { pairs: pairs.sort((x, y) => x.order - y.order), releases };
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
    else out.push(...alignEqual(gone, came, (x, y) => !isMarker(a[x]!) && a[x]!.root.operation === b[y]!.root.operation).map((p) => ({ a: gone[p.a] ?? -1, b: came[p.b] ?? -1 })));
    if (i < pairs.length) out.push(pairs[i]!);
    from = i + 1;
  }
  return out;
}

function isMarker(step: Step): boolean {
  return step.root.operation === "tracing_mark_write";
}

function stepsOf(actor: Actor): Step[] {
  let within: string | undefined;
  let previous: Step | undefined;
  const steps: Step[] = [];
  const places = new Map<string, string>();
  const placeOf = (operation: string): string => {
    let place = places.get(operation);
    if (place === undefined) places.set(operation, (place = `${operation} by ${actor.name}`));
    return place;
  };
  for (const root of actor.roots) {
    const { marker } = root;
    if (root.operation === "tracing_mark_write" && !marker) continue;
    if (marker) within = marker.command;
    const step: Step = { root, where: within ?? placeOf(root.operation), framed: within !== undefined, previous, racing: false };
    if (marker?.phase === "ret") within = undefined;
    steps.push(step);
    if (!isRelease(step)) previous = step;
  }
  return steps;
}

function oneSided(x: ComparedNode | undefined, y: ComparedNode | undefined): Line[] {
  return flatten((x ?? y)!).map((call) => ({ before: x && call, after: y && call, change: x ? "removed" : "added", detail: "" }));
}

function count(line: Line, operations: { same: number; added: number; removed: number; replaced: number; reordered: number }, results: { same: number; changed: number }): void {
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

function differenceOf(line: Line, where: string, before: Course, after: Course): Difference | undefined {
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
    message: `${textOf(call)}: ${words}${inside}${line.detail && (line.change !== "reordered" || line.before) ? ` (${line.detail})` : ""}${neverShown(line, before, after)}`,
  };
}

/** Inlined, not probed or not there: a recording that never shows an operation does not say which. */
function neverShown(line: Line, before: Course, after: Course): string {
  if (line.change !== "added" && line.change !== "removed") return "";
  const other = line.change === "added" ? before : after;
  const name = (line.after ?? line.before)!.node.operation;
  return other.replay.world.shows(name) ? "" : `; the recording ${line.change === "added" ? "before" : "after"} never shows it: not there, inlined, or not probed`;
}
