/** Numbers of the kernel's interface (include/uapi) that simulated kernels use. */

export const EPERM = 1;
export const ENOENT = 2;
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const EFBIG = 27;
export const EPIPE = 32;
export const EOVERFLOW = 75;
export const ENOTSOCK = 88;
export const EOPNOTSUPP = 95;
export const ECONNRESET = 104;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;

/** Where mappings of a process begin, downwards: the room that there is for them. */
export const MMAP_BASE = 2 ** 47 - 2 ** 40;

export const O_RDWR = 0x2;
export const O_CLOEXEC = 0x80000;

/** What a table of descriptors has of one: that it is taken, and that exec closes it. */
export const FD_OPEN = 1;
export const FD_CLOEXEC = 2;

export const CLOSE_RANGE_UNSHARE = 1 << 1;
export const CLOSE_RANGE_CLOEXEC = 1 << 2;

export const CLONE_VM = 0x100;
export const CLONE_FILES = 0x400;
export const CLONE_VFORK = 0x4000;
export const CLONE_THREAD = 0x10000;

export const SIGBUS = 7;
export const SIGSEGV = 11;
export const SIGPIPE = 13;

/** Of a message: not every descriptor in it could be installed. */
export const MSG_CTRUNC = 8;

export const S_IFREG = 0o100000;
export const S_IFSOCK = 0o140000;

export const FALLOC_FL_KEEP_SIZE = 0x1;
export const FALLOC_FL_PUNCH_HOLE = 0x2;

export const KVM_MEM_GUEST_MEMFD = 1 << 2;
export const KVM_MEM_LOG_DIRTY_PAGES = 1 << 0;

export const ANON_INODE_FS_MAGIC = 0x09041934;
export const GUEST_MEMFD_MAGIC = 0x474d454d;
export const SOCKFS_MAGIC = 0x534f434b;

/** `module->refcnt` of a module that nobody uses: the module system's own reference. */
export const MODULE_REF_BASE = 1;
export const MODULE_STATE_LIVE = 0;
export const MODULE_STATE_COMING = 1;
export const MODULE_STATE_GOING = 2;

/** Whose functions a file has: what `f_op` points to. */
export const FOPS = { other: 1, kvm_chardev: 2, kvm_vm: 3, kvm_gmem: 4, socket: 5 } as const;
/** Whose functions a superblock has. */
export const SUPER_OPERATIONS = { anon_inodefs: 1, kvm_gmem: 2, sockfs: 3 } as const;

/** Where fields that probes print by address lie in their structure, in bytes. */
export const OFFSET = { i_data: 0x168, i_rcu: 0x128, mnt_rcu: 0x20 } as const;
