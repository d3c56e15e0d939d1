/**
 * Finds the references of one owner among the many on one object: all files of a busy host share a module, a mount and
 * a few VMs. The index is derived from the references and is no part of the state; it is made where a list has become
 * long.
 */
import { firstWhere } from "../base/search.js";
import type { KernelObject, ObjectId, Owner, Reference } from "./objects.js";

/** References on an object from which on they are indexed, and below which they are so no more. */
const LONG = 64;
const SHORT = 32;

/** Of each owner, the events that took its references on one object, in the order of the list. */
type Takings = Map<Owner, number[]>;

export class Owners {
  readonly #of = new Map<ObjectId, Takings>();

  /** The indexes of an owner's references on a target, in their order. */
  indexes(target: KernelObject, owner: Owner): readonly number[] {
    const { references } = target;
    const takings = references.length < LONG ? this.#of.get(target.id) : this.#takings(target);
    if (!takings) return scanned(references, owner);
    const found: number[] = [];
    for (const seq of takings.get(owner) ?? []) {
      // References that one event took stand together.
      let at = Math.max(firstAt(references, seq), (found.at(-1) ?? -1) + 1);
      while (at < references.length && references[at]!.seq === seq && references[at]!.owner !== owner) at++;
      if (references[at]?.seq === seq) found.push(at);
    }
    return found;
  }

  /** The index of an owner's latest reference on a target; -1 if there is none. */
  latest(target: KernelObject, owner: Owner): number {
    const { references } = target;
    const takings = references.length < LONG ? this.#of.get(target.id) : this.#takings(target);
    let at = references.length - 1;
    if (takings) {
      const seq = takings.get(owner)?.at(-1);
      if (seq === undefined) return -1;
      at = firstAt(references, seq + 1) - 1;
    }
    while (at >= 0 && references[at]!.owner !== owner) at--;
    return at;
  }

  taken(id: ObjectId, { owner, seq }: Reference): void {
    const takings = this.#of.get(id);
    if (takings) add(takings, owner, seq);
  }

  given({ id, references }: KernelObject, { owner, seq }: Reference): void {
    const takings = this.#of.get(id);
    if (!takings) return;
    remove(takings, owner, seq);
    if (references.length < SHORT) this.#of.delete(id);
  }

  passed(id: ObjectId, before: Reference, owner: Owner): void {
    const takings = this.#of.get(id);
    if (!takings) return;
    remove(takings, before.owner, before.seq);
    add(takings, owner, before.seq);
  }

  forget(id: ObjectId): void {
    this.#of.delete(id);
  }

  #takings({ id, references }: KernelObject): Takings | undefined {
    let takings = this.#of.get(id);
    if (takings) return takings;
    takings = new Map<Owner, number[]>();
    let last = 0;
    for (const { owner, seq } of references) {
      // Positions are found by their events, which rise.
      if (seq < last) return undefined;
      last = seq;
      add(takings, owner, seq);
    }
    this.#of.set(id, takings);
    return takings;
  }
}

function scanned(references: readonly Reference[], owner: Owner): number[] {
  const found: number[] = [];
  for (let i = 0; i < references.length; i++) if (references[i]!.owner === owner) found.push(i);
  return found;
}

/** Returns the first index at which the event is not before `seq`. */
function firstAt(references: readonly Reference[], seq: number): number {
  return firstWhere(0, references.length, (k) => references[k]!.seq >= seq);
}

function add(takings: Takings, owner: Owner, seq: number): void {
  const all = takings.get(owner);
  if (!all) {
    takings.set(owner, [seq]);
    return;
  }
  let at = all.length;
  while (at > 0 && all[at - 1]! > seq) at--;
  all.splice(at, 0, seq);
}

function remove(takings: Takings, owner: Owner, seq: number): void {
  const all = takings.get(owner);
  if (!all) return;
  const at = all.lastIndexOf(seq);
  if (at >= 0) all.splice(at, 1);
  if (all.length === 0) takings.delete(owner);
}
