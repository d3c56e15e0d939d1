/** Numbers of the kernel's interface (include/uapi) that simulated kernels use. */

export const EPERM = 1;
export const ENOENT = 2;
export const EIO = 5;
export const ENXIO = 6;
export const ENOEXEC = 8;
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

export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;

/** Flags in `vm_flags` of a mapping (include/linux/mm.h); VM_MAY… say what mprotect(2) may still allow. */
export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;
export const VM_MAYREAD = 0x10;
export const VM_MAYWRITE = 0x20;
export const VM_MAYEXEC = 0x40;
export const VM_MAYSHARE = 0x80;
export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;

export const O_ACCMODE = 0x3;
export const O_RDONLY = 0x0;
export const O_RDWR = 0x2;
/** The kernel's value on x86-64; that of the C library is 0. */
export const O_LARGEFILE = 0x8000;
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

/** Access that is asked of an inode (include/linux/fs.h). */
export const MAY_EXEC = 0x1;

/** Flags in `f_mode` of an open file (include/linux/fs.h). */
export const FMODE_EXEC = 0x20;
export const FMODE_OPENED = 0x80000;

export const S_IFMT = 0o170000;
export const S_IXUGO = 0o111;
export const S_IFREG = 0o100000;
export const S_IFSOCK = 0o140000;

export const FALLOC_FL_KEEP_SIZE = 0x1;
export const FALLOC_FL_PUNCH_HOLE = 0x2;

export const KVM_MEM_GUEST_MEMFD = 1 << 2;
export const KVM_MEM_LOG_DIRTY_PAGES = 1 << 0;

export const ANON_INODE_FS_MAGIC = 0x09041934;
export const GUEST_MEMFD_MAGIC = 0x474d454d;
export const SOCKFS_MAGIC = 0x534f434b;

/** Flags in `mnt_flags` of a mount (include/linux/mount.h). */
export const MNT_NOEXEC = 0x04;
export const MNT_INTERNAL = 0x4000;
/** Flags in `s_iflags` of a superblock (include/linux/fs.h). */
export const SB_I_NOEXEC = 0x02;
export const SB_I_NODEV = 0x04;
/** Flags in `f_flags` of statfs(2) (include/linux/statfs.h). */
export const ST_NOEXEC = 0x08;
export const ST_VALID = 0x20;

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
