/** The memory of guest_memfd: allocation, holes, faults, and the inode with which 7.2 holds it. */
import { operation, pointer, returnsNumber, returnsPointer, value } from "./definition.js";

const SOURCE = "virt/kvm/guest_memfd.c";
const MMAP = ["linux-6.18", "linux-7.2"] as const;
const OWN_INODE = ["linux-7.2"] as const;

export const kvm_gmem_fallocate = operation({
  name: "kvm_gmem_fallocate",
  module: "kvm",
  prototype: "static long kvm_gmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)",
  source: SOURCE,
  summary:
    "fallocate(2) on guest_memfd: allocates pages, or punches a hole after taking the pages away from the guest.",
  traits: ["outermost"],
  entry: { partOf: [] },
  args: [
    pointer("file", "file", "%di", "the guest_memfd file"),
    value("mode", "x32", "%si:x32", "FALLOC_FL_ flags: 1 keep size allocates, 3 with punch hole removes", "flags"),
    value("offset", "s64", "%dx:s64", "start of the range", "bytes"),
    value("len", "s64", "%cx:s64", "length of the range", "bytes"),
  ],
  result: returnsNumber(
    "err",
    "s64",
    "errno",
    "0, or -EOPNOTSUPP (mode), -EINVAL (alignment, beyond the end), -EINTR, -ENOMEM with part of the range allocated",
    "errno",
  ),
});

export const kvm_gmem_get_folio = operation({
  name: "kvm_gmem_get_folio",
  module: "kvm",
  prototype: "static struct folio *kvm_gmem_get_folio(struct inode *inode, pgoff_t index)",
  source: SOURCE,
  summary: "Finds or allocates one page of the memory, locked.",
  traits: ["per page"],
  args: [
    pointer("inode", "inode", "%di", "the guest_memfd inode"),
    value("index", "u64", "%si:u64", "which page", "page index"),
  ],
  result: returnsPointer("folio", "folio", "ERR_PTR", "the page, locked and with a reference, or ERR_PTR(-ENOMEM)"),
  unseen: {
    kernels: ["linux-6.12", "linux-6.12-patched", "linux-6.18"],
    why: "inlined into its callers before 7.2; filemap_add_folio shows an allocation there",
    hidden: true,
  },
});

export const kvm_gmem_get_pfn = operation({
  name: "kvm_gmem_get_pfn",
  module: "kvm",
  prototype:
    "int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn, struct page **page, int *max_order)",
  source: SOURCE,
  summary: "Backs a guest page fault with a page of the bound guest_memfd.",
  args: [
    pointer("kvm", "vm", "%di", "the VM"),
    pointer("slot", "memslot", "%si", "the memslot that the fault hit"),
    value("gfn", "u64", "%dx:u64", "the guest page number", "page index"),
  ],
  result: returnsNumber(
    "err",
    "s32",
    "errno",
    "0, or -EFAULT (file closed), -EIO (not bound), -EHWPOISON, -ENOMEM",
    "errno",
  ),
  probed: false,
  notes:
    "Its fput can be the last one when user space closed the file meanwhile: the release then runs as task work of the vCPU thread.",
});

export const kvm_gmem_mmap = operation({
  name: "kvm_gmem_mmap",
  module: "kvm",
  prototype: "static int kvm_gmem_mmap(struct file *file, struct vm_area_struct *vma)",
  source: SOURCE,
  summary: "Maps guest_memfd into user space; the mapping holds the file.",
  entry: { partOf: [] },
  args: [
    pointer("file", "file", "%di", "the guest_memfd file"),
    pointer("vma", "other", "%si", "the mapping; must be shared"),
  ],
  kernels: MMAP,
});

export const kvm_gmem_fault_user_mapping = operation({
  name: "kvm_gmem_fault_user_mapping",
  module: "kvm",
  prototype: "static vm_fault_t kvm_gmem_fault_user_mapping(struct vm_fault *vmf)",
  source: SOURCE,
  summary: "A user-space access to mapped guest_memfd that has no page yet.",
  traits: ["per page"],
  entry: { partOf: [] },
  args: [pointer("vmf", "other", "%di", "the fault, on the stack of the task that faulted")],
  kernels: MMAP,
  calls: ["kvm_gmem_get_folio", "filemap_add_folio"],
});

export const kvm_gmem_invalidate_begin = operation({
  name: "kvm_gmem_invalidate_begin",
  symbol: "__kvm_gmem_invalidate_begin",
  module: "kvm",
  prototype: "static void __kvm_gmem_invalidate_begin(struct kvm_gmem *gmem, pgoff_t start, pgoff_t end)",
  source: SOURCE,
  summary: "Takes a range of one file's bound pages away from the guest. Renamed to kvm_gmem_invalidate_start by 7.2.",
  args: [
    pointer("gmem", "gmem", "%di", "private_data of the file"),
    value("start", "u64", "%si:u64", "first page", "page index"),
    value("end", "u64", "%dx:u64", "page after the last one, all ones for the end", "page index"),
  ],
  kernels: ["linux-6.12", "linux-6.12-patched", "linux-6.18"],
  unseen: { kernels: ["linux-6.12", "linux-6.12-patched"], why: "inlined on 6.12", hidden: true },
});

export const kvm_gmem_invalidate_start = operation({
  name: "kvm_gmem_invalidate_start",
  symbol: "__kvm_gmem_invalidate_start",
  module: "kvm",
  prototype:
    "static void __kvm_gmem_invalidate_start(struct gmem_file *f, pgoff_t start, pgoff_t end, enum kvm_gfn_range_filter attr_filter)",
  source: SOURCE,
  summary: "Takes a range of one file's bound pages away from the guest. Called kvm_gmem_invalidate_begin up to 6.18.",
  args: [
    pointer("gmem", "gmem", "%di", "private_data of the file"),
    value("start", "u64", "%si:u64", "first page", "page index"),
    value("end", "u64", "%dx:u64", "page after the last one, all ones for the end", "page index"),
  ],
  kernels: OWN_INODE,
});

export const kvm_gmem_error_folio = operation({
  name: "kvm_gmem_error_folio",
  module: "kvm",
  prototype: "static int kvm_gmem_error_folio(struct address_space *mapping, struct folio *folio)",
  source: SOURCE,
  summary: "A page of the memory is broken: takes it away from the guest and leaves the rest to user space.",
  args: [
    pointer("mapping", "mapping", "%di", "the inode's page cache"),
    pointer("folio", "folio", "%si", "the broken page"),
  ],
  calls: ["kvm_gmem_invalidate_begin", "kvm_gmem_invalidate_start"],
  probed: false,
});

export const kvm_gmem_setattr = operation({
  name: "kvm_gmem_setattr",
  module: "kvm",
  prototype: "static int kvm_gmem_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)",
  source: SOURCE,
  summary: "Refuses every change of the inode's attributes, a truncation among them, with -EINVAL.",
  entry: { partOf: [] },
});

export const kvm_gmem_alloc_inode = operation({
  name: "kvm_gmem_alloc_inode",
  module: "kvm",
  prototype: "static struct inode *kvm_gmem_alloc_inode(struct super_block *sb)",
  source: SOURCE,
  summary: "Takes an inode from guest_memfd's own cache; the root inode of its file system comes from here too.",
  args: [pointer("sb", "superblock", "%di", "guest_memfd's superblock")],
  result: returnsPointer("inode", "inode", "NULL", "the VFS inode inside the new object, or NULL when out of memory"),
  kernels: OWN_INODE,
});

export const kvm_gmem_init_inode_once = operation({
  name: "kvm_gmem_init_inode_once",
  module: "kvm",
  prototype: "static void kvm_gmem_init_inode_once(void *__gi)",
  source: SOURCE,
  summary:
    "Constructor of the inode cache: runs once for each object of a slab when the slab is made, not for each inode.",
  traits: ["per slab"],
  args: [pointer("gi", "other", "%di", "the object, which starts before the inode inside it")],
  kernels: OWN_INODE,
});

export const kvm_gmem_destroy_inode = operation({
  name: "kvm_gmem_destroy_inode",
  module: "kvm",
  prototype: "static void kvm_gmem_destroy_inode(struct inode *inode)",
  source: SOURCE,
  summary: "Frees what hangs on a guest_memfd inode (its NUMA policy), before the grace period.",
  args: [pointer("inode", "inode", "%di", "the inode")],
  kernels: OWN_INODE,
});

export const kvm_gmem_free_inode = operation({
  name: "kvm_gmem_free_inode",
  module: "kvm",
  prototype: "static void kvm_gmem_free_inode(struct inode *inode)",
  source: SOURCE,
  summary: "Returns an inode to guest_memfd's own cache, after the grace period.",
  args: [pointer("inode", "inode", "%di", "the inode, unreachable for readers")],
  context: "rcu",
  kernels: OWN_INODE,
  notes: "Code of kvm.ko that runs when no file is left to pin it; rcu_barrier in kvm_gmem_exit waits for it.",
});
