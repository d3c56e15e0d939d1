/**
 * Collects the effects of an operation, as far as other events show them: its callees, the life of the object that it
 * makes, the further life of objects that it takes or drops a reference on, and the free descriptors. If a recording
 * never shows the operation but shows all of these, the operation happened there unseen.
 */
import { catalogue, operationsWith } from "../../events/index.js";
import type { ObjectId } from "../reduce/objects.js";
import type { ComparedNode, Line } from "./calls.js";
import type { History } from "./history.js";
import type { Column, Pages } from "./paged.js";
import type { Side } from "./types.js";

/**
 * Operations that only change who holds an object, by the index of that argument; the fate of the object shows whether
 * they happened.
 */
const HOLDING: ReadonlyMap<string, number> = new Map(
  catalogue.flatMap(({ name, args, holds }) =>
    holds === undefined ? [] : [[name, args.findIndex((arg) => arg.name === holds)] as const],
  ),
);
const NUMBERING = operationsWith("descriptor number");
const NUMBER_TAKEN = "get_unused_fd_flags";

/** At most so many calls of one operation are examined, and at most so many events of their effects. */
const MOST_CALLS = 500;
const MOST_EFFECTS = 20_000;

/** The effects of an operation, as event numbers. */
export interface Effects {
  /** Number of calls. */
  readonly times: number;
  /** Calls made within each other doubtful operation. */
  readonly within: ReadonlyMap<string, number>;
  /** Its callees, direct or by way of doubtful operations; doubtful ones only as counts by name. */
  readonly calls: readonly number[];
  readonly doubtful: ReadonlyMap<string, number>;
  /** Events in the lives of the objects that it makes. */
  readonly lives: readonly number[];
  /** Events that must continue unchanged if it happened. */
  readonly goesOn: readonly number[];
}

interface Collected extends Effects {
  times: number;
  readonly within: Map<string, number>;
  readonly calls: number[];
  readonly doubtful: Map<string, number>;
  readonly lives: number[];
  readonly goesOn: number[];
  readonly made: Set<ObjectId>;
  /** Objects that it holds or drops, with the first event of it. */
  readonly held: Map<ObjectId, number>;
  /** The first event at which it took or freed a descriptor. */
  numbered: number;
}

/** Collects the effects of the operations that the other side never shows. */
export function effectsOf(
  { outermostOperations, trees, makers }: History,
  doubtful: ReadonlySet<string>,
): ReadonlyMap<string, Effects> {
  const found = new Map<string, Collected>();
  for (const name of doubtful)
    found.set(name, {
      times: 0,
      within: new Map(),
      calls: [],
      doubtful: new Map(),
      lives: [],
      goesOn: [],
      made: new Set(first(makers.madeBy(name), MOST_EFFECTS)),
      held: new Map(makers.aboutBy(name)),
      numbered: Infinity,
    });
  const each = (
    visit: (node: ComparedNode, within: readonly Collected[], parent: ComparedNode | undefined) => void,
  ): void => {
    const walk = (node: ComparedNode, within: readonly Collected[], parent: ComparedNode | undefined): void => {
      visit(node, within, parent);
      const own = found.get(node.operation);
      const inside = own && !within.includes(own) ? [...within, own] : within;
      for (const child of node.children) walk(child, inside, node);
    };
    for (let step = 0; step < outermostOperations.length; step++)
      if (outermostOperations.tree(step) >= 0) walk(trees.get(outermostOperations.tree(step)), [], undefined);
  };
  each((node, within, parent) => {
    const own = found.get(node.operation);
    const caller = parent && found.get(parent.operation);
    if (caller && caller.times <= MOST_CALLS) {
      if (own) add(caller.doubtful, node.operation);
      else if (caller.calls.length < MOST_EFFECTS) caller.calls.push(node.seq);
    }
    if (!own) return;
    own.times++;
    for (const outer of within) add(own.within, nameOf(found, outer));
    if (own.times > MOST_CALLS) return;
    if (node.result?.object && own.made.size < MOST_EFFECTS) own.made.add(node.result.object.id);
    hold(own.held, node.args[HOLDING.get(node.operation) ?? -1]?.object?.id, node.seq);
    if (NUMBERING.has(node.operation)) own.numbered = Math.min(own.numbered, node.seq);
  });
  const all = [...found.values()];
  each((node) => {
    if (found.has(node.operation)) return;
    const ids = named(node);
    for (const own of all) {
      if (own.lives.length < MOST_EFFECTS && ids.some((id) => own.made.has(id))) own.lives.push(node.seq);
      if (own.goesOn.length >= MOST_EFFECTS) continue;
      if (
        ids.some((id) => (own.held.get(id) ?? Infinity) < node.seq) ||
        (node.operation === NUMBER_TAKEN && own.numbered < node.seq)
      )
        own.goesOn.push(node.seq);
    }
  });
  return found;
}

function* first<T>(all: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const one of all) {
    if (left-- === 0) return;
    yield one;
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function hold(held: Map<ObjectId, number>, id: ObjectId | undefined, since: number): void {
  if (id !== undefined) held.set(id, Math.min(since, held.get(id) ?? Infinity));
}

function nameOf(found: ReadonlyMap<string, Collected>, wanted: Collected): string {
  for (const [name, one] of found) if (one === wanted) return name;
  return "";
}

function named({ args, result }: ComparedNode): ObjectId[] {
  return [...args, ...(result ? [result] : [])].flatMap(({ object }) => (object ? [object.id] : []));
}

/** The counts of events by their counterpart on the other side: the same, changed, or missing. */
export interface Standing {
  readonly there: number;
  readonly same: number;
  readonly missing: number;
}

/** States of an event; 0 if it was not among the compared ones. */
const SAME = 1;
const ALTERED = 2;
const MISSING = 3;

/** Records the state of each call of one side while two histories are compared. */
export class Standings {
  readonly #of: Column;

  constructor(
    private readonly side: Side,
    pages: Pages,
  ) {
    this.#of = pages.column("u8");
  }

  line(line: Line): void {
    const call = line[this.side];
    if (!call) return;
    const isThere = (line.before !== undefined && line.after !== undefined) || line.change === "reordered";
    this.#of.set(call.node.seq, line.change === "same" ? SAME : isThere ? ALTERED : MISSING);
  }

  /** True if the call has an unchanged counterpart or was not compared. */
  isNothing(event: number): boolean {
    return this.#of.get(event) <= SAME;
  }

  /** Counts the states of these events; events that were not compared count for nothing. */
  of(events: readonly number[]): Standing {
    const counts = [0, 0, 0, 0];
    for (const event of events) counts[this.#of.get(event)]!++;
    return { there: counts[SAME]! + counts[ALTERED]!, same: counts[SAME]!, missing: counts[MISSING]! };
  }
}

/**
 * Tells whether the effects of an operation are there without it; `undefined` if it has none that shows. `missing`: the
 * number of equally doubtful callees that are known to be missing.
 */
export function isThere(effects: Effects, standings: Standings, missing: number): boolean | undefined {
  const calls = standings.of(effects.calls);
  if (calls.there + calls.missing > 0) return calls.there > calls.missing + missing;
  const lives = standings.of(effects.lives);
  if (lives.there + lives.missing > 0) return lives.there > lives.missing;
  const goesOn = standings.of(effects.goesOn);
  if (goesOn.there + goesOn.missing > 0) return goesOn.same === goesOn.there + goesOn.missing;
  return undefined;
}
