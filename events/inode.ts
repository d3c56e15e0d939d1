/**
 * Inodes: allocation, references, and the path from the last `iput` to the RCU callback that frees the memory; and the
 * hook with which a security module labels or refuses an anonymous inode.
 */
import { operation, pointer, returnsNumber, returnsPointer, value } from "./definition.js";

export const new_inode = operation({
  name: "new_inode",
  prototype: "struct inode *new_inode(struct super_block *sb)",
  source: "fs/inode.c",
  summary:
    "Allocates an inode and puts it on the superblock's list. The root of an internal file system is made this way.",
  traits: ["everywhere"],
  args: [pointer("sb", "superblock", "%di", "the superblock that the inode will belong to")],
  result: returnsPointer("inode", "inode", "NULL", "the new inode with one reference, or NULL when out of memory"),
});

export const alloc_anon_inode = operation({
  name: "alloc_anon_inode",
  prototype: "struct inode *alloc_anon_inode(struct super_block *s)",
  source: "fs/libfs.c",
  summary: "Allocates an unhashed, unlinked inode of an internal file system: i_count 1, S_PRIVATE set.",
  traits: ["rare"],
  args: [pointer("sb", "superblock", "%di", "the superblock that the inode will belong to")],
  result: returnsPointer("inode", "inode", "ERR_PTR", "the new inode with one reference, or ERR_PTR(-ENOMEM)"),
  notes: "The inode is not on the superblock's list. i_nlink is 1 although no directory names it.",
});

export const anon_inode_make_secure_inode = operation({
  name: "anon_inode_make_secure_inode",
  prototype:
    "struct inode *anon_inode_make_secure_inode(struct super_block *sb, const char *name, const struct inode *context_inode)",
  source: "fs/anon_inodes.c",
  summary: "Allocates an anonymous inode, clears S_PRIVATE and lets the security modules label it.",
  traits: ["rare"],
  args: [
    pointer("sb", "superblock", "%di", "the superblock that the inode will belong to"),
    value(
      "name",
      "string",
      "+0(%si):string",
      "the class of the inode as security modules see it, [kvm-gmem] for guest_memfd",
    ),
  ],
  result: returnsPointer(
    "inode",
    "inode",
    "ERR_PTR",
    "the new inode with one reference, or ERR_PTR of -ENOMEM or the security module's error",
  ),
});

export const alloc_anon_secure_inode = operation({
  name: "alloc_anon_secure_inode",
  module: "kvm",
  prototype: "struct inode *alloc_anon_secure_inode(struct super_block *sb, const char *name)",
  source: "virt/kvm/guest_memfd.c",
  summary: "The name under which the posted series reaches anon_inode_make_secure_inode.",
  args: [
    pointer("sb", "superblock", "%di", "the superblock that the inode will belong to"),
    value("name", "string", "+0(%si):string", "the class of the inode as security modules see it"),
  ],
  result: returnsPointer("inode", "inode", "ERR_PTR", "as of anon_inode_make_secure_inode"),
  kernels: ["linux-6.12-patched"],
  notes:
    "Exists only with the patch as posted, whose preparatory part put it into vmlinux; the recorded build has it in kvm.ko. What was merged exports anon_inode_make_secure_inode instead.",
});

export const security_inode_init_security_anon = operation({
  name: "security_inode_init_security_anon",
  prototype:
    "int security_inode_init_security_anon(struct inode *inode, const struct qstr *name, const struct inode *context_inode)",
  source: "security/security.c",
  summary: "Asks the security modules to label an anonymous inode, or to refuse it.",
  traits: ["rare"],
  args: [pointer("inode", "inode", "%di", "the inode, S_PRIVATE already cleared")],
  result: returnsNumber("err", "s32", "errno", "0, or the error of the module that refused, usually -EACCES", "errno"),
});

export const ihold = operation({
  name: "ihold",
  prototype: "void ihold(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Takes a reference on an inode that the caller already holds.",
  traits: ["passing"],
  holds: "inode",
  args: [
    pointer("inode", "inode", "%di", "the inode"),
    value(
      "i_count",
      "s32",
      "inode->i_count.counter:s32",
      "references before the call took effect, at least 1 in sound code",
      "references",
    ),
  ],
});

export const iput = operation({
  name: "iput",
  prototype: "void iput(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Drops a reference to an inode; the last one evicts it.",
  traits: ["passing", "everywhere"],
  holds: "inode",
  gives: "inode",
  args: [
    pointer("inode", "inode", "%di", "the inode whose reference is dropped; NULL is legal and does nothing"),
    value("i_count", "s32", "inode->i_count.counter:s32", "references before the call took effect", "references"),
    value("i_nlink", "u32", "inode->i_nlink:u32", "directory entries that name the inode", "links"),
    pointer("sb", "superblock", "inode->i_sb:x64", "the superblock that the inode belongs to"),
  ],
  calls: ["evict"],
  notes: "With inode=0x0 the other arguments could not be read and hold leftovers.",
});

export const evict = operation({
  name: "evict",
  prototype: "static void evict(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Takes an unreferenced inode apart: empties its page cache, clears it and hands it over for freeing.",
  traits: ["everywhere"],
  args: [
    pointer("inode", "inode", "%di", "the inode, i_count 0"),
    value(
      "nrpages",
      "u64",
      "inode->i_data.nrpages:u64",
      "pages that its page cache holds before it is emptied",
      "pages",
    ),
  ],
  calls: [
    "truncate_inode_pages_final",
    "truncate_inode_pages_range",
    "filemap_remove_folio",
    "clear_inode",
    "destroy_inode",
  ],
});

export const clear_inode = operation({
  name: "clear_inode",
  prototype: "void clear_inode(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Checks that an inode's page cache is empty and marks it cleared.",
  traits: ["everywhere"],
  args: [pointer("inode", "inode", "%di", "the inode that is evicted")],
});

export const destroy_inode = operation({
  name: "destroy_inode",
  prototype: "static void destroy_inode(struct inode *inode)",
  source: "fs/inode.c",
  summary:
    "Ends an inode: undoes its initialisation, tells the file system, and queues the RCU callback that frees it.",
  traits: ["everywhere"],
  ends: "inode",
  args: [pointer("inode", "inode", "%di", "the inode, evicted and on no list")],
  calls: ["__destroy_inode", "kvm_gmem_destroy_inode"],
});

export const __destroy_inode = operation({
  name: "__destroy_inode",
  prototype: "void __destroy_inode(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Releases what the VFS and the security modules attached to an inode.",
  traits: ["everywhere"],
  args: [pointer("inode", "inode", "%di", "the inode")],
});

export const i_callback = operation({
  name: "i_callback",
  prototype: "static void i_callback(struct rcu_head *head)",
  source: "fs/inode.c",
  summary: "RCU callback that frees an inode's memory, through the file system's free_inode where there is one.",
  traits: ["everywhere"],
  args: [
    pointer(
      "head",
      "rcu_head",
      "%di",
      "the inode's i_rcu: its address lies a fixed distance after the inode's, which differs from build to build",
    ),
  ],
  context: "rcu",
  calls: ["free_inode_nonrcu", "kvm_gmem_free_inode"],
  notes:
    "When an inode of a file system with a free_inode of its own fails to initialise, this is called at once, in the task and without a grace period.",
});

export const free_inode_nonrcu = operation({
  name: "free_inode_nonrcu",
  prototype: "void free_inode_nonrcu(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Returns an inode to the common inode cache.",
  args: [pointer("inode", "inode", "%di", "the inode, unreachable for readers")],
  context: "rcu",
  unseen: {
    kernels: ["linux-6.18", "linux-7.2"],
    why: "from 6.18 on the compiler inlines it into i_callback, which then is the last event of an inode in the common cache",
    hidden: true,
  },
});
