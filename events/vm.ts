/**
 * VMs, memory regions, and the life of kvm.ko. `users_count` of a VM is held by its file, each vCPU file and each
 * guest_memfd file; the last put destroys the VM.
 */
import { essential, operation, pointer, returnsNumber, value } from "./definition.js";

export const kvm_init = operation({
  name: "kvm_init",
  module: "kvm",
  prototype: "int kvm_init(unsigned vcpu_size, unsigned vcpu_align, struct module *module)",
  source: "virt/kvm/kvm_main.c",
  summary: "Starts KVM for a vendor module: caches, guest_memfd, virtualization, and last /dev/kvm.",
  traits: ["outside release", "loose"],
  entry: { partOf: [] },
  result: returnsNumber(
    "err",
    "s32",
    "errno",
    "0, or the error of the step that failed, everything before it undone",
    "errno",
  ),
});

export const kvm_exit = operation({
  name: "kvm_exit",
  module: "kvm",
  prototype: "void kvm_exit(void)",
  source: "virt/kvm/kvm_main.c",
  summary: "Takes KVM down when the vendor module goes: the device first, guest_memfd after the vCPU cache.",
  traits: ["outside release"],
  entry: { partOf: [] },
  calls: ["misc_deregister", "kvm_gmem_exit", "kmem_cache_destroy", "mntget", "mntput", "dput", "iput"],
  notes: "Mounts, dentries and inodes inside it are mostly those of KVM's debugfs directory.",
});

export const kvm_arch_init_vm = operation({
  name: "kvm_arch_init_vm",
  module: "kvm",
  prototype: "int kvm_arch_init_vm(struct kvm *kvm, unsigned long type)",
  source: "arch/x86/kvm/x86.c",
  summary: "The architecture's part of making a VM; the first event that names a new VM.",
  traits: ["outermost", "behind a descriptor"],
  entry: { partOf: [] },
  args: [
    pointer("kvm", "vm", "%di", "the VM, users_count 1"),
    value("type", "u64", "%si:u64", "as user space passed it to KVM_CREATE_VM: 0 ordinary, 1 software-protected"),
  ],
  result: returnsNumber("err", "s32", "errno", "0, or -EINVAL for a type that is not supported, -ENOMEM", "errno"),
});

export const kvm_arch_destroy_vm = operation({
  name: "kvm_arch_destroy_vm",
  module: "kvm",
  prototype: "void kvm_arch_destroy_vm(struct kvm *kvm)",
  source: "arch/x86/kvm/x86.c",
  summary: "The architecture's part of destroying a VM: its vCPUs, interrupt controllers and page tables.",
  args: [pointer("kvm", "vm", "%di", "the VM")],
  calls: ["synchronize_srcu", "rcu_barrier"],
});

export const kvm_get_kvm = operation({
  name: "kvm_get_kvm",
  module: "kvm",
  prototype: "void kvm_get_kvm(struct kvm *kvm)",
  source: "virt/kvm/kvm_main.c",
  summary: "Takes a reference on a VM, as each guest_memfd file does.",
  holds: "kvm",
  args: [pointer("kvm", "vm", "%di", "the VM")],
});

export const kvm_put_kvm = operation({
  name: "kvm_put_kvm",
  module: "kvm",
  prototype: "void kvm_put_kvm(struct kvm *kvm)",
  source: "virt/kvm/kvm_main.c",
  summary: "Drops a reference on a VM; the last one destroys it.",
  holds: "kvm",
  gives: "vm",
  args: [pointer("kvm", "vm", "%di", "the VM")],
  calls: ["kvm_destroy_vm"],
});

export const kvm_put_kvm_no_destroy = operation({
  name: "kvm_put_kvm_no_destroy",
  module: "kvm",
  prototype: "void kvm_put_kvm_no_destroy(struct kvm *kvm)",
  source: "virt/kvm/kvm_main.c",
  summary: "Drops a reference on a VM that cannot be the last one, where destroying it would be wrong.",
  holds: "kvm",
  args: [pointer("kvm", "vm", "%di", "the VM")],
  unseen: {
    kernels: ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"],
    why: "it unwinds a vCPU or device whose file could not be made, which no scenario does",
  },
});

export const kvm_destroy_vm = operation({
  name: "kvm_destroy_vm",
  module: "kvm",
  prototype: "static void kvm_destroy_vm(struct kvm *kvm)",
  source: "virt/kvm/kvm_main.c",
  summary:
    "Destroys a VM: its debugfs directory, the architecture's part, every memslot, and last its reference on the vendor module.",
  traits: ["to its end"],
  ends: "vm",
  args: [pointer("kvm", "vm", "%di", "the VM, users_count 0")],
  calls: [
    "kvm_arch_destroy_vm",
    "kvm_gmem_unbind",
    "mntget",
    "mntput",
    "dput",
    "iput",
    "synchronize_srcu",
    "module_put",
  ],
  notes: "Most of what is inside it comes from removing the VM's debugfs directory, one dentry and inode a file.",
});

export const kvm_vm_release = operation({
  name: "kvm_vm_release",
  module: "kvm",
  prototype: "static int kvm_vm_release(struct inode *inode, struct file *filp)",
  source: "virt/kvm/kvm_main.c",
  summary: "The last reference on a VM's file is gone: drops the file's reference on the VM.",
  args: [
    pointer("inode", "inode", "%di", "the anonymous inode that all VM files share"),
    pointer("file", "file", "%si", "the VM's file, f_count 0"),
  ],
  calls: ["kvm_put_kvm"],
});

export const kvm_set_memory_region = operation({
  name: "kvm_set_memory_region",
  module: "kvm",
  prototype: "static int kvm_set_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region2 *mem)",
  source: "virt/kvm/kvm_main.c",
  summary: "Creates, changes or (size 0) deletes a memslot, and binds it to guest_memfd when asked to.",
  traits: ["outermost", "loose"],
  entry: { partOf: [] },
  args: [
    pointer("kvm", "vm", "%di", "the VM, slots_lock held"),
    essential(value("slot", "u32", "+0(%si):u32", "the slot's number, address space in the upper half", "slot id")),
    essential(value("flags", "x32", "+4(%si):x32", "KVM_MEM_ flags: 4 is KVM_MEM_GUEST_MEMFD", "flags")),
    value("gpa", "x64", "+8(%si):x64", "where the slot starts in the guest", "guest physical address"),
    essential(value("size", "u64", "+16(%si):u64", "its size, 0 to delete the slot", "bytes")),
    value("gmem_offset", "u64", "+32(%si):u64", "where it starts in guest_memfd", "bytes"),
    value("gmem_fd", "s32", "+40(%si):s32", "descriptor of the guest_memfd, when the flag is set", "descriptor"),
  ],
  result: returnsNumber("err", "s32", "errno", "0, or -EINVAL, -EEXIST, -EBADF, -ENOMEM", "errno"),
  unseen: {
    kernels: ["linux-6.12", "linux-6.12-patched"],
    why: "on 6.12 the ioctl has its own inlined copy: bindings show as kvm_gmem_bind and kvm_gmem_unbind alone",
    hidden: true,
  },
  substitutes: ["__kvm_set_memory_region"],
});
