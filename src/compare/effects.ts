/**
 * What an operation brings about, as far as other events show it: what it calls, the life of the object that it makes,
 * how an object goes on of which it takes or gives back a reference, and which descriptors are free. Where a recording
 * never shows the operation and shows all that, the operation happened there too, unseen.
 */
import { catalogue, operationsWith } from "../../events/index.js";
import type { ObjectId } from "../reduce/objects.js";
import type { ComparedNode, Line } from "./calls.js";
import type { History } from "./history.js";
import type { Column, Pages } from "./paged.js";
import type { Side } from "./types.js";

/**
 * They change nothing but who holds an object, by their argument: what becomes of the object shows whether they did.
 */
const HOLDING: ReadonlyMap<string, number> = new Map(
  catalogue.flatMap(({ name, args, holds }) =>
    holds === undefined ? [] : [[name, args.findIndex((arg) => arg.name === holds)] as const],
  ),
);
const NUMBERING = operationsWith("descriptor number");
const NUMBER_TAKEN = "get_unused_fd_flags";

/** So many calls of one operation are looked at, and so many events of what they brought about. */
const MOST_CALLS = 500;
const MOST_EFFECTS = 20_000;

/** The events in which an operation shows, by their numbers. */
export interface Effects {
  /** How often it is called. */
  readonly times: number;
  /** How often inside of each of those that are as doubtful. */
  readonly within: ReadonlyMap<string, number>;
  /** What it calls, directly or by way of what is as doubtful; of that nothing but the names, and how often. */
  readonly calls: readonly number[];
  readonly doubtful: ReadonlyMap<string, number>;
  /** What happens to what it makes. */
  readonly lives: readonly number[];
  /** What must go on as it did. */
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
  /** Objects that it holds or lets go, and since when. */
  readonly held: Map<ObjectId, number>;
  /** It dealt in descriptors, since then. */
  numbered: number;
}

/** Of operations that the other side never shows. */
export function effectsOf(
  { roots, trees, makers }: History,
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
    for (let root = 0; root < roots.length; root++)
      if (roots.tree(root) >= 0) walk(trees.get(roots.tree(root)), [], undefined);
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

/** How events of one side stand to the other side: what corresponds is the same, or altered, or it is missing. */
export interface Standing {
  readonly there: number;
  readonly same: number;
  readonly missing: number;
}

/** By event; 0 of one that was not among what was compared. */
const SAME = 1;
const ALTERED = 2;
const MISSING = 3;

/** Takes down how each call of one side stands, while two histories are compared. */
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

  /** It corresponds to another, and there is nothing that differs about it; or it was not among what was compared. */
  isNothing(event: number): boolean {
    return this.#of.get(event) <= SAME;
  }

  /** Of these events; those that were not among what was compared count for nothing. */
  of(events: readonly number[]): Standing {
    const counts = [0, 0, 0, 0];
    for (const event of events) counts[this.#of.get(event)]!++;
    return { there: counts[SAME]! + counts[ALTERED]!, same: counts[SAME]!, missing: counts[MISSING]! };
  }
}

/**
 * Whether what it brings about is there without it; `undefined`: it brings about nothing that shows. `missing`: how
 * many calls that are as doubtful are missing, as far as that is known.
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
