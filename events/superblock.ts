/**
 * Superblocks of pseudo file systems. `s_active` counts the users (the mount is one, an open file is not); the last put
 * kills the superblock, and with it the root dentry and inode.
 */
import { operation, pointer, returnsNumber, returnsPointer, value } from "./definition.js";

/** guest_memfd of these kernels uses the superblock of anonymous inodes, which is made at boot and is never killed. */
const NO_SUPERBLOCK = {
  kernels: ["linux-6.12", "linux-6.18"],
  why: "guest_memfd has no superblock of its own there, and nothing else is mounted or unmounted while a scenario runs",
} as const;

export const init_pseudo = operation({
  name: "init_pseudo",
  prototype: "struct pseudo_fs_context *init_pseudo(struct fs_context *fc, unsigned long magic)",
  source: "fs/libfs.c",
  summary: "Prepares a file system context for a pseudo file system, one that user space cannot mount.",
  traits: ["rare"],
  args: [
    pointer("fc", "fs_context", "%di", "the context that is prepared"),
    value("magic", "x64", "%si:x64", "what statfs reports as f_type: 0x474d454d for guest_memfd", "magic"),
  ],
  result: returnsPointer(
    "ctx",
    "other",
    "NULL",
    "the pseudo file system's part of the context, or NULL when out of memory",
  ),
  unseen: NO_SUPERBLOCK,
});

export const deactivate_super = operation({
  name: "deactivate_super",
  prototype: "void deactivate_super(struct super_block *s)",
  source: "fs/super.c",
  summary:
    "Drops an active reference on a superblock; the last one shuts the file system down and lets go of its type's module.",
  traits: ["rare"],
  holds: "sb",
  ends: "superblock",
  args: [pointer("sb", "superblock", "%di", "the superblock")],
  calls: ["kill_anon_super", "generic_shutdown_super", "module_put"],
  notes:
    "After the shutdown comes module_put of the file system type's owner, which is NULL for guest_memfd: its superblock pins no module.",
});

export const kill_anon_super = operation({
  name: "kill_anon_super",
  prototype: "void kill_anon_super(struct super_block *sb)",
  source: "fs/super.c",
  summary: "Shuts a superblock without a block device down and returns its anonymous device number.",
  traits: ["rare"],
  args: [pointer("sb", "superblock", "%di", "the superblock, no longer active")],
  calls: ["generic_shutdown_super", "free_anon_bdev"],
  unseen: NO_SUPERBLOCK,
});

export const generic_shutdown_super = operation({
  name: "generic_shutdown_super",
  prototype: "void generic_shutdown_super(struct super_block *sb)",
  source: "fs/super.c",
  summary:
    "Drops the dentries of a superblock and evicts the inodes on its list; inodes that are still held afterwards are reported as busy.",
  traits: ["rare", "to its end"],
  args: [pointer("sb", "superblock", "%di", "the superblock")],
  calls: ["dput", "dentry_unlink_inode", "iput", "evict"],
  unseen: NO_SUPERBLOCK,
  notes:
    "The inodes of guest_memfd are not on the superblock's list, so one that outlives the superblock is not reported.",
});

export const get_anon_bdev = operation({
  name: "get_anon_bdev",
  prototype: "int get_anon_bdev(dev_t *p)",
  source: "fs/super.c",
  summary: "Reserves a device number for a superblock that has no block device.",
  args: [pointer("dev", "other", "%di", "where the number is stored")],
  result: returnsNumber("err", "s32", "errno", "0, -EMFILE when the numbers are used up, -ENOMEM", "errno"),
  probed: false,
});

export const free_anon_bdev = operation({
  name: "free_anon_bdev",
  prototype: "void free_anon_bdev(dev_t dev)",
  source: "fs/super.c",
  summary: "Gives an anonymous device number back.",
  args: [value("dev", "u32", "%di:u32", "the device number, major 0")],
  probed: false,
});
