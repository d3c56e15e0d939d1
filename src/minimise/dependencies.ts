/**
 * Derives which events need which others while a recording is replayed. A store that reports every read and write shows
 * that:
 *
 * - an event needs the call around it;
 * - an event that reads an object needs the one that made it, and the events of an object's life (made, opened,
 *   evicted, freed) need one another: no object of an excerpt appears from nowhere or is left alive;
 * - a reference's get and its put need one another, and so do a descriptor's open and close; a put needs the events
 *   that passed the reference on in between;
 * - a put without a get needs the gets and puts of the same object before it in the same outermost call;
 * - the event of a fact needs the lives of the objects in the fact.
 *
 * Modules outlive everything: reading one needs nothing, and its references connect the events that concern it.
 */
import { byKind } from "../../events/kinds/index.js";
import type { EventView } from "../log/view.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Fact, Holding } from "../reduce/facts.js";
import type { Kind, KernelObject, ObjectId, OfKind } from "../reduce/objects.js";
import { MutableStore, type Store } from "../reduce/store.js";
import type { Given, Transition } from "../reduce/transitions.js";
import { Numbers } from "./numbers.js";
import { type Unit, Units } from "./units.js";
import type { Tracer } from "./watch.js";

/** Fields that show an object's stage of life, by kind. */
const LIFE = byKind(({ fields }) => Object.keys(fields).filter((name) => fields[name]!.life));

function isOfItsLife({ kind }: KernelObject, transition: Transition): boolean {
  switch (transition.type) {
    case "born":
    case "died":
      return true;
    case "counted":
      return LIFE[kind].includes(transition.what);
    case "set":
      return LIFE[kind].some((field) => field in transition.fields);
    default:
      return false;
  }
}

/** Most gets and puts that are remembered per object. */
const MOVES = 16;

/** The latest gets and puts of one object within one outermost call. */
interface Moves {
  readonly root: Unit;
  readonly units: Unit[];
}

/** Builds `units` while it watches a replay, which must use `store`. */
export class Dependencies implements Tracer {
  readonly units = new Units();
  readonly store: Store = new WitnessedStore(this);
  /** By object: the latest event of its life. */
  readonly #life = new Numbers();
  /** By the get of a held reference: the units that passed it on. */
  readonly #passed = new Map<number, Unit[]>();
  readonly #moves = new Map<ObjectId, Moves>();
  /** By descriptor table: the unit that opened each open descriptor. */
  readonly #opened = new Map<ObjectId, Map<number, Unit>>();
  #unit: Unit = 0;

  entered(e: EventView, stack: Stack, frame: Frame | undefined): void {
    const around = frame ? stack.at(1) : stack.top;
    this.#unit = this.#add(e, around);
  }

  returned(e: EventView, stack: Stack, frame: Frame | undefined): void {
    this.#unit = frame ? this.units.of(frame.seq) : this.#add(e, stack.top);
    if (frame) this.units.returned(this.#unit, e.seq);
  }

  closed(frame: Frame, _stack: Stack, e: EventView): void {
    this.#unit = this.units.of(frame.seq);
    if (!frame.paired) this.units.closed(this.#unit, e.seq);
  }

  touched(): void {
    this.units.touches(this.#unit);
  }

  fact(fact: Fact, anchor: number): void {
    const unit = this.units.of(anchor);
    for (const value of Object.values(fact) as unknown[])
      for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) this.#restsOn(unit, part);
  }

  #restsOn(unit: Unit, part: unknown): void {
    if (typeof part !== "object" || part === null) return;
    const { target, reference } = part as Partial<Holding>;
    const object = target ?? (part as KernelObject);
    if ("references" in object) this.units.need(unit, this.#life.at(object.id));
    if (reference) this.units.need(unit, this.units.of(reference.seq));
  }

  #add(e: EventView, around: Frame | undefined): Unit {
    return this.units.add(e.seq, e.point!.id, e.taskId, around ? this.units.of(around.seq) : 0);
  }

  // Reads and writes of the store.

  read(object: KernelObject): void {
    if (object.kind !== "module" && object.death === 0 && object.birth !== 0)
      this.units.need(this.#unit, this.#life.at(object.id));
  }

  write(object: KernelObject, transition: Transition): void {
    const unit = this.#unit;
    if (isOfItsLife(object, transition)) {
      this.units.bind(unit, this.#life.at(object.id));
      this.#life.set(object.id, unit);
      return;
    }
    switch (transition.type) {
      case "taken":
        return this.#moved(object, unit);
      case "given":
        return this.#given(object, transition, unit);
      case "passed":
      case "left": {
        const { seq } = transition.before;
        this.#passed.set(seq, [...(this.#passed.get(seq) ?? []), unit]);
        return;
      }
      case "installed":
        this.#openedBy(object.id).set(transition.fd, unit);
        return;
      case "closed":
        return this.units.bind(unit, this.#openedBy(object.id).get(transition.fd) ?? 0);
      default:
      // No other event depends on these.
    }
  }

  removed(object: KernelObject): void {
    this.#moves.delete(object.id);
  }

  #given(object: KernelObject, { reference }: Given, unit: Unit): void {
    if (reference) {
      const { seq } = reference;
      this.units.bind(unit, this.units.of(seq));
      for (const by of this.#passed.get(seq) ?? []) this.units.need(unit, by);
      this.#passed.delete(seq);
    } else for (const move of this.#movesOf(object, unit).units) this.units.need(unit, move);
    this.#moved(object, unit);
  }

  #moved(object: KernelObject, unit: Unit): void {
    const moves = this.#movesOf(object, unit);
    moves.units.push(unit);
    if (moves.units.length > MOVES) moves.units.shift();
    this.#moves.set(object.id, moves);
  }

  #movesOf(object: KernelObject, unit: Unit): Moves {
    const root = this.units.root(unit);
    const moves = this.#moves.get(object.id);
    return moves?.root === root ? moves : { root, units: [] };
  }

  #openedBy(table: ObjectId): Map<number, Unit> {
    let opened = this.#opened.get(table);
    if (!opened) this.#opened.set(table, (opened = new Map<number, Unit>()));
    return opened;
  }
}

/** A store that reports its reads and writes. */
class WitnessedStore extends MutableStore {
  constructor(private readonly witness: Dependencies) {
    super();
  }

  override get<K extends Kind>(id: ObjectId, kind: K): OfKind<K> | undefined {
    const object = super.get(id, kind);
    if (object) this.witness.read(object);
    return object;
  }

  override current<T extends KernelObject>(object: T): T {
    this.witness.read(object);
    return object;
  }

  override apply<T extends KernelObject>(object: T, transition: Transition<T>): T {
    this.witness.write(object, transition as Transition);
    return super.apply(object, transition);
  }

  override remove(object: KernelObject): void {
    this.witness.removed(object);
    super.remove(object);
  }
}
