/**
 * What begins and ends an object: where it is not shown, there may have been more of a kind, and what is left at the
 * end may be gone.
 */
import { points } from "../../events/index.js";
import type { Kind } from "../reduce/objects.js";

const ENDS: { readonly [K in Kind]?: readonly string[] } = {
  dentry: ["dput", "iput"],
  file: ["__fput"],
  inode: ["iput", "evict", "destroy_inode"],
  memslot: ["kvm_gmem_unbind", "kvm_gmem_release"],
  module: ["module_put", "free_module"],
  // A mount goes with its superblock, which its root inode tells.
  mount: ["mntput", "new_inode", "kern_unmount", "deactivate_super"],
  superblock: ["deactivate_super", "generic_shutdown_super"],
  vm: ["kvm_put_kvm", "kvm_destroy_vm"],
};

/** Where one of these is shown, a beginning shows. Of other kinds there is always one. */
const BEGINNINGS: { readonly [K in Kind]?: readonly string[] } = {
  memslot: ["kvm_gmem_bind", "kvm_gmem_commit_memory_region"],
};

export function beginningsOf(kind: Kind): readonly string[] {
  return BEGINNINGS[kind] ?? [];
}

/** The operations that must be shown for an end of this kind to show. */
export function endsOf(kind: Kind): readonly string[] {
  return ENDS[kind] ?? [];
}

/** The address of a dentry that is gone is another's at once, whoever it belongs to. */
const REUSED: readonly Kind[] = ["dentry"];

/** The kinds of which no end shows without these points, and another is soon taken for one that is gone. */
export function unended(without: ReadonlySet<number>): ReadonlySet<Kind> {
  return new Set(REUSED.filter((kind) => endsOf(kind).some((name) => without.has(points.byEvent(name)!.id))));
}
