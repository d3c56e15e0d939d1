/**
 * The structures of a simulated kernel: the fields of each, and the way from a pointer to its cells.
 *
 * Memory is never handed out twice: a pointer to what was freed stays a pointer to what was freed, as under KASAN with
 * an endless quarantine, so that a use after free is seen instead of hitting the next allocation.
 */
import type { Cell, ListCell, Memory } from "./memory.js";

/** Fields as the kernel names them; those in `lists` hold lists. `freed` is set when the memory is handed back. */
export const STRUCTS = {
  /** The kernel's globals: its tables, limits and queues. */
  system: {
    fields: [
      "anon_inode_mnt",
      "anon_inode_inode",
      "sock_mnt",
      "kvm_gmem_mnt",
      "kvm_gmem_fs",
      "kvm_gmem_fops_owner",
      "kvm_gmem_inode_cachep",
      "kvm_dev_owner",
      "kvm_dev_inode",
      "kvm_chardev_owner",
      "next_ino",
      "next_dev",
      "last_pid",
      "files_stat_max_files",
      "nr_files",
      "nr_files_count",
      "rcu_pending",
      "module_mutex",
      "modules_loading",
      "tdp_mmu_allowed",
      "npt_enabled",
      "tdp_enabled",
      "tdp_mmu_enabled",
    ],
    lists: ["modules", "rcu_callbacks"],
  },
  /**
   * `user` points to the program's own `user`, `parent` to that of the process that waits for it (0 of a thread);
   * `clear_child_tid` is the cell that counts running threads for pthread_join(3) (0 of a process).
   */
  task_struct: {
    fields: [
      "comm",
      "pid",
      "files",
      "mm",
      "signal",
      "user",
      "parent",
      "vfork_done",
      "clear_child_tid",
      "exit_state",
      "cap_effective",
      "fail_nth",
      "sleeps",
      "statfs",
    ],
    lists: ["task_works"],
  },
  /** `open_fds`: by descriptor, 0 for a free one, FD_OPEN, with FD_CLOEXEC where exec closes it. */
  files_struct: { fields: ["count", "file_lock"], lists: ["open_fds", "fd"] },
  /** Shared by the threads of a process: its limit on descriptors. */
  signal_struct: { fields: ["rlim_nofile"], lists: [] },
  /** `total_vm` in bytes; `mmap_low`: all mappings so far lie above; `mmap`: those of files, the oldest first. */
  mm_struct: { fields: ["mm_users", "mmap_lock", "total_vm", "mmap_low"], lists: ["mmap"] },
  /** A mapping of a file: where it is, from which page of the file on, which of its pages are in the page tables. */
  vm_area_struct: { fields: ["vm_start", "vm_end", "vm_flags", "vm_file", "vm_pgoff", "nr_ptes"], lists: ["ptes"] },
  /**
   * The user-space state of a workload: names of descriptors and of mappings, counts of running children and threads,
   * how it ended; threads as line, program and name; mappings as address, name and pages.
   */
  user: { fields: ["children", "running", "over"], lists: ["variables", "threads", "mappings"] },
  /**
   * An end of a pair of sockets. Its receive queue holds, of each message, the file in flight (0: none) and its bytes.
   */
  unix_sock: { fields: ["sk_refcnt", "lock", "peer", "sk_shutdown", "sk_err"], lists: ["sk_receive_queue"] },
  module: { fields: ["name", "refcnt", "state"], lists: ["source_list", "target_list"] },
  file_system_type: { fields: ["name"], lists: [] },
  fs_context: { fields: ["fs_type", "magic", "ops", "s_iflags", "root_sb"], lists: [] },
  super_block: { fields: ["s_active", "s_type", "s_magic", "s_iflags", "s_dev", "s_root", "s_op"], lists: [] },
  vfsmount: { fields: ["mnt_count", "mnt_flags", "mnt_sb", "mnt_root", "mnt_ns"], lists: [] },
  kmem_cache: { fields: ["name"], lists: [] },
  inode: {
    fields: [
      "i_count",
      "i_nlink",
      "i_sb",
      "i_ino",
      "i_mode",
      "i_size",
      "i_private",
      "s_private",
      "nrpages",
      "nrdirty",
      "invalidate_lock",
    ],
    lists: ["i_pages", "i_dirty", "i_private_list", "i_mmap"],
  },
  dentry: { fields: ["d_count", "d_inode", "d_sb", "d_name"], lists: [] },
  file: { fields: ["f_count", "f_mode", "f_flags", "f_inode", "f_dentry", "f_mnt", "f_op", "private_data"], lists: [] },
  kvm: { fields: ["users_count", "mm", "type", "slots_lock", "nr_memslot_pages"], lists: ["memslots"] },
  kvm_memory_slot: {
    fields: ["kvm", "id", "as_id", "base_gfn", "npages", "flags", "userspace_addr", "gmem_file", "gmem_pgoff"],
    lists: [],
  },
  /**
   * A file's view of guest memory: `struct kvm_gmem`, `struct gmem_file` on 7.x. Bindings: first, end, slot.
   */
  kvm_gmem: { fields: ["kvm"], lists: ["bindings"] },
} as const;

/** The structures of a simulated kernel, by the names that they have in C. */
export type StructKind = keyof typeof STRUCTS;
type Fields<K extends StructKind> = (typeof STRUCTS)[K]["fields"][number];
type Lists<K extends StructKind> = (typeof STRUCTS)[K]["lists"][number];

/** A pointer: the cell of the structure's first field, which says whether it was freed. 0 is NULL, below 0 an error. */
export type Pointer = number;

/** Common to all structures. */
export interface AnyStruct {
  readonly kind: StructKind;
  readonly pointer: Pointer;
  readonly freed: Cell;
}

/** A structure by its pointer: under each field's name, the cell that holds it. */
export type Struct<K extends StructKind> = AnyStruct & { readonly kind: K } & { readonly [F in Fields<K>]: Cell } & {
  readonly [L in Lists<K>]: ListCell;
};

/** The kernel's globals. */
export type System = Struct<"system">;
/** A `struct task_struct` (include/linux/sched.h). */
export type Task = Struct<"task_struct">;
/** A `struct files_struct` (include/linux/fdtable.h). */
export type FilesStruct = Struct<"files_struct">;
/** A `struct mm_struct` (include/linux/mm_types.h). */
export type Mm = Struct<"mm_struct">;
/** A `struct vm_area_struct` (include/linux/mm_types.h). */
export type VmArea = Struct<"vm_area_struct">;
/** A `struct unix_sock` (include/net/af_unix.h). */
export type UnixSock = Struct<"unix_sock">;
/** A `struct module` (include/linux/module.h). */
export type Module = Struct<"module">;
/** A `struct file_system_type` (include/linux/fs.h). */
export type FileSystemType = Struct<"file_system_type">;
/** A `struct fs_context` (include/linux/fs_context.h). */
export type FsContext = Struct<"fs_context">;
/** A `struct super_block` (include/linux/fs.h). */
export type SuperBlock = Struct<"super_block">;
/** A `struct vfsmount` (include/linux/mount.h). */
export type Mount = Struct<"vfsmount">;
/** A `struct kmem_cache` (mm/slab.h). */
export type KmemCache = Struct<"kmem_cache">;
/** A `struct inode` (include/linux/fs.h). */
export type Inode = Struct<"inode">;
/** A `struct dentry` (include/linux/dcache.h). */
export type Dentry = Struct<"dentry">;
/** A `struct file` (include/linux/fs.h). */
export type File = Struct<"file">;
/** A `struct kvm` (include/linux/kvm_host.h). */
export type Kvm = Struct<"kvm">;
/** A `struct kvm_memory_slot` (include/linux/kvm_host.h). */
export type Memslot = Struct<"kvm_memory_slot">;
/** A `struct kvm_gmem` (virt/kvm/guest_memfd.c). */
export type Gmem = Struct<"kvm_gmem">;

/** The cells of a structure: `freed` at its pointer, followed by those of its fields. */
class Place {
  declare readonly kind: StructKind;

  constructor(
    readonly pointer: number,
    readonly lists: number,
  ) {}

  get freed(): number {
    return this.pointer;
  }
}

/** Structures of a kind compute the cell of a field on access: many are made, and most fields are never read. */
function placesOf(kind: StructKind): typeof Place {
  const { fields, lists } = STRUCTS[kind];
  const places = class extends Place {};
  Object.defineProperty(places.prototype, "kind", { value: kind });
  const define = (name: string, get: (this: Place) => number): void =>
    void Object.defineProperty(places.prototype, name, { get });
  fields.forEach((field, k) =>
    define(field, function () {
      return this.pointer + 1 + k;
    }),
  );
  lists.forEach((name, k) =>
    define(name, function () {
      return this.lists + k;
    }),
  );
  return places;
}

const PLACES = Object.fromEntries(Object.keys(STRUCTS).map((kind) => [kind, placesOf(kind as StructKind)])) as Readonly<
  Record<StructKind, typeof Place>
>;

/** Structures by pointer. A pointer never leads to another structure, so each is made once and kept. */
export class Structs {
  readonly #byPointer: (AnyStruct | undefined)[] = [];

  constructor(readonly memory: Memory) {}

  create<K extends StructKind>(kind: K): Struct<K> {
    const { fields, lists } = STRUCTS[kind];
    const { cell, list } = this.memory.allocate(fields.length + 1, lists.length);
    const made = new PLACES[kind](cell, list) as unknown as Struct<K>;
    this.#byPointer[cell] = made;
    return made;
  }

  /**
   * The structure at a pointer that the kernel followed. Throws where there is none of this kind: a mistake in the
   * model.
   */
  at<K extends StructKind>(kind: K, pointer: Pointer): Struct<K> {
    const struct = this.#byPointer[pointer];
    if (struct?.kind !== kind)
      throw new RangeError(
        `pointer ${pointer} leads to ${struct ? `a struct ${struct.kind}` : "nothing"}, not to a struct ${kind}`,
      );
    return struct as unknown as Struct<K>;
  }

  any(pointer: Pointer): AnyStruct | undefined {
    return this.#byPointer[pointer];
  }
}
