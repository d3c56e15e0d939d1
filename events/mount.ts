/**
 * Mounts. A `struct vfsmount` is the part of a `struct mount` that the rest of the kernel sees; the addresses here are
 * those of the vfsmount. Internal mounts (`kern_mount`) are in no namespace and die synchronously with their last
 * reference.
 */
import { operation, pointer, returnsPointer, value } from "./definition.js";

/** guest_memfd of these kernels uses the anonymous-inode mount, which is made at boot and is never unmounted. */
const NOTHING_MOUNTS = {
  kernels: ["linux-6.12", "linux-6.18"],
  why: "guest_memfd has no mount of its own there, and nothing else mounts while a scenario runs",
} as const;

export const kern_mount = operation({
  name: "kern_mount",
  prototype: "struct vfsmount *kern_mount(struct file_system_type *type)",
  source: "fs/namespace.c",
  summary: "Mounts an internal file system outside every namespace, with its own superblock and root.",
  traits: ["rare"],
  args: [
    pointer("type", "fs_type", "%di", "the file system type, usually a static object of a module"),
    value("name", "string", "+0(+0(%di)):string", "the type's name: kvm_guest_memory as posted, guest_memfd as merged"),
  ],
  result: returnsPointer(
    "mnt",
    "mount",
    "ERR_PTR",
    "the mount with one reference, or ERR_PTR of -ENOMEM, -EMFILE or what a security module returned",
  ),
  unseen: NOTHING_MOUNTS,
});

export const kern_unmount = operation({
  name: "kern_unmount",
  prototype: "void kern_unmount(struct vfsmount *mnt)",
  source: "fs/namespace.c",
  summary:
    "Takes an internal mount out of its pseudo namespace, waits for a grace period and drops the reference of kern_mount.",
  traits: ["rare"],
  args: [pointer("mnt", "mount", "%di", "the mount; an error pointer or NULL is ignored")],
  calls: ["mntput", "cleanup_mnt", "dput", "deactivate_super"],
  unseen: NOTHING_MOUNTS,
  notes:
    "mntput is inlined here, so the reference goes without an event of its own. If another reference is left nothing more happens and nothing is returned: the superblock survives in silence.",
});

export const vfs_create_mount = operation({
  name: "vfs_create_mount",
  prototype: "struct vfsmount *vfs_create_mount(struct fs_context *fc)",
  source: "fs/namespace.c",
  summary:
    "Makes a mount of the root that a file system context holds; takes a reference on the superblock and one on the root dentry.",
  traits: ["rare"],
  args: [pointer("fc", "fs_context", "%di", "the context, whose root is set")],
  result: returnsPointer("mnt", "mount", "ERR_PTR", "the mount with one reference, or ERR_PTR(-ENOMEM)"),
  unseen: {
    kernels: ["linux-6.12", "linux-6.18", "linux-7.2"],
    why: "nothing mounts on 6.12 and 6.18; on 7.2 kern_mount reaches a copy of it that the compiler inlined",
    hidden: true,
  },
});

export const mntget = operation({
  name: "mntget",
  prototype: "struct vfsmount *mntget(struct vfsmount *mnt)",
  source: "fs/namespace.c",
  summary: "Takes a reference on a mount.",
  traits: ["passing", "everywhere"],
  holds: "mnt",
  args: [pointer("mnt", "mount", "%di", "the mount; NULL is legal and does nothing")],
});

export const mntput = operation({
  name: "mntput",
  prototype: "void mntput(struct vfsmount *mnt)",
  source: "fs/namespace.c",
  summary:
    "Drops a reference on a mount; the last one cleans it up, at once if it is internal and through task work otherwise.",
  traits: ["passing", "everywhere"],
  holds: "mnt",
  gives: "mount",
  args: [pointer("mnt", "mount", "%di", "the mount; NULL is legal and does nothing")],
  calls: ["cleanup_mnt", "dput", "deactivate_super"],
});

export const cleanup_mnt = operation({
  name: "cleanup_mnt",
  prototype: "static void cleanup_mnt(struct mount *mnt)",
  source: "fs/namespace.c",
  summary:
    "Lets go of what a dead mount held: its root dentry and its superblock. The memory follows after a grace period.",
  args: [
    pointer(
      "mount",
      "other",
      "%di",
      "the struct mount, which starts before the vfsmount that the other operations name",
    ),
  ],
  calls: ["dput", "deactivate_super"],
  probed: false,
});

export const delayed_free_vfsmnt = operation({
  name: "delayed_free_vfsmnt",
  prototype: "static void delayed_free_vfsmnt(struct rcu_head *head)",
  source: "fs/namespace.c",
  summary: "RCU callback that frees the memory of a mount.",
  args: [
    pointer("head", "rcu_head", "%di", "the RCU head inside the struct mount, a few dozen bytes after the vfsmount"),
  ],
  context: "rcu",
  unseen: NOTHING_MOUNTS,
});
