/**
 * Keeps the inodes whose memory waits for a grace period. `i_callback` names an inode by the address of its RCU head, a
 * field at an offset that differs between builds: it is learned from the recording, never assumed.
 */
import type { AddressId } from "../log/batch.js";
import type { AddressTable } from "../log/tables.js";
import type { Inode, ObjectId } from "./objects.js";

/** No `struct inode`, nor one that a file system embeds, is larger than this (bytes). */
const LARGEST_INODE = 4096;
/** Callbacks that settle the offset when they agree. */
const VOTES = 3;

export interface SavedRcuQueue {
  /** In the order of the addresses; 0 for an inode that is not followed. */
  readonly pending: readonly { readonly address: AddressId; readonly inode: ObjectId }[];
  readonly votes: readonly { readonly offset: number; readonly votes: number }[];
  readonly offset: number;
  readonly lastHead: AddressId;
  readonly ran: number;
}

export class RcuQueue {
  /** Pending inodes by address; 0 for one that is not followed. */
  readonly #pending = new Map<AddressId, ObjectId>();
  readonly #votes = new Map<number, number>();
  #offset = -1;
  #lastHead: AddressId = 0;
  /** The event of the latest callback: a grace period has passed for what was queued long enough before it. */
  ran = 0;

  constructor(
    private readonly addresses: AddressTable,
    private readonly inode: (id: ObjectId) => Inode | undefined,
  ) {}

  pending(inode: Inode): void {
    this.#pending.set(inode.address, inode.id);
  }
  pendingAddress(address: AddressId): void {
    if (address) this.#pending.set(address, 0);
  }
  done(inode: Inode): void {
    this.#pending.delete(inode.address);
  }
  get size(): number {
    return this.#pending.size;
  }

  saved(): SavedRcuQueue {
    return {
      pending: this.addresses
        .sorted([...this.#pending.keys()])
        .map((address) => ({ address, inode: this.#pending.get(address)! })),
      votes: [...this.#votes].map(([offset, votes]) => ({ offset, votes })),
      offset: this.#offset,
      lastHead: this.#lastHead,
      ran: this.ran,
    };
  }

  restore({ pending, votes, offset, lastHead, ran }: SavedRcuQueue): void {
    for (const { address, inode } of pending) this.#pending.set(address, inode);
    for (const of of votes) this.#votes.set(of.offset, of.votes);
    this.#offset = offset;
    this.#lastHead = lastHead;
    this.ran = ran;
  }

  /** Takes in a callback at event `seq`, and returns the inode that it frees, if that is followed. */
  inodeOf(head: AddressId, seq = this.ran): Inode | undefined {
    this.ran = seq;
    this.#lastHead = head;
    const address = this.#offset >= 0 ? this.#below(head, this.#offset) : this.#nearest(head);
    if (address === undefined) return undefined;
    const id = this.#pending.get(address);
    if (id === undefined) return undefined;
    this.#pending.delete(address);
    if (this.#offset < 0) this.#vote(distance(this.addresses, head, address));
    return id ? this.inode(id) : undefined;
  }

  /** Learns the offset from `free_inode`, which names the inode whose callback has just run. */
  learn(address: AddressId): void {
    if (this.#offset >= 0 || !this.#lastHead || !address) return;
    const d = distance(this.addresses, this.#lastHead, address);
    if (d > 0 && d < LARGEST_INODE) this.#vote(d);
  }

  #vote(offset: number): void {
    const votes = (this.#votes.get(offset) ?? 0) + 1;
    this.#votes.set(offset, votes);
    if (votes >= VOTES) this.#offset = offset;
  }

  #below(head: AddressId, offset: number): AddressId | undefined {
    const low = this.addresses.low(head) - offset;
    const borrow = low < 0 ? 1 : 0;
    return this.addresses.find(low >>> 0, this.addresses.high(head) - borrow);
  }

  /** The pending inode that a head lies in: the nearest below it, as inodes do not overlap. */
  #nearest(head: AddressId): AddressId | undefined {
    let best: AddressId | undefined;
    let least = LARGEST_INODE;
    for (const address of this.#pending.keys()) {
      const d = distance(this.addresses, head, address);
      if (d > 0 && d < least) {
        least = d;
        best = address;
      }
    }
    return best;
  }
}

/** Bytes from `to` up to `from`; exact if few, else some large or negative number. */
function distance(addresses: AddressTable, from: AddressId, to: AddressId): number {
  return (addresses.high(from) - addresses.high(to)) * 4294967296 + (addresses.low(from) - addresses.low(to));
}
