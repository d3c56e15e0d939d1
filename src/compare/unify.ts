/**
 * Pairs the objects of two recordings. Addresses say nothing: two objects correspond when the same step of the same
 * operation names them, and from then on neither may correspond to another.
 */
import type { ObjectRef } from "../reduce/call-tree.js";
import type { ObjectId } from "../reduce/objects.js";
import { type Column, Pages } from "./paged.js";

export class Unifier {
  /** By object: its counterpart plus one; 0: none is known. */
  readonly #afterOf: Column;
  readonly #beforeOf: Column;

  constructor(pages = new Pages()) {
    this.#afterOf = pages.column("u32");
    this.#beforeOf = pages.column("u32");
  }

  /** True if the two may be the same object; if so, they are paired from now on. */
  unify(before: ObjectRef, after: ObjectRef): boolean {
    if (before.kind !== after.kind) return false;
    if (shared(before) || shared(after)) return true;
    const known = this.#afterOf.get(before.id);
    if (known !== 0 || this.#beforeOf.get(after.id) !== 0) return known === after.id + 1;
    this.#afterOf.set(before.id, after.id + 1);
    this.#beforeOf.set(after.id, before.id + 1);
    return true;
  }

  /** Returns the counterpart, or `undefined` if none is known. */
  counterpart(before: ObjectId): ObjectId | undefined {
    const known = this.#afterOf.get(before);
    return known === 0 ? undefined : known - 1;
  }

  /**
   * True if two descriptor numbers mean the same. The kernel takes the lowest free number, so it is the same in each
   * run, unless threads take numbers at once (`racing`): then whichever each got is paired with the other from then on.
   */
  descriptor(before: number, after: number, racing: boolean): boolean {
    const known = this.#descriptors.get(before);
    if (known === undefined ? before === after : known === after) return true;
    if (before === after) this.#descriptors.delete(before);
    else if (racing) this.#descriptors.set(before, after);
    return before === after || racing;
  }
  readonly #descriptors = new Map<number, number>();

  /** Like `unify`, without pairing. */
  compatible(before: ObjectRef, after: ObjectRef): boolean {
    if (before.kind !== after.kind) return false;
    if (shared(before) || shared(after)) return true;
    const known = this.#afterOf.get(before.id);
    return known === 0 ? this.#beforeOf.get(after.id) === 0 : known === after.id + 1;
  }
}

/**
 * True for the system's own mount and superblock (anonymous inodes): they stand for each one that another kernel mounts
 * in their place.
 */
function shared(object: ObjectRef): boolean {
  return object.older && (object.kind === "mount" || object.kind === "superblock");
}
