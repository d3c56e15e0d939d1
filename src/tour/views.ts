/** Computes the figures of a step from its recordings, with the functions that the commands print with. */
import { basename, join } from "node:path";
import { diff } from "../compare/diff.js";
import type { CallNode } from "../reduce/call-tree.js";
import type { World } from "../reduce/world.js";
import { changeText } from "../describe/changes.js";
import { sideBySide } from "../show/columns.js";
import { hunkLines, summaryLine, toldLines } from "../show/diff-text.js";
import { findingLines } from "../show/findings.js";
import { matches, namesOf, parseSpec } from "../show/object-life.js";
import { holderName, stateLines, stateOf } from "../show/state.js";
import { PLAIN } from "../show/style.js";
import { nodeLines } from "../show/tree.js";
import { whyLines } from "../show/why.js";
import { openSeeker } from "../seek/open.js";
import { why } from "../seek/why.js";
import { calls, endOf, findCall, findMoment, markerText } from "./find.js";
import { folded, short, WIDTH } from "./narrow.js";
import { PACKAGE } from "./recordings.js";
import type { Replayed } from "./replayed.js";
import type { Path, Source, TourView, ViewRule } from "./types.js";

type Rule<Show extends ViewRule["show"]> = Extract<ViewRule, { readonly show: Show }>;
type Seen = Pick<TourView, "events" | "lines">;

/** Returns the replayed recording, replaying it the first time. */
export type Replay = (source: Source) => Promise<Replayed>;

/** Columns of an event's number, of the margin before it and of the time after it in a call tree. */
const NUMBER = 5;
const CUT = 2;
const TIME = 4;

export async function viewOf(rule: ViewRule, replay: Replay): Promise<TourView> {
  const source = "at" in rule ? rule.at.in : rule.in;
  const { events, lines } = await seen(rule, replay);
  return {
    show: rule.show,
    caption: rule.caption,
    recording: typeof source === "string" ? source : null,
    ...("after" in rule ? { after: rule.after } : {}),
    ...(typeof source === "string" ? {} : { simulated: { ...source, fault: (await replay(source)).fault! } }),
    events,
    lines: folded(lines),
  };
}

function seen(rule: ViewRule, replay: Replay): Promise<Seen> {
  switch (rule.show) {
    case "calls":
      return callsSeen(rule, replay);
    case "program":
      return programSeen(rule, replay);
    case "state":
      return stateSeen(rule, replay);
    case "why":
      return whySeen(rule, replay);
    case "diff":
      return diffSeen(rule);
    case "finding":
      return findingSeen(rule, replay);
    case "tasks":
      return tasksSeen(rule, replay);
  }
}

async function callsSeen({ in: source, paths, depth = Infinity }: Rule<"calls">, replay: Replay): Promise<Seen> {
  const recording = await replay(source);
  const nodes = paths.map((path: Path) => cut(findCall(recording.trees, path), depth));
  const context = { style: PLAIN, task: recording.task, row: recording.row, print: () => {} };
  // Printed as an inner call, it has no time.
  const lines = nodes.flatMap((node) =>
    nodeLines(node, 1, 0, context).map((line) => line.slice(CUT, CUT + NUMBER) + line.slice(CUT + NUMBER + TIME)),
  );
  return { events: [nodes[0]!.seq, Math.max(...nodes.map(endOf))], lines: lines.map(short) };
}

/** Returns a call with this many levels of callees. */
function cut(node: CallNode, depth: number): CallNode {
  return { ...node, children: depth === 0 ? [] : node.children.map((child) => cut(child, depth - 1)) };
}

async function programSeen({ in: source, from, to }: Rule<"program">, replay: Replay): Promise<Seen> {
  const markers = (await replay(source)).trees.flatMap((node) => ({ text: markerText(node) ?? "", seq: node.seq }));
  const first = markers.findIndex(({ text }) => text === from);
  const last = markers.findIndex(({ text }, k) => k > first && text === to);
  const results = markers.slice(first, last + 1).filter(({ text }) => text.startsWith("ret: "));
  return {
    events: [markers[first]!.seq, markers[last]!.seq],
    lines: results.map(({ text, seq }) => `${String(seq).padStart(NUMBER)}  ${text.slice("ret: ".length)}`),
  };
}

async function stateSeen({ at, objects }: Rule<"state">, replay: Replay): Promise<Seen> {
  const recording = await replay(at.in);
  const { event } = findMoment(recording.trees, at);
  const world = await recording.at(event);
  const labels = new Set(objects.flatMap((text) => labelsOf(world, text)));
  const state = stateOf(world);
  return {
    events: [event, event],
    lines: stateLines(
      { objects: state.objects.filter(({ label }) => labels.has(label)), calls: [], pending: state.pending },
      PLAIN,
    ).map(short),
  };
}

/** Returns the labels of all live objects that match the name. */
function labelsOf(world: World, text: string): string[] {
  const spec = parseSpec(text);
  const found = [...world.store.live()].filter(
    (o) =>
      o.focus &&
      o.death === 0 &&
      matches(spec, { kind: o.kind, address: "", generation: o.generation, names: namesOf(o) }),
  );
  return found.map((object) => world.label(object));
}

async function whySeen({ at, object }: Rule<"why">, replay: Replay): Promise<Seen> {
  const { event } = findMoment((await replay(at.in)).trees, at);
  const { seeker, close } = await openSeeker(join(PACKAGE, at.in));
  try {
    const answers = why(
      seeker,
      event,
      (candidate, world) => candidate.death === 0 && world.label(candidate) === object,
      holderName,
    );
    return { events: [event, event], lines: answers.flatMap((answer) => whyLines(answer, PLAIN)).map(short) };
  } finally {
    close();
  }
}

async function diffSeen({ in: before, after, where }: Rule<"diff">): Promise<Seen> {
  const result = await diff(join(PACKAGE, before), join(PACKAGE, after));
  const hunks = result.hunks.filter((hunk) => where.includes(hunk.where));
  const sites = hunks.flatMap((hunk) => hunk.lines.flatMap((line) => line.before?.event ?? []));
  const lines = [
    ...hunks.flatMap((hunk) => [...hunkLines(hunk, PLAIN), ""]),
    ...toldLines(result, PLAIN),
    "",
    summaryLine(result).trimStart(),
  ];
  return { events: [Math.min(...sites), Math.max(...sites)], lines: lines.map(short) };
}

async function findingSeen({ in: path, rule }: Rule<"finding">, replay: Replay): Promise<Seen> {
  const recording = await replay(path);
  const finding = recording.findings.find((one) => one.rule === rule);
  if (!finding) throw new Error(`the tour looks for ${rule}, which ${path} does not have`);
  const steps = recording.steps(finding).map((step) => ({ ...step, what: short(step.what), did: step.did.map(short) }));
  const shown = { ...finding, object: short(finding.object), message: short(finding.message) };
  return {
    events: [Math.min(...finding.evidence, finding.event), Math.max(...finding.evidence, finding.event)],
    lines: findingLines(shown, { path: basename(path), style: PLAIN, width: WIDTH, steps: () => steps }),
  };
}

async function tasksSeen({ in: source, from, to }: Rule<"tasks">, replay: Replay): Promise<Seen> {
  const { trees, row, task } = await replay(source);
  const [first, last] = [findMoment(trees, from).event, findMoment(trees, to).event];
  const nodes = [...calls(trees)]
    .filter(({ seq, rcu }) => seq >= first && seq <= last && !rcu)
    .sort((a, b) => a.seq - b.seq);
  const tasks = [...new Set(nodes.map((node) => node.task))];
  const [left = 0, right = 0] = tasks;
  const changes = ({ seq }: CallNode): string[] =>
    (row(seq)?.changes ?? []).flatMap((change) =>
      changeText(change) === "" ? [] : short(`${change.label}: ${changeText(change)}`),
    );
  const cells = nodes.map((node) => ({
    column: node.task === right ? (1 as const) : (0 as const),
    head: `${String(node.seq).padStart(NUMBER)}  `,
    text: markerText(node) ?? node.operation,
    below: changes(node),
  }));
  const pad = " ".repeat(NUMBER + 2);
  return { events: [first, last], lines: sideBySide([pad + task(left), pad + task(right)], cells, WIDTH) };
}
