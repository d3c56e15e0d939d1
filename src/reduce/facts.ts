/**
 * What the reducers noticed, for the rules to judge. A fact says what happened and what is known; it holds no verdict.
 * `certain` is false when events were lost, or the past of an object was never seen, so that nothing may rest on it.
 */
import type { EventView } from "../log/view.js";
import type { KernelObject, Reference } from "./objects.js";

/** A reference that is still held, on what. */
export interface Holding {
  readonly target: KernelObject;
  readonly reference: Reference;
}

/** A descriptor that is reserved and names no file: of which process, since which event. */
export interface Reserved {
  readonly process: number;
  readonly fd: number;
  readonly seq: number;
}

interface Common {
  readonly event: EventView;
  readonly certain: boolean;
}

/** A call returned an error; `left` is what it took, made or reserved and did not give back. */
export interface CallFailed extends Common {
  readonly type: "call-failed";
  readonly operation: string;
  readonly entry: number;
  readonly result: number;
  readonly left: readonly Holding[];
  /** Inodes that were made inside and still live. */
  readonly inodes: readonly KernelObject[];
  readonly descriptors: readonly Reserved[];
  /** Counts that are lower than when the call began: more was put than was taken. */
  readonly overput: readonly { readonly target: KernelObject; readonly seq: number }[];
}

/** A call returned well and kept references that belong to nothing which it made. */
export interface CallKept extends Common {
  readonly type: "call-kept";
  readonly operation: string;
  readonly left: readonly Holding[];
  /** Files that it made and installed nowhere. */
  readonly files: readonly KernelObject[];
  /** Descriptors that it reserved and installed nothing under. */
  readonly descriptors: readonly Reserved[];
}

/** A file is released; `descriptors` are those known to refer to it still. */
export interface FileReleased extends Common {
  readonly type: "file-released";
  readonly file: KernelObject;
  readonly descriptors: readonly number[];
}

/** A count reached zero; `holders` still hold a reference on the object. */
export interface EndedWhileHeld extends Common {
  readonly type: "ended-while-held";
  readonly object: KernelObject;
  readonly holders: readonly { readonly owner: KernelObject; readonly reference: Reference }[];
}

/** An owner is gone; `left` is what it still holds. */
export interface OwnerGone extends Common {
  readonly type: "owner-gone";
  readonly owner: KernelObject;
  readonly left: readonly Holding[];
}

/** A file's last descriptor was closed and the file lives, although a call that took a reference never gave it back. */
export interface FileKept extends Common {
  readonly type: "file-kept";
  readonly file: KernelObject;
  readonly gets: readonly number[];
}

/**
 * A put by an owner all of whose references are known, and that had none to put; or of a count that was already zero.
 */
export interface PutWithoutGet extends Common {
  readonly type: "put-without-get";
  readonly target: KernelObject;
  readonly by: string;
  readonly observed: number | null;
}

/** A file of a module's was made; `held` says whether it took a reference on that module. */
export interface FileMade extends Common {
  readonly type: "file-made";
  readonly file: KernelObject;
  readonly module: KernelObject;
  readonly held: boolean;
}

/** An operation on an object that is gone. */
export interface TouchedDead extends Common {
  readonly type: "touched-dead";
  readonly object: KernelObject;
  readonly operation: string;
}

/** Code of a module ran, or was needed, after the module was freed. */
export interface CodeGone extends Common {
  readonly type: "code-gone";
  readonly module: KernelObject;
  readonly freed: number;
  readonly operation: string;
  /** The object through which the code was reached, if any. */
  readonly through: KernelObject | undefined;
}

export interface FreedTwice extends Common {
  readonly type: "freed-twice";
  readonly object: KernelObject;
  readonly first: number;
}

/** A module's exit ran to its end, or its init failed and took back what it had done. */
export interface ModuleExited extends Common {
  readonly type: "module-exited";
  readonly module: KernelObject;
  readonly how: "exit" | "failed init";
  /** `kvm_exit`, when it was seen; else 0. */
  readonly exit: number;
  /** Objects that still need the module, or that its exit was to tear down. */
  readonly live: readonly KernelObject[];
  /** Mounts that its init made and nothing unmounted. */
  readonly mounts: readonly KernelObject[];
}

/** A file gave back a reference on its module while its inode, whose end runs the module's code, still lives. */
export interface ModuleUnpinned extends Common {
  readonly type: "module-unpinned";
  readonly module: KernelObject;
  readonly file: KernelObject;
  readonly inode: KernelObject | undefined;
  /** The count that the put leaves behind, without the module's own base reference; `null` when no probe printed it. */
  readonly remaining: number | null;
}

/**
 * `alloc_file_pseudo` made no file of an inode, and the task came back from user space without having put it: of a
 * caller that no probe shows.
 */
export interface InodeKept extends Common {
  readonly type: "inode-kept";
  readonly inode: KernelObject;
  /** The entry of `alloc_file_pseudo`. */
  readonly call: number;
  readonly error: number;
}

/**
 * A descriptor was reserved, and its task came back from user space with nothing installed under it and nothing given
 * back.
 */
export interface DescriptorKept extends Common {
  readonly type: "descriptor-kept";
  readonly descriptor: Reserved;
}

/** A superblock is shut down; `inodes` of it still live. */
export interface SuperblockGone extends Common {
  readonly type: "superblock-gone";
  readonly superblock: KernelObject;
  readonly inodes: readonly KernelObject[];
}

/** A slab cache was destroyed; `inodes` of it had not been handed back by then. */
export interface CacheDestroyed extends Common {
  readonly type: "cache-destroyed";
  readonly cache: KernelObject;
  /** Its `kmem_cache_destroy`. */
  readonly destroyed: number;
  readonly inodes: readonly KernelObject[];
}

/** A memslot's binding and its file disagree. */
export interface BindingChecked extends Common {
  readonly type: "binding-checked";
  readonly slot: KernelObject;
  readonly file: KernelObject | undefined;
  /** What is wrong with it, or empty when nothing is. */
  readonly how:
    | ""
    | "deleted and never unbound"
    | "bound again before it was unbound"
    | "bound to a file that is gone"
    | "unbound although nothing bound it";
}

/** A probe printed a count that the ledger did not expect. */
export interface CountDisagrees extends Common {
  readonly type: "count-disagrees";
  readonly object: KernelObject;
  readonly expected: number;
  readonly observed: number;
  /** Why that is no contradiction; empty when there is no reason. */
  readonly explanation: string;
}

export type Fact =
  | CallFailed
  | OwnerGone
  | CallKept
  | FileReleased
  | EndedWhileHeld
  | FileKept
  | PutWithoutGet
  | FileMade
  | TouchedDead
  | CodeGone
  | FreedTwice
  | ModuleExited
  | ModuleUnpinned
  | SuperblockGone
  | InodeKept
  | DescriptorKept
  | CacheDestroyed
  | BindingChecked
  | CountDisagrees;
export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
