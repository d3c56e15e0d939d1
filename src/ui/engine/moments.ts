/** The state at any moment, and the changes by the moment's event. Consecutive moments continue the same replay. */
import { points } from "../../../events/index.js";
import { graphOf } from "../../export/graph.js";
import { formatTime } from "../../log/time.js";
import { countName } from "../../reduce/objects.js";
import type { Replaying } from "../../replay/replaying.js";
import type { Seeker } from "../../seek/seeker.js";
import { type ShownObject, type ShownState, stateOf } from "../../show/state.js";
import { eventLine } from "../../write/event-line.js";
import type { Changed, Moment } from "../protocol.js";

/** Largest distance that is replayed; beyond it a snapshot is sought. */
const NEAR = 4096;
/** Most objects of a state that are sent. */
const OBJECTS = 1000;
/** Most objects that a graph stays readable with. */
const DRAWN = 400;

export class Moments {
  #replaying: Replaying | undefined;
  /** The state of `#replaying`, once it was asked for. */
  #state: ShownState | undefined;

  constructor(private readonly seeker: Seeker) {}

  at(event: number): Moment {
    const before = this.#stateAfter(Math.max(0, event - 1));
    const state = event > 0 ? this.#stateAfter(event) : before;
    const { world } = this.#replaying!;
    const shown = state.objects.slice(0, OBJECTS);
    return {
      event,
      ...this.#eventOf(event),
      state: shown.length < state.objects.length ? { ...state, objects: shown } : state,
      more: state.objects.length - shown.length,
      graph: state.objects.length <= DRAWN ? graphOf(world, "") : { title: "", nodes: [], edges: [] },
      changed: event > 0 ? changes(before, state) : [],
    };
  }

  #stateAfter(event: number): ShownState {
    let replaying = this.#replaying;
    if (!replaying || replaying.next - 1 > event || event - replaying.next > NEAR)
      [replaying, this.#state] = [this.seeker.at(event), undefined];
    else if (replaying.next <= event) {
      this.seeker.forward(replaying, event);
      this.#state = undefined;
    }
    this.#replaying = replaying;
    return (this.#state ??= stateOf(replaying.world));
  }

  #eventOf(event: number): Pick<Moment, "time" | "line" | "task" | "cpu" | "operation" | "phase" | "text"> {
    const found = event > 0 ? this.seeker.find(event) : undefined;
    if (!found) return { time: "", line: 0, task: "", cpu: 0, operation: "", phase: "", text: "" };
    const { batch, index } = found;
    const { tables } = this.seeker.reader;
    const point = points.points[batch.point[index]!];
    const { comm, pid } = tables.tasks.get(batch.task[index]!);
    return {
      time: formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits),
      line: batch.line[index]!,
      task: `${comm}-${pid}`,
      cpu: batch.cpu[index]!,
      operation: point?.operation.name ?? batch.unknown.get(index)?.name ?? "",
      phase: point?.phase ?? "",
      text: eventLine(batch, index, tables),
    };
  }
}

function changes(before: ShownState, after: ShownState): Changed[] {
  const was = new Map(before.objects.map((object) => [object.id, object]));
  const changed: Changed[] = [];
  const add = ({ id, label, kind }: ShownObject, what: readonly string[]): void => {
    if (what.length > 0) changed.push({ id, label, kind, what });
  };
  for (const object of after.objects) {
    const old = was.get(object.id);
    was.delete(object.id);
    add(object, old ? differences(old, object) : [object.birth > 0 ? "born" : "first seen", ...held([], object)]);
  }
  for (const gone of was.values()) add(gone, ["gone"]);
  return changed;
}

function differences(old: ShownObject, now: ShownObject): string[] {
  const name = countName(now.kind);
  const facts = (object: ShownObject): string[] => object.facts.filter((fact) => !fact.startsWith(`${name} `));
  const [oldFacts, newFacts] = [facts(old), facts(now)];
  const lost = oldFacts.filter((fact) => !newFacts.includes(fact));
  const gained = newFacts.filter((fact) => !oldFacts.includes(fact));
  return [
    ...(old.count === now.count ? [] : [`${name} ${old.count ?? "?"} → ${now.count ?? "?"}`]),
    ...held(old.references, now),
    ...(lost.length === 1 && gained.length === 1
      ? [`${lost[0]} → ${gained[0]}`]
      : [...lost.map((fact) => `no more ${fact}`), ...gained]),
  ];
}

function held(old: ShownObject["references"], now: Pick<ShownObject, "references">): string[] {
  const key = ({ event, ownerId }: ShownObject["references"][number]): string => `${event}:${ownerId}`;
  const [had, has] = [new Set(old.map(key)), new Set(now.references.map(key))];
  const gets = new Set(old.map(({ event }) => event));
  const came = now.references
    .filter((r) => !had.has(key(r)))
    .map((r) => `${gets.has(r.event) ? "now held" : "held"} by ${r.owner}`);
  const stays = new Set(now.references.map(({ event }) => event));
  const went = old.filter((r) => !has.has(key(r)) && !stays.has(r.event)).map((r) => `given back by ${r.owner}`);
  return [...came, ...went];
}
