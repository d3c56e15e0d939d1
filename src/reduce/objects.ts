/**
 * What the state is made of. Plain data: no methods, no cycles; objects name each other by id, so that one object can
 * change without its neighbours, and a moment can be kept by keeping the objects.
 *
 * An object is an address *and* a lifetime: a new life at an old address is a new object with the next generation.
 */
import type { AddressId, TaskId } from "../log/batch.js";

/** Names an object of one replay: from 1, the same in every replay of the same events. 0 is none. */
export type ObjectId = number;

/**
 * Who holds a reference: an object (positive: its id), a call in progress (negative: the sequence number of its entry),
 * or nobody that a probe saw (0).
 */
export type Owner = number;
/** The owner of a reference whose holder no probe shows. */
export const UNSEEN: Owner = 0;
/** The owner that a call in progress is: its entry, negative. */
export const ownedByCall = (entrySeq: number): Owner => -entrySeq;

/** One reference taken and not yet given back. */
export interface Reference {
  readonly owner: Owner;
  /** The event that took it. */
  readonly seq: number;
  /** The operation that took it, or the unprobed call that the probed one implies (`fget`). */
  readonly by: string;
  readonly task: TaskId;
  /** Of one that nobody owns whom a probe shows: the last call that owned it, and is over. */
  readonly left: Left | undefined;
}

/** The call that left a reference to an owner that no probe shows. */
export interface Left {
  readonly operation: string;
  /** The event of its entry. */
  readonly event: number;
}

/** The call that left a reference to nobody; what takes one for its caller, and is over by nature, is not told. */
export function leftBehind({ owner, by, left }: Reference): Left | undefined {
  return owner === UNSEEN && left?.operation !== by ? left : undefined;
}

/** What an event did to an object, or to many. */
export interface Deed {
  readonly point: number;
  readonly task: TaskId;
  /** What it did to the object: `i_count 1 → 0`, `bound to file …`; empty when it only passed by. */
  readonly note: string;
}

/** One event in an object's life, kept while it lives and with the findings that name it. */
export interface Step extends Deed {
  readonly seq: number;
}

interface Life {
  readonly id: ObjectId;
  readonly address: AddressId;
  readonly generation: number;
  /** The event that made it; 0 when it was met mid-life, so that its past is unknown. */
  birth: number;
  /** The event that showed it first. */
  readonly met: number;
  /** The event that ended it; 0 while it lives. */
  death: number;
  /** It belongs to guest_memfd, or guest_memfd hangs on it. */
  focus: boolean;
  /** References with an owner. */
  references: Reference[];
  /** References in all, as far as known: from birth, or from the last probe that printed it. `null`: never seen. */
  count: number | null;
  /** References that a count proves and no probe showed being taken. */
  unprobed: number;
  /**
   * The events of the first and the latest steps of its life, in no order, and what each did; `trailOf` has them in
   * theirs (focus objects only).
   */
  trail: number[];
  deeds: Deed[];
  /** Steps in all, those included that the trail has let go. */
  steps: number;
}

/** How far the end of an inode is: evicted, cleared, destroyed (it waits for RCU), its memory freed. */
export type InodeStage = "live" | "evicting" | "cleared" | "destroyed" | "freed";

/** A `struct inode` (include/linux/fs.h). Its count is `i_count`. */
export interface Inode extends Life {
  readonly kind: "inode";
  stage: InodeStage;
  superblock: ObjectId;
  nlink: number | null;
  /** Pages in its mapping: those added less those removed, from the first that was seen. */
  pages: number;
  /**
   * The module on whose behalf it was made: its `fops->owner`, or the one whose init mounted its superblock. 0: none
   * known.
   */
  module: ObjectId;
  /** Its memory is handed back by code of guest_memfd (`free_inode`), not of vmlinux. */
  ownFree: boolean;
  /** The event whose `call_rcu` its memory waits for; 0 when nothing is pending. */
  pendingRcu: number;
  /** How often its RCU callback and its `free_inode` ran. */
  callbacks: number;
  frees: number;
  /** The slab cache that its memory is of, where its making was seen, and where that is, or was. */
  cache: ObjectId;
  cacheAddress: AddressId;
}

/** How far a file is, from `alloc_empty_file` to the end of `__fput`. */
export type FileStage = "allocated" | "open" | "releasing" | "released";

/** A `struct file` (include/linux/fs.h). Its count is `f_count`. */
export interface File extends Life {
  readonly kind: "file";
  stage: FileStage;
  /** The name it was made under: `[kvm-gmem]`, `kvm-vm`. */
  name: string;
  inode: ObjectId;
  dentry: ObjectId;
  mount: ObjectId;
  module: ObjectId;
  vm: ObjectId;
  /** Where that VM is, or was. */
  vmAddress: AddressId;
  descriptors: number;
  /** A VMA, another process or a task whose descriptors no probe showed may hold it too. */
  shared: boolean;
  /** References that calls took without a probe and did not give back before they returned: the events. */
  kept: number[];
  gmem: boolean;
  /** The entry of the `kvm_gmem_create` that made it, when the whole of it was seen: what it holds is known. Else 0. */
  made: number;
}

/** A `struct dentry` (include/linux/dcache.h). Its count is `d_count`. */
export interface Dentry extends Life {
  readonly kind: "dentry";
  inode: ObjectId;
  superblock: ObjectId;
}

/**
 * A `struct vfsmount` (include/linux/mount.h). Its count is `mnt_count`; `unmounted` is the event of its
 * `kern_unmount`, 0 before.
 */
export interface Mount extends Life {
  readonly kind: "mount";
  superblock: ObjectId;
  fsName: string;
  /** The module whose init mounted it. */
  module: ObjectId;
  unmounted: number;
}

/** A `struct super_block` (include/linux/fs.h). Its count is `s_active`. */
export interface Superblock extends Life {
  readonly kind: "superblock";
  fsName: string;
  magic: number | null;
  stage: "live" | "shutting down" | "dead";
  module: ObjectId;
}

/** A `struct file_system_type` (include/linux/fs.h). */
export interface FsType extends Life {
  readonly kind: "fs_type";
  name: string;
  module: ObjectId;
}

/** How far a module is, from its init to `free_module`. */
export type ModuleStage = "coming" | "live" | "exiting" | "freed";

/**
 * A `struct module` (include/linux/module.h). Its count is `refcnt`, as `/sys/module/NAME/refcnt` with the reference
 * of the module itself.
 */
export interface Module extends Life {
  readonly kind: "module";
  name: string;
  stage: ModuleStage;
  /** `kvm_init` ran on its behalf: guest_memfd's files belong to it. */
  ownsGmem: boolean;
  /** The `__fput` that last gave a reference on it back before the file's inode was gone; 0: none did. */
  unpinned: number;
  /** The one slab cache that guest_memfd's init made on its behalf. */
  cache: ObjectId;
}

/**
 * A slab cache that guest_memfd's init made. Its count says how many caches are one: the kernel merges what is alike.
 */
export interface Cache extends Life {
  readonly kind: "cache";
  name: string;
  module: ObjectId;
  /** The event of its `kmem_cache_destroy`; 0 before. */
  destroyed: number;
  /** Where the inodes of it were that had not been handed back by then. */
  left: AddressId[];
  /** The `rcu_barrier` inside of that; 0 without one. */
  barrier: number;
}

/** A `struct kvm` (include/linux/kvm_host.h). Its count is `users_count`. */
export interface Vm extends Life {
  readonly kind: "vm";
  type: string;
  stage: "live" | "destroying" | "destroyed";
  /** Slots that hold a binding, and those that once did and still exist. */
  slots: ObjectId[];
}

/** A `struct kvm_memory_slot` (include/linux/kvm_host.h) that is, or was, bound to a file of guest_memfd. */
export interface Memslot extends Life {
  readonly kind: "memslot";
  vm: ObjectId;
  /** Slot number, when a probe showed it. */
  slot: number | null;
  file: ObjectId;
  offset: string;
}

/** A `struct files_struct` (include/linux/fdtable.h): the descriptors of a process, or of several that share them. */
export interface DescriptorTable extends Life {
  readonly kind: "descriptors";
  /** Descriptor to file, or to 0 while it is reserved (`get_unused_fd_flags`) and nothing is installed. */
  readonly files: Record<number, ObjectId>;
}

/** Any object whose life is followed. */
export type KernelObject =
  | Inode
  | File
  | Dentry
  | Mount
  | Superblock
  | FsType
  | Module
  | Cache
  | Vm
  | Memslot
  | DescriptorTable;
/** What an object is: `inode`, `file`, … */
export type Kind = KernelObject["kind"];
/** The objects of one kind. */
export type OfKind<K extends Kind> = Extract<KernelObject, { kind: K }>;

/** The kinds that `objects` counts, in the order in which they are shown. */
export const COUNTED_KINDS = [
  "module",
  "superblock",
  "mount",
  "inode",
  "dentry",
  "file",
  "vm",
  "memslot",
] as const satisfies readonly Kind[];
