/**
 * Dentries. The dentry of a guest_memfd file is on no hash chain, is held by the file's path alone, and holds the
 * inode.
 */
import { operation, pointer, returnsPointer } from "./definition.js";

export const d_alloc_pseudo = operation({
  name: "d_alloc_pseudo",
  prototype: "struct dentry *d_alloc_pseudo(struct super_block *sb, const struct qstr *name)",
  source: "fs/dcache.c",
  summary: "Allocates a dentry that is in no directory and will never be looked up.",
  args: [pointer("sb", "superblock", "%di", "the superblock that the dentry will belong to")],
  result: returnsPointer(
    "dentry",
    "dentry",
    "NULL",
    "the new dentry with one reference and no inode, or NULL when out of memory",
  ),
});

export const d_instantiate = operation({
  name: "d_instantiate",
  prototype: "void d_instantiate(struct dentry *entry, struct inode *inode)",
  source: "fs/dcache.c",
  summary: "Ties an inode to a dentry, which takes the caller's reference on the inode over.",
  holds: "inode",
  args: [
    pointer("dentry", "dentry", "%di", "a dentry without an inode"),
    pointer("inode", "inode", "%si", "the inode whose reference the dentry now owns; NULL makes a negative dentry"),
  ],
  notes: "Takes no reference of its own: a caller that needs the inode afterwards must have taken one.",
});

export const dput = operation({
  name: "dput",
  prototype: "void dput(struct dentry *dentry)",
  source: "fs/dcache.c",
  summary:
    "Drops a reference on a dentry; the last one of a dentry that is in no hash chain kills it and drops its inode.",
  traits: ["passing", "everywhere"],
  holds: "dentry",
  gives: "dentry",
  args: [pointer("dentry", "dentry", "%di", "the dentry; NULL is legal and does nothing")],
  calls: ["dentry_unlink_inode", "iput"],
});

export const dentry_unlink_inode = operation({
  name: "dentry_unlink_inode",
  prototype: "static void dentry_unlink_inode(struct dentry *dentry)",
  source: "fs/dcache.c",
  summary: "Takes the inode from a dying dentry and drops the reference that the dentry held.",
  args: [
    pointer("dentry", "dentry", "%di", "the dying dentry"),
    pointer("inode", "inode", "dentry->d_inode:x64", "the inode that it held"),
  ],
  calls: ["iput"],
  probed: false,
});
