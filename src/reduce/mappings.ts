/**
 * Page-cache operations name a mapping, which is a field of the inode (`i_data`) at an offset that differs between
 * builds. The recording shows it: `truncate_inode_pages_final` follows `evict` of the same inode.
 */
import type { AddressId } from "../log/batch.js";
import type { AddressTable } from "../log/tables.js";
import type { Stack } from "./calls.js";
import { Folios } from "./folios.js";
import type { Inode, ObjectId } from "./objects.js";
import type { World } from "./world.js";

export interface SavedMappings {
  /** Bytes from an inode to its mapping; -1 while unknown. */
  readonly offset: number;
  /** Folios of followed inodes, in the order of their addresses. */
  readonly folios: readonly { readonly folio: AddressId; readonly inode: ObjectId }[];
}

export class Mappings {
  #offset = -1;
  readonly #folios = new Folios();

  constructor(
    private readonly w: World,
    private readonly addresses: AddressTable,
  ) {}

  learn(mapping: AddressId, inode: AddressId): void {
    if (this.#offset >= 0) return;
    const a = this.addresses;
    const offset = (a.high(mapping) - a.high(inode)) * 4294967296 + (a.low(mapping) - a.low(inode));
    if (offset > 0 && offset < 4096) this.#offset = offset;
  }

  inodeOf(mapping: AddressId, stack: Stack): Inode | undefined {
    if (this.#offset >= 0) {
      const low = this.addresses.low(mapping) - this.#offset;
      const address = this.addresses.find(low >>> 0, this.addresses.high(mapping) - (low < 0 ? 1 : 0));
      const inode = address === undefined ? undefined : this.w.at("inode", address);
      return inode && inode.death === 0 && inode.focus ? inode : undefined;
    }
    // The offset is unknown so far: inside an operation on an inode of guest_memfd, the mapping is that inode's.
    for (const name of ["kvm_gmem_get_folio", "kvm_gmem_fallocate"]) {
      const inode = this.w.store.get(stack.find(name)?.subject ?? 0, "inode");
      if (!inode) continue;
      this.learn(mapping, inode.address);
      return inode;
    }
    return undefined;
  }

  added(folio: AddressId, inode: Inode): void {
    this.#folios.add(folio, inode.id);
  }

  /** Removes a folio, and returns the inode that had it; 0 if that is not followed. */
  removed(folio: AddressId): ObjectId {
    const inode = this.#folios.inodeOf(folio);
    this.#folios.remove(folio);
    return inode;
  }

  /** Removes all folios of an inode that ended: truncation removes them in batches, which no probe shows one by one. */
  forget(inode: ObjectId): void {
    this.#folios.removeAllOf(inode);
  }

  saved(): SavedMappings {
    return {
      offset: this.#offset,
      folios: this.addresses.sorted([...this.#folios]).map((folio) => ({ folio, inode: this.#folios.inodeOf(folio) })),
    };
  }

  restore({ offset, folios }: SavedMappings): void {
    this.#offset = offset;
    for (const { folio, inode } of folios) this.#folios.add(folio, inode);
  }
}
