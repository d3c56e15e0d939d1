/**
 * Descriptors: numbers in a task's table. One is reserved first, and only `fd_install` makes the file visible under it;
 * after that no step may fail.
 */
import { essential, operation, pointer, returnsNumber, returnsPointer, value } from "./definition.js";

export const get_unused_fd_flags = operation({
  name: "get_unused_fd_flags",
  prototype: "int get_unused_fd_flags(unsigned flags)",
  source: "fs/file.c",
  summary: "Reserves the lowest free descriptor of the current task.",
  traits: ["everywhere", "descriptor number", "outside release"],
  args: [value("flags", "x64", "%di", "O_ flags of which O_CLOEXEC counts; guest_memfd passes 0", "flags")],
  result: returnsNumber(
    "fd",
    "s32",
    "errno",
    "the descriptor, or -EMFILE (limit of the task) or -ENOMEM",
    "descriptor",
  ),
});

export const put_unused_fd = operation({
  name: "put_unused_fd",
  prototype: "void put_unused_fd(unsigned int fd)",
  source: "fs/file.c",
  summary: "Gives a reserved descriptor back that no file was installed under.",
  traits: ["told untouched", "descriptor number"],
  args: [essential(value("fd", "s32", "%di:s32", "the reserved descriptor", "descriptor"))],
});

export const fd_install = operation({
  name: "fd_install",
  prototype: "void fd_install(unsigned int fd, struct file *file)",
  source: "fs/file.c",
  summary: "Publishes a file under a reserved descriptor; the table owns the caller's reference from then on.",
  traits: ["everywhere", "told untouched", "descriptor number", "outside release"],
  entry: { partOf: ["kvm_gmem_create", "kvm_arch_init_vm"], ifTouched: true },
  args: [
    essential(value("fd", "s32", "%di:s32", "the reserved descriptor", "descriptor")),
    pointer("file", "file", "%si", "the file whose reference passes to the table"),
  ],
  notes: "Another thread can close the descriptor before the call that installed it has returned.",
});

export const file_close_fd = operation({
  name: "file_close_fd",
  prototype: "struct file *file_close_fd(unsigned int fd)",
  source: "fs/file.c",
  summary: "Takes the file out of a descriptor for close(2), which then flushes it and drops the reference itself.",
  traits: ["everywhere", "descriptor number", "outermost"],
  entry: { partOf: [], ifTouched: true },
  args: [essential(value("fd", "s32", "%di:s32", "the descriptor, free afterwards", "descriptor"))],
  notes:
    "Where that was the last reference, __fput of the file follows in the same task, with nothing in between that is probed.",
});

export const close_fd = operation({
  name: "close_fd",
  prototype: "int close_fd(unsigned fd)",
  source: "fs/file.c",
  summary: "Closes a descriptor of the current task on behalf of kernel code.",
  traits: ["passing", "descriptor number"],
  args: [essential(value("fd", "s32", "%di:s32", "the descriptor", "descriptor"))],
  calls: ["filp_close", "fput"],
  unseen: {
    kernels: ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"],
    why: "close(2) goes through file_close_fd, and no kernel code that closes descriptors runs in a scenario",
  },
});

export const do_dup2 = operation({
  name: "do_dup2",
  prototype: "static int do_dup2(struct files_struct *files, struct file *file, unsigned fd, unsigned flags)",
  source: "fs/file.c",
  summary: "Puts one more reference on a file under a given descriptor and closes what was there.",
  args: [
    pointer("file", "file", "%si", "the file that gains a reference"),
    value("fd", "s32", "%dx:s32", "the descriptor that will name it", "descriptor"),
  ],
  result: returnsNumber(
    "fd",
    "s32",
    "errno",
    "the descriptor, or -EBUSY where it is reserved but not installed",
    "descriptor",
  ),
  probed: false,
});

export const f_dupfd = operation({
  name: "f_dupfd",
  prototype: "int f_dupfd(unsigned int from, struct file *file, unsigned flags)",
  source: "fs/file.c",
  summary: "fcntl(F_DUPFD): one more reference on a file under the lowest free descriptor from a given one on.",
  args: [
    value("from", "s32", "%di:s32", "the lowest descriptor that will do", "descriptor"),
    pointer("file", "file", "%si", "the file that gains a reference"),
  ],
  result: returnsNumber("fd", "s32", "errno", "the descriptor, or -EINVAL, -EMFILE, -ENOMEM", "descriptor"),
  probed: false,
});

export const exit_files = operation({
  name: "exit_files",
  prototype: "void exit_files(struct task_struct *tsk)",
  source: "fs/file.c",
  summary: "Gives an exiting task's descriptor table up; the last task that shares it closes every file.",
  args: [pointer("task", "other", "%di", "the exiting task")],
  calls: ["filp_close", "fput"],
  probed: false,
});

export const dup_fd = operation({
  name: "dup_fd",
  prototype: "struct files_struct *dup_fd(struct files_struct *oldf, struct fd_range *punch_hole)",
  source: "fs/file.c",
  summary: "Copies a descriptor table for fork, with one more reference on every open file.",
  args: [pointer("files", "other", "%di", "the table that is copied")],
  result: returnsPointer("files", "other", "ERR_PTR", "the copy, or ERR_PTR of -ENOMEM or -EMFILE"),
  probed: false,
});
