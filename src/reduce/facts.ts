/**
 * Facts that the reducers noticed, for the rules to judge. A fact says what happened and what is known; it has no
 * verdict. `certain` is false if events were lost or the past of an object was never seen, so that no finding may rest
 * on the fact.
 */
import type { EventView } from "../log/view.js";
import type { KernelObject, Reference } from "./objects.js";

/** A reference that is still held, with its object. */
export interface Holding {
  readonly target: KernelObject;
  readonly reference: Reference;
}

/** A descriptor that a process reserved at event `seq` and that names no file. */
export interface Reserved {
  readonly process: number;
  readonly fd: number;
  readonly seq: number;
}

interface Common {
  readonly event: EventView;
  readonly certain: boolean;
}

/** A call returned an error. The lists have what it took, made or reserved and did not give back. */
export interface CallFailed extends Common {
  readonly type: "call-failed";
  readonly operation: string;
  readonly entry: number;
  readonly result: number;
  readonly left: readonly Holding[];
  /** Inodes that were made inside and still live. */
  readonly inodes: readonly KernelObject[];
  readonly descriptors: readonly Reserved[];
  /** Objects whose counts are lower than when the call began: more references were put than taken. */
  readonly overput: readonly { readonly target: KernelObject; readonly seq: number }[];
}

/** A call succeeded and kept references that belong to no object that it made. */
export interface CallKept extends Common {
  readonly type: "call-kept";
  readonly operation: string;
  readonly left: readonly Holding[];
  /** Files that it made and installed under no descriptor. */
  readonly files: readonly KernelObject[];
  /** Descriptors that it reserved, and under which it installed no file. */
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

/** An owner ended; `left` has the references that it still holds. */
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
 * A put by an owner whose references are all known and that had none to put, or a put at a count that was zero already.
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

/** An operation on an object that was freed. */
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
  /** The event of `kvm_exit`; 0 if it was not seen. */
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
  /** The count after the put, without the module's own base reference; `null` if no probe printed it. */
  readonly remaining: number | null;
}

/**
 * `alloc_file_pseudo` failed, and its untraced caller returned to user space without a put of the inode, which the task
 * shows by its next system call.
 */
export interface InodeKept extends Common {
  readonly type: "inode-kept";
  readonly inode: KernelObject;
  /** The entry of `alloc_file_pseudo`. */
  readonly call: number;
  readonly error: number;
}

/**
 * A descriptor was reserved, and its task returned to user space without having installed a file under it or given it
 * back, which it shows by its next system call.
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

/** A slab cache was destroyed while `inodes` of it had not been handed back. */
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
  /** The mistake; empty if there is none. */
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
  /** The reason why that is no contradiction; empty if there is none. */
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
