/**
 * Keeps the inode of each folio. A followed inode has thousands, which come one by one and mostly go with it: each
 * inode has a list, linked by the folios' numbers, so that neither inodes nor folios cost a container.
 */
import type { AddressId } from "../log/batch.js";
import { grown } from "../log/bytes.js";
import type { ObjectId } from "./objects.js";

export class Folios {
  /** By folio: its inode (0 if that is not followed), and its neighbours in the list of that inode (0 at an end). */
  #inode = new Float64Array(1024);
  #next = new Uint32Array(1024);
  #before = new Uint32Array(1024);
  /** By inode: the folio that was added last. */
  readonly #latest = new Map<ObjectId, AddressId>();

  /** 0 if the folio's inode is not followed. */
  inodeOf(folio: AddressId): ObjectId {
    return this.#inode[folio] ?? 0;
  }

  add(folio: AddressId, inode: ObjectId): void {
    if (folio === 0) return;
    this.remove(folio);
    if (folio >= this.#inode.length) this.#grow(folio);
    const next = this.#latest.get(inode) ?? 0;
    this.#inode[folio] = inode;
    this.#next[folio] = next;
    if (next !== 0) this.#before[next] = folio;
    this.#latest.set(inode, folio);
  }

  remove(folio: AddressId): void {
    const inode = this.inodeOf(folio);
    if (inode === 0) return;
    const next = this.#next[folio]!;
    const before = this.#before[folio]!;
    if (next !== 0) this.#before[next] = before;
    if (before !== 0) this.#next[before] = next;
    else if (next !== 0) this.#latest.set(inode, next);
    else this.#latest.delete(inode);
    this.#clear(folio);
  }

  removeAllOf(inode: ObjectId): void {
    for (let folio = this.#latest.get(inode) ?? 0; folio !== 0; ) {
      const next = this.#next[folio]!;
      this.#clear(folio);
      folio = next;
    }
    this.#latest.delete(inode);
  }

  *[Symbol.iterator](): Generator<AddressId> {
    for (const latest of this.#latest.values())
      for (let folio = latest; folio !== 0; folio = this.#next[folio]!) yield folio;
  }

  #clear(folio: AddressId): void {
    this.#inode[folio] = 0;
    this.#next[folio] = 0;
    this.#before[folio] = 0;
  }

  #grow(folio: AddressId): void {
    const size = Math.max(folio + 1, this.#inode.length * 2);
    this.#inode = grown(this.#inode, new Float64Array(size));
    this.#next = grown(this.#next, new Uint32Array(size));
    this.#before = grown(this.#before, new Uint32Array(size));
  }
}
