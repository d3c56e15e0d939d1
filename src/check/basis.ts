/**
 * The basis of each rule: the events, each with an argument, without which the recording could not have shown the
 * mistake. A rule is fine only if the recording has shown all of them.
 */
import type { ArgsOf, OperationName, ResultOf } from "../../events/index.js";
import type { Sight } from "../reduce/sight.js";
import type { RuleName } from "./finding.js";

/** `iput.i_count`, `try_module_get_ret.ok`. */
export type Seen =
  | { [Name in OperationName]: `${Name}.${keyof ArgsOf<Name> & string}` }[OperationName]
  | { [Name in OperationName]: `${Name}_ret.${keyof ResultOf<Name> & string}` }[OperationName];
/** An event with an argument, or alternatives of which each kernel has at least one. */
export type Need = Seen | readonly Seen[];

const INODE_MADE: Need = "alloc_anon_inode_ret.inode";
const FILE_MADE: readonly Need[] = [
  "alloc_empty_file_ret.file",
  "alloc_file_pseudo.inode",
  "alloc_file_pseudo_ret.file",
];
const CREATED: readonly Need[] = ["kvm_gmem_create.kvm", "kvm_gmem_create_ret.fd"];
/** Kernels whose guest_memfd has no mount of its own make its files this way, and have nothing to unmount. */
const NO_MOUNT: Seen = "anon_inode_create_getfile_ret.file";
const BOUND: readonly Need[] = [
  ["kvm_gmem_bind.slot", "kvm_gmem_commit_memory_region.slot"],
  ["kvm_gmem_bind_ret.err", "kvm_gmem_commit_memory_region_ret.err"],
  ["kvm_gmem_bind.fd", "kvm_set_memory_region.gmem_fd"],
];
/** The event after which an inode's memory may be another's. */
const FREED: Need = "i_callback.head";
const SHUT_DOWN: Need = [NO_MOUNT, "generic_shutdown_super.sb", "kill_anon_super.sb"];
/** Kernels whose inodes come from the common cache (the series as posted, too) have no cache to destroy either. */
const COMMON_CACHE: readonly Seen[] = [NO_MOUNT, "alloc_anon_secure_inode_ret.inode"];
const MODULE_TAKEN: readonly Need[] = ["try_module_get.module", "try_module_get_ret.ok"];

export const RESTS_ON: { readonly [Rule in RuleName]: readonly Need[] } = {
  "leaked-inode": [...CREATED, INODE_MADE, "iput.inode", "evict.inode", "destroy_inode.inode"],
  "leaked-file": [
    ...CREATED,
    ...BOUND,
    "kvm_gmem_unbind.slot",
    ...FILE_MADE,
    "fd_install.file",
    "file_close_fd.fd",
    "fput.file",
    "__fput.file",
  ],
  "leaked-descriptor": [...CREATED, "get_unused_fd_flags_ret.fd", "fd_install.fd"],
  "leaked-mount": [
    ...CREATED,
    "alloc_file_pseudo.mnt",
    "alloc_file_pseudo_ret.file",
    "mntget.mnt",
    "mntput.mnt",
    [NO_MOUNT, "kvm_gmem_init.module"],
    [NO_MOUNT, "kern_mount_ret.mnt"],
    [NO_MOUNT, "kern_unmount.mnt"],
    [NO_MOUNT, "free_module.module"],
  ],
  "leaked-vm": [...CREATED, "kvm_get_kvm.kvm", "kvm_put_kvm.kvm", "__fput.file"],
  "leaked-module-reference": [...CREATED, ...MODULE_TAKEN, "module_put.module", "__fput.file"],
  "missing-module-reference": [...CREATED, ...MODULE_TAKEN, "fd_install.file", "kvm_gmem_init.module"],
  "refcount-underflow": [
    ...CREATED,
    ...MODULE_TAKEN,
    "module_put.module",
    "module_put.refcnt",
    "kvm_get_kvm.kvm",
    "kvm_put_kvm.kvm",
    "kvm_destroy_vm.kvm",
    INODE_MADE,
    ...FILE_MADE,
    "d_alloc_pseudo_ret.dentry",
    "d_instantiate.dentry",
    "d_instantiate.inode",
    "iput.inode",
    "iput.i_count",
    "alloc_file_pseudo.mnt",
    "mntget.mnt",
    "mntput.mnt",
    "fput.file",
    "__fput.file",
  ],
  "use-after-free": [
    ...FILE_MADE,
    INODE_MADE,
    "iput.inode",
    "iput.i_count",
    "destroy_inode.inode",
    FREED,
    "__fput.file",
    "kvm_gmem_release.file",
    "kvm_gmem_release.inode",
    "kvm_arch_init_vm.kvm",
    "kvm_arch_init_vm_ret.err",
    "kvm_put_kvm.kvm",
    "kvm_destroy_vm.kvm",
    "free_module.module",
  ],
  "double-free": [
    ...FILE_MADE,
    INODE_MADE,
    "__fput.file",
    "__fput.inode",
    "destroy_inode.inode",
    FREED,
    "kvm_destroy_vm.kvm",
    "free_module.module",
    [NO_MOUNT, "kern_unmount.mnt"],
  ],
  "module-exit-in-use": [
    "kvm_gmem_init.module",
    "free_module.module",
    ...CREATED,
    INODE_MADE,
    "evict.inode",
    "destroy_inode.inode",
    "fd_install.file",
    "__fput.file",
    "module_put.module",
    [NO_MOUNT, "kern_mount_ret.mnt"],
    SHUT_DOWN,
  ],
  "dangling-binding": [...BOUND, "kvm_gmem_unbind.slot", "kvm_gmem_release.file"],
  "unbalanced-error-path": [
    ...CREATED,
    ...MODULE_TAKEN,
    "module_put.module",
    INODE_MADE,
    "iput.inode",
    "mntget.mnt",
    "mntput.mnt",
    "d_alloc_pseudo_ret.dentry",
    "dput.dentry",
    "get_unused_fd_flags_ret.fd",
    "put_unused_fd.fd",
    "kvm_get_kvm.kvm",
    "kvm_put_kvm.kvm",
  ],
  "cache-destroyed-in-use": [
    ["kvm_gmem_init.module", ...COMMON_CACHE],
    ["__kmem_cache_create_args_ret.cache", ...COMMON_CACHE],
    ["kvm_gmem_alloc_inode_ret.inode", ...COMMON_CACHE],
    ["destroy_inode.inode", ...COMMON_CACHE],
    ["kvm_gmem_free_inode.inode", ...COMMON_CACHE],
    ["kmem_cache_destroy.s", ...COMMON_CACHE],
  ],
  "module-unpinned-early": [
    ...MODULE_TAKEN,
    "module_put.module",
    "module_put.refcnt",
    "__fput.file",
    "evict.inode",
    "destroy_inode.inode",
  ],
};

const shown = (sight: Sight, need: Seen): boolean => {
  const dot = need.indexOf(".");
  return sight.presents(need.slice(0, dot), need.slice(dot + 1));
};

/** The events that a rule rests on and the recording does not show; of alternatives, the first. */
export function unseenBy(rule: RuleName, sight: Sight): Seen[] {
  return RESTS_ON[rule].flatMap((need) => {
    const any: readonly Seen[] = typeof need === "string" ? [need] : need;
    return any.some((one) => shown(sight, one)) ? [] : [any.find((one) => one !== NO_MOUNT) ?? any[0]!];
  });
}
