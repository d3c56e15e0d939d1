import { kind, pointer } from "./definition.js";

export const dentry = kind({
  name: "dentry",
  plural: "dentries",
  struct: "struct dentry",
  source: "include/linux/dcache.h",
  summary: "A name, or the want of one: what a file's path ends in.",
  count: { name: "d_count" },
  fields: {
    inode: pointer("inode", "the inode that it names", { near: true, arrow: "of" }),
    superblock: pointer("superblock", "the superblock that it is on"),
  },
  counted: true,
  reused: true,
  arguments: ["dentry"],
  facts: ["of {inode}"],
  givenBack: {
    onError: "dput by path_put in alloc_file_pseudo (fs/file_table.c)",
    onRelease: "dput in __fput (fs/file_table.c)",
  },
  // Only the operation that made a dentry shows whose it is: those on the anonymous inode look alike otherwise.
  begins: ["kvm_gmem_create"],
  ends: ["dput", "iput"],
  drawn: { colour: ["#b8860b", "#d9ae45"], column: 2 },
});
