/**
 * guest_memfd. The inode is the memory; the file is one VM's view of it and holds references on the VM and on the
 * vendor module. A memslot that is bound to a file and the file point at each other, and neither holds the other.
 */
import { operation, pointer, returnsNumber, returnsPointer, value } from "./definition.js";

const CUSTOM_INODE = ["linux-6.12-patched", "linux-7.2"] as const;
const SOURCE = "virt/kvm/guest_memfd.c";

/** Steps of the patch as posted that the recorded build does not show. */
const INLINED = {
  kernels: ["linux-6.12-patched"],
  why: "the compiler inlined it into kvm_gmem_create in the build that was recorded",
  hidden: true,
} as const;

export const kvm_gmem_init = operation({
  name: "kvm_gmem_init",
  module: "kvm",
  prototype: "int kvm_gmem_init(struct module *module)",
  source: SOURCE,
  summary:
    "Starts guest_memfd: names the module that its files pin and, with the custom inode, makes the cache and the mount.",
  holds: "module",
  args: [pointer("module", "module", "%di", "the vendor module, kvm_amd or kvm_intel")],
  result: returnsNumber("err", "s32", "errno", "0, or -ENOMEM, -EMFILE where there is a mount to make", "errno"),
  notes: "Returns void before the custom inode: err is a leftover on linux-6.12 and linux-6.18.",
});

export const kvm_gmem_exit = operation({
  name: "kvm_gmem_exit",
  module: "kvm",
  prototype: "void kvm_gmem_exit(void)",
  source: SOURCE,
  summary: "Ends guest_memfd: unmounts it, waits for the RCU callbacks of its inodes, and destroys their cache.",
  kernels: CUSTOM_INODE,
  calls: ["kern_unmount", "rcu_barrier", "kmem_cache_destroy"],
  notes: "The patch as posted has no cache and therefore only unmounts.",
});

export const kvm_gmem_init_fs_context = operation({
  name: "kvm_gmem_init_fs_context",
  module: "kvm",
  prototype: "static int kvm_gmem_init_fs_context(struct fs_context *fc)",
  source: SOURCE,
  summary: "Makes guest_memfd's file system a pseudo file system with its own magic and superblock operations.",
  traits: ["tight"],
  args: [pointer("fc", "fs_context", "%di", "the context that kern_mount made")],
  kernels: CUSTOM_INODE,
  calls: ["init_pseudo"],
});

export const kvm_gmem_create = operation({
  name: "kvm_gmem_create",
  module: "kvm",
  prototype: "int kvm_gmem_create(struct kvm *kvm, struct kvm_create_guest_memfd *args)",
  source: SOURCE,
  summary: "KVM_CREATE_GUEST_MEMFD: a new inode, a file on it and a descriptor for the file.",
  traits: ["outermost"],
  entry: { partOf: [] },
  args: [
    pointer("kvm", "vm", "%di", "the VM whose view the file will be; gains a reference"),
    value("size", "u64", "+0(%si):u64", "size of the memory, a multiple of the page size", "bytes"),
    value("flags", "x64", "+8(%si):x64", "GUEST_MEMFD_FLAG_ flags: 1 mmap, 2 initially shared; none on 6.12", "flags"),
  ],
  result: returnsNumber(
    "fd",
    "s32",
    "errno",
    "the descriptor, or -EINVAL, -EMFILE, -ENFILE, -ENOMEM, -ENOENT or a security module's error",
    "descriptor",
  ),
});

export const kvm_gmem_inode_make_secure_inode = operation({
  name: "kvm_gmem_inode_make_secure_inode",
  module: "kvm",
  prototype: "static struct inode *kvm_gmem_inode_make_secure_inode(const char *name, loff_t size, u64 flags)",
  source: SOURCE,
  summary: "Allocates a guest_memfd inode on the module's own mount and sets it up. Only in the patch as posted.",
  args: [
    value("name", "string", "+0(%di):string", "the class of the inode, [kvm-gmem]"),
    value("size", "u64", "%si:u64", "size of the memory", "bytes"),
    value("flags", "x64", "%dx:x64", "flags of the memory, kept in i_private", "flags"),
  ],
  result: returnsPointer("inode", "inode", "ERR_PTR", "the inode with one reference, or an error pointer"),
  kernels: ["linux-6.12-patched"],
  unseen: INLINED,
});

export const kvm_gmem_inode_create_getfile = operation({
  name: "kvm_gmem_inode_create_getfile",
  module: "kvm",
  prototype: "static struct file *kvm_gmem_inode_create_getfile(void *priv, loff_t size, u64 flags)",
  source: SOURCE,
  summary: "Pins the module and makes a guest_memfd inode and a file on it. Only in the patch as posted.",
  args: [
    pointer("priv", "gmem", "%di", "what the file's private_data will be"),
    value("size", "u64", "%si:u64", "size of the memory", "bytes"),
    value("flags", "x64", "%dx:x64", "flags of the memory", "flags"),
  ],
  result: returnsPointer(
    "file",
    "file",
    "ERR_PTR",
    "the file with one reference, or ERR_PTR of -ENOENT, -ENOMEM, -ENFILE or a security module's error",
  ),
  kernels: ["linux-6.12-patched"],
  unseen: INLINED,
});

export const kvm_gmem_bind = operation({
  name: "kvm_gmem_bind",
  module: "kvm",
  prototype: "int kvm_gmem_bind(struct kvm *kvm, struct kvm_memory_slot *slot, unsigned int fd, uoff_t offset)",
  source: SOURCE,
  summary:
    "Binds a new memslot to a range of a guest_memfd. The reference on the file that it takes is gone again when it returns.",
  traits: ["outside release"],
  entry: { partOf: ["kvm_set_memory_region"] },
  args: [
    pointer("kvm", "vm", "%di", "the VM, slots_lock held"),
    pointer("slot", "memslot", "%si", "the memslot, not yet visible to the guest"),
    value("fd", "s32", "%dx:s32", "descriptor of the guest_memfd", "descriptor"),
    value("offset", "u64", "%cx:u64", "where the slot starts in it", "bytes"),
  ],
  result: returnsNumber(
    "err",
    "s32",
    "errno",
    "0, or -EBADF, -EINVAL (not this VM's guest_memfd, out of range), and for an overlap -EINVAL up to 6.18, -EEXIST on 7.2",
    "errno",
  ),
  notes:
    "An allocation that fails while the binding is stored is ignored by these kernels: the call returns 0 with nothing stored.",
});

export const kvm_gmem_prepare_memory_region = operation({
  name: "kvm_gmem_prepare_memory_region",
  module: "kvm",
  prototype:
    "int kvm_gmem_prepare_memory_region(struct kvm *kvm, struct kvm_memory_slot *slot, unsigned int fd, uoff_t offset)",
  source: SOURCE,
  summary:
    "First half of what replaced kvm_gmem_bind: checks a binding and keeps a reference on the file for the second half.",
  entry: { partOf: ["kvm_set_memory_region"] },
  args: [
    pointer("kvm", "vm", "%di", "the VM, slots_lock held"),
    pointer("slot", "memslot", "%si", "the memslot, not yet visible to the guest"),
    value("fd", "s32", "%dx:s32", "descriptor of the guest_memfd", "descriptor"),
    value("offset", "u64", "%cx:u64", "where the slot starts in it", "bytes"),
  ],
  result: returnsNumber("err", "s32", "errno", "0, or -EBADF, -EINVAL", "errno"),
  kernels: [],
  probed: false,
  recorded: true,
  notes: "From 7.3.3 on.",
});

export const kvm_gmem_commit_memory_region = operation({
  name: "kvm_gmem_commit_memory_region",
  module: "kvm",
  prototype: "int kvm_gmem_commit_memory_region(struct kvm *kvm, struct kvm_memory_slot *slot)",
  source: SOURCE,
  summary: "Second half of what replaced kvm_gmem_bind: stores the binding, or rolls it back.",
  entry: { partOf: ["kvm_set_memory_region"] },
  args: [
    pointer("kvm", "vm", "%di", "the VM, slots_lock held"),
    pointer("slot", "memslot", "%si", "the memslot that becomes visible"),
  ],
  result: returnsNumber("err", "s32", "errno", "0, or -EEXIST for an overlap, -ENOMEM", "errno"),
  kernels: [],
  probed: false,
  recorded: true,
  notes: "From 7.3.3 on.",
});

export const kvm_gmem_unbind = operation({
  name: "kvm_gmem_unbind",
  module: "kvm",
  prototype: "void kvm_gmem_unbind(struct kvm_memory_slot *slot)",
  source: SOURCE,
  summary: "Undoes the binding of a memslot that is deleted; nothing to do when its file is gone already.",
  entry: { partOf: ["kvm_set_memory_region", "kvm_destroy_vm", "kvm_gmem_bind"] },
  args: [pointer("slot", "memslot", "%di", "the memslot, which no vCPU can see any more")],
  calls: ["get_file_active", "fput"],
  notes:
    "No fput inside means that the file was closed before, or that it is dying: then the binding goes without a reference on the file.",
});

export const kvm_gmem_release = operation({
  name: "kvm_gmem_release",
  module: "kvm",
  prototype: "static int kvm_gmem_release(struct inode *inode, struct file *file)",
  source: SOURCE,
  summary:
    "The last reference on a guest_memfd file is gone: unbinds every memslot, unmaps the guest's pages, drops the VM.",
  probedWith: ["kvm_gmem_create"],
  args: [
    pointer("inode", "inode", "%di", "the inode, which outlives the file by a little"),
    pointer("file", "file", "%si", "the file, f_count 0"),
  ],
  calls: ["kvm_gmem_invalidate_begin", "kvm_gmem_invalidate_start", "kvm_put_kvm"],
  notes: "Waits for slots_lock of the VM: another task can bind and unbind between this event and what is inside it.",
});
