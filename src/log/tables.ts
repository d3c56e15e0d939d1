/**
 * The tables of a log: addresses, tasks and places by number. They grow while a recording is read, a number never
 * changes its meaning, and equal things have equal numbers. Their growth is limited: a recording is not trusted to end
 * before memory does.
 */
import { TroubleError } from "../base/trouble.js";
import type { AddressId, TaskId } from "./batch.js";
import { ByteInterner, HASH_SEED, NOT_INTERNED, grown } from "./bytes.js";
import { Recent } from "./recent.js";

const MAX_ERRNO = 4095;

/** Maximal numbers of distinct entries of each table. */
export interface TableLimits {
  /** Some 30 bytes each, and as many again if lives of objects begin there. */
  readonly addresses: number;
  /** Some 50 bytes each. A kernel has as many pids (`PID_MAX_LIMIT`). */
  readonly tasks: number;
  /** Bytes of all tasks' names and pids. */
  readonly taskBytes: number;
  readonly places: number;
}

export const TABLE_LIMITS: TableLimits = { addresses: 1 << 26, tasks: 1 << 22, taskBytes: 1 << 28, places: 1 << 20 };

/**
 * Returns the error of a full table. It ends reading: state from a part of the recording may be false. `name`: of the
 * recording.
 */
function full(name: string, what: string): TroubleError {
  return new TroubleError(
    `has more than ${what}, which is the limit; record fewer at a time, or filter by what is to be looked at`,
    name,
  );
}

/** 64-bit addresses by number. 0 is NULL, and only NULL. */
export class AddressTable {
  #size = 1;
  #low = new Uint32Array(1024);
  #high = new Uint32Array(1024);
  /** Open addressing: the address's number, or 0 (NULL itself is never looked up). */
  #slots = new Uint32Array(4096);

  constructor(
    private readonly name = "-",
    private readonly limit = TABLE_LIMITS.addresses,
  ) {}

  get size(): number {
    return this.#size;
  }

  intern(low: number, high: number): AddressId {
    if ((low | high) === 0) return 0;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashWords(low, high) & mask;
    for (let id = slots[slot]!; id !== 0; id = slots[slot]!) {
      if (this.#low[id] === low >>> 0 && this.#high[id] === high >>> 0) return id;
      slot = (slot + 1) & mask;
    }
    if (this.#size > this.limit) throw full(this.name, `${this.limit} distinct addresses`);
    const id = this.#size++;
    if (id === this.#low.length) {
      this.#low = grown(this.#low, new Uint32Array(id * 2));
      this.#high = grown(this.#high, new Uint32Array(id * 2));
    }
    this.#low[id] = low;
    this.#high[id] = high;
    slots[slot] = id;
    if (this.#size * 2 > slots.length) this.#rehash();
    return id;
  }

  /** Returns the number of an address that the log has seen, or `undefined`. */
  find(low: number, high: number): AddressId | undefined {
    if ((low | high) === 0) return 0;
    const mask = this.#slots.length - 1;
    let slot = hashWords(low, high) & mask;
    for (let id = this.#slots[slot]!; id !== 0; id = this.#slots[slot]!) {
      if (this.#low[id] === low >>> 0 && this.#high[id] === high >>> 0) return id;
      slot = (slot + 1) & mask;
    }
    return undefined;
  }

  low(id: AddressId): number {
    return this.#low[id]!;
  }

  high(id: AddressId): number {
    return this.#high[id]!;
  }

  /** Sorts numbers by their addresses. */
  sorted(ids: readonly AddressId[]): AddressId[] {
    return [...ids].sort((a, b) => this.#high[a]! - this.#high[b]! || this.#low[a]! - this.#low[b]!);
  }

  bigint(id: AddressId): bigint {
    return (BigInt(this.#high[id]!) << 32n) | BigInt(this.#low[id]!);
  }

  /** Formats an address as a recording prints it: `0xffff888100b08000`, `0x0`. */
  hex(id: AddressId): string {
    const high = this.#high[id]!;
    const low = this.#low[id]!.toString(16);
    return high === 0 ? `0x${low}` : `0x${high.toString(16)}${low.padStart(8, "0")}`;
  }

  /** True for an error in place of a pointer (`IS_ERR`): one of the topmost 4095 values. */
  isError(id: AddressId): boolean {
    return this.#high[id] === 0xffffffff && this.#low[id]! >= 0x100000000 - MAX_ERRNO;
  }

  /** Returns the error of an `ERR_PTR`, negative: -23 for `0xffffffffffffffe9`. 0 if it is not one. */
  errno(id: AddressId): number {
    return this.isError(id) ? this.#low[id]! | 0 : 0;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 1; id < this.#size; id++) {
      let slot = hashWords(this.#low[id]!, this.#high[id]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function hashWords(low: number, high: number): number {
  let hash = Math.imul(low ^ HASH_SEED, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

export interface Task {
  /** The task's name; any 15 bytes, which may include line feeds and terminal escapes. */
  readonly comm: string;
  readonly pid: number;
  /** Its thread group, if the recording has it. */
  readonly tgid?: number;
  /** `comm-pid`, as recordings write it. */
  readonly name: string;
}

const NO_TGID = -1;
/** Bytes of a name that readers accept: a kernel's has 15, and more once bytes that are not UTF-8 are replaced. */
export const MAX_COMM = 256;

/** Tasks by number, from 0: one for each comm, pid and thread group that a recording shows together. */
export class TaskTable {
  /** The salt of a name is the thread group plus one; 0 if there is none. */
  readonly #keys: ByteInterner;
  readonly #recent = new Recent<Task>();

  constructor(
    private readonly name = "-",
    limit = TABLE_LIMITS.tasks,
    bytes = TABLE_LIMITS.taskBytes,
  ) {
    this.#keys = new ByteInterner(limit, bytes);
  }

  get size(): number {
    return this.#keys.size;
  }

  /**
   * Returns the task that `bytes[start, end)` writes as `comm-pid`. `tgid` is negative if the recording does not have
   * it.
   */
  internBytes(bytes: Uint8Array, start: number, end: number, tgid = NO_TGID): TaskId {
    const id = this.#keys.intern(bytes, start, end, tgid + 1);
    if (id === NOT_INTERNED)
      throw full(this.name, `${this.#keys.limit} distinct tasks, or ${this.#keys.maxBytes >> 20} MiB of their names`);
    return id;
  }

  intern(comm: string, pid: number, tgid?: number): TaskId {
    const bytes = Buffer.from(`${comm}-${pid}`);
    return this.internBytes(bytes, 0, bytes.length, tgid);
  }

  /** Returns the task, made on demand: a caller that keeps many keeps numbers. */
  get(id: TaskId): Task {
    return this.#recent.get(id) ?? this.#recent.set(id, this.#made(id));
  }

  /** Returns the thread group of a task; -1 if the recording does not have it. */
  tgid(id: TaskId): number {
    return this.#keys.salt(id) - 1;
  }

  #made(id: TaskId): Task {
    const name = this.#keys.decoded(id);
    const dash = name.lastIndexOf("-");
    const tgid = this.tgid(id);
    return Object.freeze({
      comm: name.slice(0, dash),
      pid: Number(name.slice(dash + 1)),
      name,
      ...(tgid === NO_TGID ? {} : { tgid }),
    });
  }

  /** Returns `comm-pid` as the recording's own bytes, which need not be UTF-8. */
  bytesOf(id: TaskId): Uint8Array {
    return this.#keys.entry(id);
  }

  /** True if `bytes[start, end)` is the task of this number; saves the hash if the same task continues. */
  isBytes(id: TaskId, bytes: Uint8Array, start: number, end: number, tgid: number): boolean {
    return this.tgid(id) === tgid && this.#keys.equals(id, bytes, start, end);
  }
}

/**
 * Places by number: the text between an event's parentheses, `kvm_gmem_create+0x4/0x1f0 [kvm]`. 0 is none. A kernel has
 * a few thousand; places beyond a million (no kernel's, but a hostile recording's) share one number and read as `?`.
 */
export class PlaceTable {
  readonly #keys: ByteInterner;
  static readonly #NONE = new Uint8Array(0);
  static readonly #OVERFLOW = Buffer.from("?");

  constructor(limit = TABLE_LIMITS.places) {
    this.#keys = new ByteInterner(limit);
    this.#keys.intern(PlaceTable.#NONE, 0, 0);
    this.#keys.intern(PlaceTable.#OVERFLOW, 0, 1);
  }

  get size(): number {
    return this.#keys.size;
  }

  internBytes(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#keys.intern(bytes, start, end);
    return id === NOT_INTERNED ? 1 : id;
  }

  intern(text: string): number {
    const bytes = Buffer.from(text);
    return this.internBytes(bytes, 0, bytes.length);
  }

  text(id: number): string {
    return this.#keys.text(id);
  }

  /** Returns the recording's own bytes, which need not be UTF-8. */
  bytesOf(id: number): Uint8Array {
    return this.#keys.entry(id);
  }

  /**
   * Returns the offset of the closing parenthesis if place `id` stands at `start`; -1 if another place does. Most
   * events print the place that the event of the same name printed before, and this saves its hash.
   */
  matchAt(id: number, bytes: Uint8Array, start: number): number {
    const keys = this.#keys;
    const length = keys.lengths[id]!;
    const from = keys.starts[id]!;
    const known = keys.bytes;
    for (let k = 0; k < length; k++) if (known[from + k] !== bytes[start + k]) return -1;
    return bytes[start + length] === 0x29 ? start + length : -1;
  }
}

export interface Tables {
  readonly addresses: AddressTable;
  readonly tasks: TaskTable;
  readonly places: PlaceTable;
}

/** Creates empty tables. `name`: of the recording, for the error of a full table. */
export function createTables(
  name?: string,
  { addresses, tasks, taskBytes, places }: TableLimits = TABLE_LIMITS,
): Tables {
  return {
    addresses: new AddressTable(name, addresses),
    tasks: new TaskTable(name, tasks, taskBytes),
    places: new PlaceTable(places),
  };
}
