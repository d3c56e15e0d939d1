/**
 * Who needs whom, read off the state while a recording is replayed. The store is asked through a witness that sees what every
 * event reads and writes; from that:
 *
 * - an event needs the call around it;
 * - one that looks at an object needs what made it, and the events of an object's life (made, opened, evicted, freed) need one
 *   another: what is kept is not left alive, nor comes out of nowhere;
 * - a reference's get and its put need one another, and so do a descriptor's open and close; a put needs what passed the
 *   reference on in between;
 * - a put with nothing to put needs the gets and puts of the same object that came before it in the same outermost call;
 * - what a fact rests on needs the lives of the objects in it.
 *
 * Modules are there before and after everything: to look at one needs nothing, its references say what has to do with it.
 */
import type { EventView } from "../log/view.js";
import type { Frame, Stack } from "../reduce/calls.js";
import type { Fact, Holding } from "../reduce/facts.js";
import type { Kind, KernelObject, ObjectId, OfKind } from "../reduce/objects.js";
import * as recipes from "../reduce/recipes.js";
import { MutableStore, type Store } from "../reduce/store.js";
import { Numbers } from "./numbers.js";
import { type Unit, Units } from "./units.js";
import type { Tracer } from "./watch.js";

type Recipe = (draft: never, ...args: never[]) => void;

/** What changes the stage of a life. */
const LIFE = new Set<Recipe>([
  recipes.bornAt,
  recipes.diedAt,
  recipes.inodeStage,
  recipes.inodePendingRcu,
  recipes.inodeCallback,
  recipes.inodeFreed,
  recipes.fileStage,
  recipes.fileOpened,
  recipes.fileMade,
  recipes.superblockStage,
  recipes.moduleStage,
  recipes.vmStage,
  recipes.mountUnmounted,
  recipes.slotBound,
  recipes.slotUnbound,
]);

/** Gets and puts that are looked back at. */
const MOVES = 16;

/** The latest gets and puts of one object within one outermost call. */
interface Moves {
  readonly root: Unit;
  readonly units: Unit[];
}

/** Builds `units` while a replay that it watches goes on. `store` is the replay's. */
export class Dependencies implements Tracer {
  readonly units = new Units();
  readonly store: Store = new WitnessedStore(this);
  /** By object: the latest event of its life. */
  readonly #life = new Numbers();
  /** By the get of a reference that is held: what passed it on. */
  readonly #passed = new Map<number, Unit[]>();
  readonly #moves = new Map<ObjectId, Moves>();
  /** By descriptor table: who opened what is open. */
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
    for (const value of Object.values(fact) as unknown[]) for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) this.#restsOn(unit, part);
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

  // What the store sees.

  read(object: KernelObject): void {
    if (object.kind !== "module" && object.death === 0 && object.birth !== 0) this.units.need(this.#unit, this.#life.at(object.id));
  }

  /** Called before the recipe runs. */
  write(object: KernelObject, recipe: Recipe, args: readonly unknown[]): void {
    const unit = this.#unit;
    if (LIFE.has(recipe)) {
      this.units.bind(unit, this.#life.at(object.id));
      this.#life.set(object.id, unit);
    } else if (recipe === recipes.take) this.#moved(object, unit);
    else if (recipe === recipes.giveBack) this.#given(object, args[0] as number, unit);
    else if (recipe === recipes.handOver || recipe === recipes.leave) {
      for (const { owner, seq } of object.references) if (owner === args[0]) this.#passed.set(seq, [...(this.#passed.get(seq) ?? []), unit]);
    } else if (recipe === recipes.descriptorSet) this.#openedBy(object.id).set(args[0] as number, unit);
    else if (recipe === recipes.descriptorCleared) this.units.bind(unit, this.#openedBy(object.id).get(args[0] as number) ?? 0);
  }

  removed(object: KernelObject): void {
    this.#moves.delete(object.id);
  }

  #given(object: KernelObject, index: number, unit: Unit): void {
    const seq = object.references[index]?.seq;
    if (seq !== undefined) {
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
    if (!opened) this.#opened.set(table, (opened = new Map()));
    return opened;
  }
}

/** A store that tells what it is asked, and what it is told. */
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

  override update<T extends KernelObject, A extends unknown[]>(object: T, recipe: (draft: T, ...args: A) => void, ...args: A): T {
    this.witness.write(object, recipe as unknown as Recipe, args);
    return super.update(object, recipe, ...args);
  }

  override remove(object: KernelObject): void {
    this.witness.removed(object);
    super.remove(object);
  }
}
