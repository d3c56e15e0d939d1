/**
 * Open files. `f_count` is raised by dup, fork, a message over a socket and a mapping; when it reaches 0 `__fput` runs:
 * at once for close(2), as task work before the task returns to user space for `fput`.
 */
import { essential, operation, pointer, returnsPointer, value } from "./definition.js";

export const alloc_file_pseudo = operation({
  name: "alloc_file_pseudo",
  prototype:
    "struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name, int flags, const struct file_operations *fops)",
  source: "fs/file_table.c",
  summary: "Makes a file on an inode of an internal mount: a dentry, a reference on the mount, and the file itself.",
  args: [
    pointer("inode", "inode", "%di", "the inode; on success its reference passes to the file's dentry"),
    pointer("mnt", "mount", "%si", "the mount, which gains a reference"),
    value("name", "string", "+0(%dx):string", "what readlink on the descriptor shows"),
    value("flags", "x64", "%cx", "O_ flags with which the file counts as opened", "flags"),
    pointer("fops", "other", "%r8", "the file operations; their owner has been pinned by the caller"),
  ],
  result: returnsPointer(
    "file",
    "file",
    "ERR_PTR",
    "the file with one reference, or ERR_PTR of -ENOMEM, -ENFILE or a security module's error",
  ),
  notes:
    "On failure the inode's reference is the caller's still: where the dentry had taken it over, ihold gives it back before the dentry goes.",
});

export const alloc_empty_file = operation({
  name: "alloc_empty_file",
  prototype: "struct file *alloc_empty_file(int flags, const struct cred *cred)",
  source: "fs/file_table.c",
  summary: "Allocates a file that is not open yet and counts it against the system-wide limit.",
  traits: ["everywhere", "outside release"],
  args: [value("flags", "x64", "%di", "O_ flags that the file will have", "flags")],
  result: returnsPointer(
    "file",
    "file",
    "ERR_PTR",
    "the file with one reference, or ERR_PTR of -ENFILE (limit reached, no CAP_SYS_ADMIN), -ENOMEM or a security module's error",
  ),
});

export const anon_inode_getfile = operation({
  name: "anon_inode_getfile",
  prototype:
    "struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv, int flags)",
  source: "fs/anon_inodes.c",
  summary: "Makes a file on the one anonymous inode that all such files share. The file of a VM is made this way.",
  traits: ["rare"],
  args: [
    essential(value("name", "string", "+0(%di):string", "the class of the file: kvm-vm, kvm-vcpu:0")),
    pointer("fops", "other", "%si", "the file operations, whose owner is pinned"),
    essential(pointer("priv", "other", "%dx", "what the file's private_data will be: the VM for kvm-vm")),
    value("flags", "x64", "%cx", "O_ flags", "flags"),
  ],
  result: returnsPointer(
    "file",
    "file",
    "ERR_PTR",
    "the file with one reference, or ERR_PTR of -ENOENT (owner is going), -ENFILE, -ENOMEM",
  ),
});

export const anon_inode_create_getfile = operation({
  name: "anon_inode_create_getfile",
  prototype:
    "struct file *anon_inode_create_getfile(const char *name, const struct file_operations *fops, void *priv, int flags, const struct inode *context_inode)",
  source: "fs/anon_inodes.c",
  summary: "Makes a file on an anonymous inode of its own, which security modules may label.",
  traits: ["rare"],
  args: [
    value("name", "string", "+0(%di):string", "the class of the file and its inode: [kvm-gmem]"),
    pointer("fops", "other", "%si", "the file operations, whose owner is pinned"),
    pointer("priv", "other", "%dx", "what the file's private_data will be: the struct kvm_gmem for [kvm-gmem]"),
  ],
  result: returnsPointer(
    "file",
    "file",
    "ERR_PTR",
    "the file with one reference, or ERR_PTR of -ENOENT (owner is going), -ENFILE, -ENOMEM or a security module's error",
  ),
  unseen: {
    kernels: ["linux-6.12-patched", "linux-7.2"],
    why: "with the custom inode guest_memfd no longer uses it, and its other users (userfaultfd) do not occur in a scenario",
  },
});

export const get_file_active = operation({
  name: "get_file_active",
  prototype: "struct file *get_file_active(struct file **f)",
  source: "fs/file.c",
  summary: "Takes a reference on the file that a pointer names, unless that file is dying.",
  args: [pointer("slot", "other", "%di", "where the pointer is: slot->gmem.file of a memslot for guest_memfd")],
  result: returnsPointer(
    "file",
    "file",
    "NULL",
    "the file with one more reference, or NULL where there is none or its last reference is gone",
  ),
  probed: false,
});

export const fput = operation({
  name: "fput",
  prototype: "void fput(struct file *file)",
  source: "fs/file_table.c",
  summary:
    "Drops a reference on a file; the last one queues __fput as task work, or as delayed work in a kernel thread or interrupt.",
  traits: ["passing", "everywhere", "within close"],
  holds: "file",
  args: [pointer("file", "file", "%di", "the file")],
  notes:
    "Nothing happens inside it: __fput follows later, from ____fput or delayed_fput. close(2) does not go through it.",
});

export const __fput = operation({
  name: "__fput",
  prototype: "static void __fput(struct file *file)",
  source: "fs/file_table.c",
  summary:
    "Ends a file without references: releases it, unpins the module of its operations, then drops its dentry and its mount.",
  traits: ["everywhere", "within close", "outside release", "to its end"],
  entry: { partOf: [], ifTouched: true },
  ends: "file",
  args: [
    pointer("file", "file", "%di", "the file, f_count 0"),
    pointer("inode", "inode", "file->f_inode:x64", "its inode, NULL for a file that was never opened"),
  ],
  calls: ["kvm_gmem_release", "kvm_vm_release", "kvm_put_kvm", "module_put", "dput", "mntput", "iput", "fput"],
  notes: "The module is unpinned before the inode dies: dput and all that it leads to run without that reference.",
});

export const ____fput = operation({
  name: "____fput",
  prototype: "static void ____fput(struct callback_head *work)",
  source: "fs/file_table.c",
  summary: "Task work that ends one file, before its task returns to user space or while it exits.",
  args: [pointer("work", "other", "%di", "the callback head inside the file")],
  calls: ["__fput"],
  probed: false,
});

export const delayed_fput = operation({
  name: "delayed_fput",
  prototype: "static void delayed_fput(struct work_struct *unused)",
  source: "fs/file_table.c",
  summary: "Work item that ends the files which kernel threads and interrupts let go, a jiffy later.",
  args: [pointer("work", "other", "%di", "the work item, one for the whole system")],
  calls: ["__fput"],
  probed: false,
});

export const filp_close = operation({
  name: "filp_close",
  prototype: "int filp_close(struct file *filp, fl_owner_t id)",
  source: "fs/open.c",
  summary: "Closes a file for one owner: flushes it, drops that owner's locks and one reference.",
  traits: ["passing", "everywhere", "within close", "outside release"],
  args: [pointer("file", "file", "%di", "the file that was in the descriptor table")],
  calls: ["fput"],
  notes:
    "Of process exit, dup2 and descriptors that exec closes; close(2) takes another way. From 6.18 on the reference goes without an fput event.",
});
