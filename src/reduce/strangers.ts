/**
 * Judges objects that have nothing to do with guest_memfd, if all of a recording is to be judged. Their owners are
 * unknown: mistakes are only what no kernel does with any object, such as a second release.
 */
import type { AddressId } from "../log/batch.js";
import type { EventView } from "../log/view.js";
import type { Stack } from "./calls.js";
import type { Mount, ObjectId } from "./objects.js";
import type { World } from "./world.js";

/** A descriptor that an untraced caller reserved. */
interface Reservation<S> {
  readonly stack: S;
  readonly process: number;
  readonly fd: number;
  readonly seq: number;
  /** The name of the function that reserved it; empty if unknown. */
  readonly caller: string;
}

/** An inode for which `alloc_file_pseudo` failed to make a file: the caller still has its reference. */
interface Refused<S> {
  readonly stack: S;
  readonly inode: ObjectId;
  /** The entry of `alloc_file_pseudo`, and its error. */
  readonly call: number;
  readonly error: number;
}

/** A put of a mount that was the last step of a file's release. */
interface LastPut<S> {
  readonly stack: S;
  readonly mount: ObjectId;
  readonly file: string;
  /** The `mntput`. */
  readonly seq: number;
}

/** Stacks are saved by `Calls.keyOf`. */
export interface SavedStrangers {
  readonly reserved: readonly Reservation<number>[];
  readonly refused: readonly Refused<number>[];
  readonly put: readonly LastPut<number>[];
  readonly settling: readonly string[];
  readonly judged: readonly ObjectId[];
  readonly followed: number;
}

/** Reservations, and inodes, that are remembered at a time: tasks that stay in the kernel do not settle theirs. */
const MOST = 1000;

export class Strangers {
  #reserved: Reservation<Stack>[] = [];
  #refused: Refused<Stack>[] = [];
  #put: LastPut<Stack>[] = [];
  /**
   * Functions whose reservations were seen to be installed or given back. Others are not judged: one in `fs/file.c`
   * itself may do either without passing a probe.
   */
  readonly #settling = new Set<string>();
  /** Objects that a rule could judge, except guest_memfd's. */
  readonly #judged = new Set<ObjectId>();
  /** Objects that turned out to be guest_memfd's. */
  #followed = 0;

  constructor(private readonly world: World) {}

  /** The number of objects seen that are not guest_memfd's, and of those among them that any rule could judge. */
  get counts(): { readonly objects: number; readonly judged: number } {
    return {
      objects: this.world.store.next - 1 - this.#followed - this.world.descriptors.size,
      judged: this.#judged.size,
    };
  }

  judged(id: ObjectId): void {
    this.#judged.add(id);
  }

  followed(id: ObjectId): void {
    this.#followed++;
    this.#judged.delete(id);
  }

  reserved(stack: Stack, process: number, fd: number, e: EventView): void {
    this.used(process, fd);
    if (this.#reserved.length === MOST) this.#reserved.shift();
    this.#reserved.push({ stack, process, fd, seq: e.seq, caller: this.#callerOf(e) });
  }

  /**
   * The caller in `get_unused_fd_flags_ret: (sys_open_thing+0x41/0x120 <- get_unused_fd_flags)`, without its offset;
   * empty if the recording has no places.
   */
  #callerOf({ batch, index }: EventView): string {
    return /^[^+\s]+(?=\+\S+( \[\w+\])? <- )/.exec(this.world.tables.places.text(batch.place[index]!))?.[0] ?? "";
  }

  /** Takes in an `fd_install` or a `put_unused_fd`. */
  settled(process: number, fd: number): void {
    for (const one of this.#reserved) if (one.process === process && one.fd === fd) this.#settling.add(one.caller);
    this.used(process, fd);
  }

  /** Takes in that a descriptor was installed, given back, handed out again or closed. */
  used(process: number, fd: number): void {
    if (this.#reserved.length > 0)
      this.#reserved = this.#reserved.filter((one) => one.process !== process || one.fd !== fd);
  }

  refused(stack: Stack, inode: ObjectId, call: number, error: number): void {
    if (this.#refused.length === MOST) this.#refused.shift();
    this.#refused.push({ stack, inode, call, error });
  }

  /** Takes in the `mntput` that is the last step of a file's release. */
  released(stack: Stack, mount: Mount, file: string, e: EventView): void {
    this.judged(mount.id);
    this.#put.push({ stack, mount: mount.id, file, seq: e.seq });
  }

  get isIdle(): boolean {
    return this.#put.length + this.#reserved.length + this.#refused.length === 0;
  }

  /**
   * Takes in the next event on a stack. `mount` is the mount that it puts, or 0; `isOutermost` if it is the first event
   * of a system call, so that all calls of the task before it are over.
   */
  next(stack: Stack, mount: AddressId, isOutermost: boolean, e: EventView): void {
    const put = this.#put.find((one) => one.stack === stack);
    if (put) {
      this.#put = this.#put.filter((one) => one !== put);
      this.#putAgain(put, mount, e);
    }
    if (!isOutermost) return;
    for (const one of this.#refused) if (one.stack === stack) this.#kept(one, e);
    this.#refused = this.#refused.filter((one) => one.stack !== stack);
    for (const one of this.#reserved) if (one.stack === stack) this.#unused(one, e);
    this.#reserved = this.#reserved.filter((one) => one.stack !== stack);
  }

  /** Judges a put right after that of the release: of the same mount, on which no reference was taken in between. */
  #putAgain({ mount: id, file, seq }: LastPut<Stack>, address: AddressId, e: EventView): void {
    const w = this.world;
    const mount = w.store.get(id, "mount");
    if (address === 0 || mount?.address !== address) return;
    w.facts({
      type: "put-without-get",
      event: e,
      certain: w.since(seq) && w.sees("mntget"),
      target: mount,
      by: file,
      observed: null,
    });
  }

  #kept({ inode: id, call, error }: Refused<Stack>, e: EventView): void {
    const w = this.world;
    const inode = w.store.get(id, "inode");
    if (!inode || inode.stage !== "live" || inode.references.length === 0) return;
    this.judged(id);
    const certain = w.since(inode.birth) && w.sees("iput") && w.sees("dput") && w.steadySince(inode, inode.birth);
    w.facts({ type: "inode-kept", event: e, certain, inode, call, error });
  }

  #unused({ process, fd, seq, caller }: Reservation<Stack>, e: EventView): void {
    const w = this.world;
    if (caller !== "" && this.#settling.has(caller))
      w.factUnless("put_unused_fd", {
        type: "descriptor-kept",
        event: e,
        certain: w.since(seq),
        descriptor: { process, fd, seq },
      });
  }

  saved(): SavedStrangers {
    const keyed = <T extends { readonly stack: Stack }>(all: readonly T[]) =>
      all.map((one) => ({ ...one, stack: this.world.calls.keyOf(one.stack) }));
    return {
      reserved: keyed(this.#reserved),
      refused: keyed(this.#refused),
      put: keyed(this.#put),
      settling: [...this.#settling],
      judged: [...this.#judged],
      followed: this.#followed,
    };
  }

  restore({ reserved, refused, put, settling, judged, followed }: SavedStrangers): void {
    const found = <T extends { readonly stack: number }>(all: readonly T[]) =>
      all.map((one) => ({ ...one, stack: this.world.calls.stackAt(one.stack) }));
    this.#reserved = found(reserved);
    this.#refused = found(refused);
    this.#put = found(put);
    for (const name of settling) this.#settling.add(name);
    for (const id of judged) this.#judged.add(id);
    this.#followed = followed;
  }
}
