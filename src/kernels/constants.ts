/** Numbers of the kernel's interface (include/uapi) that simulated kernels use. */

export const EPERM = 1;
/** No such file or directory; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENOENT = 2;
/** I/O error; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EIO = 5;
/** No such device or address; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENXIO = 6;
/** Bad descriptor; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EBADF = 9;
/** Try again; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EAGAIN = 11;
/** Out of memory; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENOMEM = 12;
/** Permission denied; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EACCES = 13;
/** Device or resource busy; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EBUSY = 16;
/** Exists already; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EEXIST = 17;
/** No such device; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENODEV = 19;
/** Invalid argument; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EINVAL = 22;
/** Too many open files in the system; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENFILE = 23;
/** Too many open files of the process; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EMFILE = 24;
/** No such ioctl; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENOTTY = 25;
/** File too large; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EFBIG = 27;
/** Broken pipe; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EPIPE = 32;
/** Value too large; an errno, positive (include/uapi/asm-generic/errno.h). */
export const EOVERFLOW = 75;
/** No socket; an errno, positive (include/uapi/asm-generic/errno.h). */
export const ENOTSOCK = 88;
/** Operation not supported; an errno, positive (include/uapi/asm-generic/errno.h). */
export const EOPNOTSUPP = 95;
/** Connection reset; an errno, positive (include/uapi/asm-generic/errno.h). */
export const ECONNRESET = 104;

/** Bits of an address within a page, of x86-64 (asm/page_types.h). */
export const PAGE_SHIFT = 12;
/** Bytes of a page, of x86-64 (asm/page_types.h). */
export const PAGE_SIZE = 4096;

/** Where mappings of a process begin, downwards: the room that there is for them. */
export const MMAP_BASE = 2 ** 47 - 2 ** 40;

/** Open for reading and writing (asm-generic/fcntl.h). */
export const O_RDWR = 0x2;
/** Close it on exec (asm-generic/fcntl.h). */
export const O_CLOEXEC = 0x80000;

/** What a table of descriptors has of one: that it is taken, and that exec closes it. */
export const FD_OPEN = 1;
/** A descriptor that exec closes: a bit of its own here, beside `FD_OPEN`. */
export const FD_CLOEXEC = 2;

/** close_range: unshare the table before (linux/close_range.h). */
export const CLOSE_RANGE_UNSHARE = 1 << 1;
/** close_range: only mark them to be closed on exec (linux/close_range.h). */
export const CLOSE_RANGE_CLOEXEC = 1 << 2;

/** clone: the same memory (linux/sched.h). */
export const CLONE_VM = 0x100;
/** clone: the same table of descriptors (linux/sched.h). */
export const CLONE_FILES = 0x400;
/** clone: the parent waits for exec or exit (linux/sched.h). */
export const CLONE_VFORK = 0x4000;
/** clone: the same thread group (linux/sched.h). */
export const CLONE_THREAD = 0x10000;

/** A page that cannot be had (asm/signal.h). */
export const SIGBUS = 7;
/** A bad address (asm/signal.h). */
export const SIGSEGV = 11;
/** Written to where nobody reads (asm/signal.h). */
export const SIGPIPE = 13;

/** Of a message: not every descriptor in it could be installed. */
export const MSG_CTRUNC = 8;

/** Mode of a regular file (linux/stat.h). */
export const S_IFREG = 0o100000;
/** Mode of a socket (linux/stat.h). */
export const S_IFSOCK = 0o140000;

/** fallocate: the size stays (linux/falloc.h). */
export const FALLOC_FL_KEEP_SIZE = 0x1;
/** fallocate: take pages out (linux/falloc.h). */
export const FALLOC_FL_PUNCH_HOLE = 0x2;

/** A memslot backed by guest_memfd (linux/kvm.h). */
export const KVM_MEM_GUEST_MEMFD = 1 << 2;
/** A memslot whose dirty pages are logged (linux/kvm.h). */
export const KVM_MEM_LOG_DIRTY_PAGES = 1 << 0;

/** `f_type` of anonymous inodes (linux/magic.h). */
export const ANON_INODE_FS_MAGIC = 0x09041934;
/** `f_type` of guest_memfd with a file system of its own, "GMEM" (linux/magic.h). */
export const GUEST_MEMFD_MAGIC = 0x474d454d;
/** `f_type` of sockets (linux/magic.h). */
export const SOCKFS_MAGIC = 0x534f434b;

/** `module->refcnt` of a module that nobody uses: the module system's own reference. */
export const MODULE_REF_BASE = 1;
/** `module->state`: its init is over (linux/module.h). */
export const MODULE_STATE_LIVE = 0;
/** `module->state`: its init runs (linux/module.h). */
export const MODULE_STATE_COMING = 1;
/** `module->state`: it is being unloaded (linux/module.h). */
export const MODULE_STATE_GOING = 2;

/** Whose functions a file has: what `f_op` points to. */
export const FOPS = { other: 1, kvm_chardev: 2, kvm_vm: 3, kvm_gmem: 4, socket: 5 } as const;
/** Whose functions a superblock has. */
export const SUPER_OPERATIONS = { anon_inodefs: 1, kvm_gmem: 2, sockfs: 3 } as const;

/** Where fields that probes print by address lie in their structure, in bytes. */
export const OFFSET = { i_data: 0x168, i_rcu: 0x128, mnt_rcu: 0x20 } as const;
