/**
 * The ledger: every reference taken has an owner, and a put settles the entry that it belongs to. A reference taken
 * inside a call is the call's until the call hands it to an object that it makes, or returns and leaves it to its
 * caller.
 */
import type { EventView } from "../log/view.js";
import { empty, type Frame, type Stack } from "./calls.js";
import type { Holding } from "./facts.js";
import { Identities } from "./identities.js";
import {
  type File,
  type Kind,
  type KernelObject,
  type Left,
  type ObjectId,
  ownedByCall,
  type Owner,
  UNSEEN,
} from "./objects.js";
import { Owners } from "./owners.js";
import { given, leftTo, passed, taken } from "./transitions.js";

export abstract class Ledger extends Identities {
  readonly #owners = new Owners();

  /** The call that owns a reference which is taken now: the innermost that will return; none for an untraced caller. */
  callOwner(stack: Stack): Frame | undefined {
    for (let i = 0; i < stack.depth; i++) {
      const frame = stack.at(i)!;
      if (frame.paired) return frame;
      if (frame.operation.calls) return undefined;
    }
    return undefined;
  }

  hold<T extends KernelObject>(target: T, frame: Frame | undefined, e: EventView, by: string): T {
    frame?.holds.push(target.id);
    return this.holdBy(target, frame ? ownedByCall(frame.seq) : UNSEEN, e, by);
  }

  holdBy<T extends KernelObject>(target: T, owner: Owner, e: EventView, by: string): T {
    const transition = taken(owner, e.seq, by, e.taskId);
    const now = this.store.apply(target as KernelObject, transition) as T;
    this.#owners.taken(target.id, transition.reference);
    return now;
  }

  /** The index of the latest reference of an owner on a target; -1 if there is none. */
  referenceOf(target: KernelObject, owner: Owner): number {
    return this.#owners.latest(target, owner);
  }

  /**
   * The index of the latest reference on a target that a call of this stack took, innermost call first; -1 if there is
   * none. `returning` has left the stack already.
   */
  referenceOfCalls(target: KernelObject, stack: Stack, returning?: Frame): number {
    if (target.references.length === 0) return -1;
    if (returning) {
      const at = this.referenceOf(target, ownedByCall(returning.seq));
      if (at >= 0) return at;
    }
    for (let up = 0; up < stack.depth; up++) {
      const frame = stack.at(up)!;
      if (!frame.paired) continue;
      const at = this.referenceOf(target, ownedByCall(frame.seq));
      if (at >= 0) return at;
    }
    return -1;
  }

  /** Settles a put: the reference at `index`, or (-1) one that no probe saw taken. */
  settle<T extends KernelObject>(target: T, index: number): T {
    const transition = given(index, target);
    const now = this.store.apply(target as KernelObject, transition) as T;
    if (transition.reference) this.#owners.given(now, transition.reference);
    return now;
  }

  /** Passes every reference of one owner on a target to another: a call's to the object that it made. */
  pass<T extends KernelObject>(target: T, from: Owner, to: Owner): T {
    let now = (this.store.any(target.id) ?? target) as T;
    for (const i of this.#owners.indexes(now, from)) {
      const reference = now.references[i]!;
      now = this.store.apply(now as KernelObject, passed(i, reference, to)) as T;
      this.#owners.passed(now.id, reference, to);
    }
    return now;
  }

  /** Leaves the references of a call that is over to its untraced caller. */
  #leave(target: KernelObject, from: Owner, left: Left): void {
    let now = this.store.any(target.id) ?? target;
    for (const i of this.#owners.indexes(now, from)) {
      const reference = now.references[i]!;
      now = this.store.apply(now, leftTo(i, reference, left));
      this.#owners.passed(now.id, reference, UNSEEN);
    }
  }

  /** Passes the references that a call took on objects of some kinds to the object that it made. */
  adopt(frame: Frame, owner: ObjectId, kinds: readonly Kind[]): void {
    for (const id of frame.holds) {
      const target = this.store.any(id);
      if (target && kinds.includes(target.kind)) this.pass(target, ownedByCall(frame.seq), owner);
    }
  }

  /** Passes all that a call took and still has to its caller when it returns, traced or not. */
  passUp(frame: Frame, stack: Stack): void {
    if (frame.holds.length === 0 && frame.reserved.length === 0 && frame.born.length === 0) return;
    const caller = this.callOwner(stack);
    for (const id of frame.holds) {
      const target = this.store.any(id);
      if (!target || this.referenceOf(target, ownedByCall(frame.seq)) < 0) continue;
      if (!caller) {
        this.#leave(target, ownedByCall(frame.seq), { operation: frame.operation.name, event: frame.seq });
        continue;
      }
      this.pass(target, ownedByCall(frame.seq), ownedByCall(caller.seq));
      caller.holds.push(id);
    }
    if (caller) {
      for (const fd of frame.reserved) caller.reserved.push(fd);
      for (const id of frame.born) caller.born.push(id);
    }
    empty(frame.holds);
    empty(frame.reserved);
    empty(frame.born);
  }

  /** The references of a call on living objects. */
  leftBy(frame: Frame): Holding[] {
    const left: Holding[] = [];
    if (frame.holds.length === 0) return left;
    const owner = ownedByCall(frame.seq);
    for (const id of new Set(frame.holds)) {
      const target = this.store.any(id);
      if (target) this.#holdings(target, owner, left);
    }
    return left;
  }

  #holdings(target: KernelObject, owner: Owner, into: Holding[]): void {
    for (const i of this.#owners.indexes(target, owner)) into.push({ target, reference: target.references[i]! });
  }

  protected override forgotten({ id }: KernelObject): void {
    this.#owners.forget(id);
  }

  /** The references of an object on the living ones among `targets`. */
  heldBy(owner: ObjectId, targets: readonly ObjectId[]): Holding[] {
    const left: Holding[] = [];
    for (const id of targets) {
      const target = this.store.any(id);
      if (target) this.#holdings(target, owner, left);
    }
    return left;
  }

  /** The file whose `__fput` the stack is inside of. */
  releasing(stack: Stack): File | undefined {
    const frame = stack.find("__fput");
    return frame ? this.store.get(frame.subject, "file") : undefined;
  }
}
