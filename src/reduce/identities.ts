/**
 * Finds the object that an address means now. An object is an address and a lifetime: a birth at an address that is in
 * use ends the life that was there, and an object at an address that was never seen begins mid-life.
 */
import { kinds } from "../../events/kinds/index.js";
import type { AddressId } from "../log/batch.js";
import type { AddressTable } from "../log/tables.js";
import type { EventView } from "../log/view.js";
import { type Kind, type KernelObject, nameOf, type ObjectId, type OfKind } from "./objects.js";
import { born, died, FOLLOWED } from "./transitions.js";
import type { Store } from "./store.js";

export interface Lifetimes {
  born: number;
  died: number;
}

/** The lives at all addresses, except the living objects, which the store has. */
export interface SavedIdentities {
  /** Objects that ended and may still be touched, in the order of their ids. */
  readonly remembered: readonly KernelObject[];
  /** Addresses of which no life is remembered, with the number of lives so far, in the order of the addresses. */
  readonly vacant: readonly { readonly address: AddressId; readonly generation: number }[];
  readonly lifetimes: { readonly [Of in "focus" | "all"]: readonly ({ readonly kind: Kind } & Lifetimes)[] };
}

/** Addresses on a page, and the bits of an address's number within its page. */
const PAGE = 4096;
const BITS = 12;

/** The lives at `PAGE` addresses with consecutive numbers. */
class Page {
  /** The latest life there, ended or not. */
  readonly objects = Array.from<KernelObject | undefined>({ length: PAGE });
  /** The number of lives so far. */
  readonly generations = new Uint32Array(PAGE);
}

export abstract class Identities {
  /** By number. A page without any life is absent: in some recordings most addresses have none. */
  readonly #pages: (Page | undefined)[] = [];
  /** Births and deaths of objects of guest_memfd and those that it depends on (`focus`), and of all objects. */
  readonly lifetimes = { focus: new Map<Kind, Lifetimes>(), all: new Map<Kind, Lifetimes>() };

  constructor(
    readonly store: Store,
    readonly addresses: AddressTable,
  ) {}

  /** Called for an object whose memory another life takes, before it is forgotten. */
  protected abstract endedUnseen(object: KernelObject, e: EventView): void;

  /** True if an event on an object that ended would mean something. */
  protected abstract remembers(dead: KernelObject): boolean;

  /** Called for every object whose life is over. */
  protected abstract forgotten(object: KernelObject): void;

  /** The object that lives, or last lived, at an address. */
  at<K extends Kind>(kind: K, address: AddressId): OfKind<K> | undefined {
    if (address === 0) return undefined;
    const held = this.#held(address);
    if (held === undefined || held.kind !== kind) return undefined;
    return this.store.current(held) as OfKind<K>;
  }

  /** The living object at an address; one that was never seen, or whose last life ended, begins mid-life here. */
  living<K extends Kind>(kind: K, address: AddressId, e: EventView): OfKind<K> {
    const found = this.at(kind, address);
    return found && found.death === 0 ? found : this.#begin(kind, address, e);
  }

  /** Begins a life mid-life, whatever lived at its address before. */
  met<K extends Kind>(kind: K, address: AddressId, e: EventView): OfKind<K> {
    return this.#begin(kind, address, e);
  }

  /** Begins a new life: that of the object at its address before, seen to end or not, is over. */
  born<K extends Kind>(kind: K, address: AddressId, e: EventView, count: number | null): OfKind<K> {
    const object = this.store.apply(this.#begin(kind, address, e) as KernelObject, born(e.seq, count)) as OfKind<K>;
    this.#tally(object, "born");
    return object;
  }

  /** Turns a life that was met mid-life into one that begins now (a module that is seen loading). */
  bornNow<T extends KernelObject>(object: T, e: EventView, count: number | null): T {
    if (object.birth) return object;
    this.#tally(object, "born");
    return this.store.apply(object as KernelObject, born(e.seq, count)) as T;
  }

  #begin<K extends Kind>(kind: K, address: AddressId, e: EventView): OfKind<K> {
    const before = this.#held(address);
    if (before && before.death === 0) {
      // Another object has its memory: it ended unseen (by a callback that no probe caught).
      const ended = this.store.any(before.id) ?? before;
      if (ended.birth) this.#tally(ended, "died");
      this.endedUnseen(ended, e);
      this.forgotten(ended);
      this.store.remove(ended);
    }
    const { generations, objects } = this.#page(address);
    const generation = ++generations[address % PAGE]!;
    const object = this.store.create(kind, address, generation, e.seq);
    objects[address % PAGE] = object;
    return object;
  }

  /**
   * The latest life at an address, ended or not; `undefined` if none is remembered.
   */
  #held(address: AddressId): KernelObject | undefined {
    return this.#pages[address >>> BITS]?.objects[address % PAGE];
  }

  #page(address: AddressId): Page {
    return (this.#pages[address >>> BITS] ??= new Page());
  }

  died(object: KernelObject, e: EventView): void {
    if (object.death) return;
    const dead = this.store.apply(object, died(e.seq));
    this.#tally(dead, "died");
    this.store.remove(dead);
    this.forgotten(dead);
    this.#page(dead.address).objects[dead.address % PAGE] = this.remembers(dead) ? dead : undefined;
  }

  /** Follows an object from here on. */
  follow<T extends KernelObject>(object: T): T {
    if (object.focus) return object;
    const followed = this.store.apply(object as KernelObject, FOLLOWED) as T;
    if (object.birth) this.#tally(followed, "born", false);
    return followed;
  }

  /** Keeps a change of an object after its end: of the number of its callbacks, say. */
  remember(dead: KernelObject): void {
    if (this.#held(dead.address)?.id === dead.id) this.#page(dead.address).objects[dead.address % PAGE] = dead;
  }

  /**
   * Counts a birth or a death, among those of all objects and, if the object is followed, among those. Of files, only
   * guest_memfd's own are counted there.
   */
  #tally(object: KernelObject, what: "born" | "died", everything = true): void {
    if (everything) this.#lifetimes("all", object.kind)[what]++;
    if (object.focus && (object.kind !== "file" || object.gmem)) this.#lifetimes("focus", object.kind)[what]++;
  }

  #lifetimes(of: "focus" | "all", kind: Kind): Lifetimes {
    let counts = this.lifetimes[of].get(kind);
    if (!counts) this.lifetimes[of].set(kind, (counts = { born: 0, died: 0 }));
    return counts;
  }

  savedIdentities(): SavedIdentities {
    const remembered: KernelObject[] = [];
    const vacant = new Map<AddressId, number>();
    for (const [number, page] of this.#pages.entries()) {
      for (let k = 0; page && k < PAGE; k++) {
        const object = page.objects[k];
        const generation = page.generations[k]!;
        if (object === undefined && generation > 0) vacant.set(number * PAGE + k, generation);
        else if (object !== undefined && object.death !== 0) remembered.push(object);
      }
    }
    const counted = (of: "focus" | "all") => [...this.lifetimes[of]].map(([kind, counts]) => ({ kind, ...counts }));
    return {
      remembered: remembered.sort((a, b) => a.id - b.id),
      vacant: this.addresses
        .sorted([...vacant.keys()])
        .map((address) => ({ address, generation: vacant.get(address)! })),
      lifetimes: { focus: counted("focus"), all: counted("all") },
    };
  }

  /** Continues where other identities were saved. The living objects are in the store already. */
  restoreIdentities({ remembered, vacant, lifetimes }: SavedIdentities): void {
    for (const object of [...remembered, ...this.store.live()]) {
      if (kinds[object.kind].numbered !== undefined) continue;
      const { generations, objects } = this.#page(object.address);
      generations[object.address % PAGE] = object.generation;
      objects[object.address % PAGE] = object;
    }
    for (const { address, generation } of vacant) this.#page(address).generations[address % PAGE] = generation;
    for (const of of ["focus", "all"] as const)
      for (const { kind, born, died } of lifetimes[of]) this.lifetimes[of].set(kind, { born, died });
  }

  label(object: KernelObject): string {
    return labelOf(object, this.addresses);
  }

  /** The label of the object that an id names. */
  labelOf(id: ObjectId): string {
    const object = this.store.any(id);
    return object ? this.label(object) : "an object that is gone";
  }
}

/**
 * Returns what people call an object: kind and name if it has a name, else kind and address, with the generation from
 * the second life on.
 */
export function labelOf(object: KernelObject, addresses: AddressTable): string {
  const { named, numbered } = kinds[object.kind];
  if (numbered !== undefined) return `${numbered} ${object.id}`;
  const name = named?.inLabel ? nameOf(object) : "";
  if (name !== "") return `${object.kind} ${name}`;
  const life = object.generation > 1 ? `#${object.generation}` : "";
  return `${object.kind} ${addresses.hex(object.address)}${life}`;
}
