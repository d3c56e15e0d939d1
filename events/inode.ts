/** Inodes: allocation, references, and the way from the last `iput` to the RCU callback that frees the memory. */
import { operation, pointer, returnsPointer, value } from "./definition.js";

export const iput = operation({
  name: "iput",
  prototype: "void iput(struct inode *inode)",
  source: "fs/inode.c",
  summary: "Drops a reference to an inode; the last one evicts it.",
  args: [
    pointer("inode", "inode", "%di", "the inode whose reference is dropped; NULL is legal and does nothing"),
    value("i_count", "s32", "inode->i_count.counter:s32", "references before the call took effect", "references"),
    value("i_nlink", "u32", "inode->i_nlink:u32", "directory entries that name the inode", "links"),
    pointer("sb", "superblock", "inode->i_sb:x64", "the superblock that the inode belongs to"),
  ],
  calls: ["evict"],
});

export const alloc_anon_inode = operation({
  name: "alloc_anon_inode",
  prototype: "struct inode *alloc_anon_inode(struct super_block *s)",
  source: "fs/libfs.c",
  summary: "Allocates an unhashed, unlinked inode of an internal file system: i_count 1, S_PRIVATE set.",
  args: [pointer("sb", "superblock", "%di", "the superblock that the inode will belong to")],
  result: returnsPointer("inode", "inode", "ERR_PTR", "the new inode with one reference, or ERR_PTR(-ENOMEM)"),
});
