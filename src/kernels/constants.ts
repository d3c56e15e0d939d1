/** Numbers of the kernel's interface (include/uapi) that simulated kernels use. */

/** Operation not permitted; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EPERM = 1;
/** No such file or directory; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENOENT = 2;
/** I/O error; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const EIO = 5;
/** No such device or address; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENXIO = 6;
/** No program that the kernel can run; an errno, positive (include/uapi/asm-generic/errno-base.h). */
export const ENOEXEC = 8;
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

/** Bytes of a process's address space for mappings, which are placed downwards from here. */
export const MMAP_BASE = 2 ** 47 - 2 ** 40;

/** Pages that may be read (asm-generic/mman-common.h). */
export const PROT_READ = 0x1;
/** Pages that may be written (asm-generic/mman-common.h). */
export const PROT_WRITE = 0x2;
/** Pages that may be executed (asm-generic/mman-common.h). */
export const PROT_EXEC = 0x4;

/** Flags in `vm_flags` of a mapping (include/linux/mm.h); VM_MAY… say what mprotect(2) may still allow. */
export const VM_READ = 0x1;
/** The mapping may be written (include/linux/mm.h). */
export const VM_WRITE = 0x2;
/** The mapping may be executed (include/linux/mm.h). */
export const VM_EXEC = 0x4;
/** Writes reach the file (include/linux/mm.h). */
export const VM_SHARED = 0x8;
/** mprotect(2) may allow reading (include/linux/mm.h). */
export const VM_MAYREAD = 0x10;
/** mprotect(2) may allow writing (include/linux/mm.h). */
export const VM_MAYWRITE = 0x20;
/** mprotect(2) may allow executing (include/linux/mm.h). */
export const VM_MAYEXEC = 0x40;
/** The mapping was asked to be shared (include/linux/mm.h). */
export const VM_MAYSHARE = 0x80;
/** The accesses that a mapping allows now (include/linux/mm.h). */
export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;

/** The bits of the access mode (asm-generic/fcntl.h). */
export const O_ACCMODE = 0x3;
/** Open for reading (asm-generic/fcntl.h). */
export const O_RDONLY = 0x0;
/** Open for reading and writing (asm-generic/fcntl.h). */
export const O_RDWR = 0x2;
/** The kernel's value on x86-64; that of the C library is 0. */
export const O_LARGEFILE = 0x8000;
/** Close it on exec (asm-generic/fcntl.h). */
export const O_CLOEXEC = 0x80000;

/** A descriptor that is taken: a bit in `files_struct.open_fds`. */
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

/** Signal for a page that is not available (asm/signal.h). */
export const SIGBUS = 7;
/** Signal for a bad address (asm/signal.h). */
export const SIGSEGV = 11;
/** Signal for a write without a reader (asm/signal.h). */
export const SIGPIPE = 13;

/** Flag of a message: not every descriptor in it could be installed. */
export const MSG_CTRUNC = 8;

/** Access that is asked of an inode (include/linux/fs.h). */
export const MAY_EXEC = 0x1;

/** Flags in `f_mode` of an open file (include/linux/fs.h). */
export const FMODE_EXEC = 0x20;
/** `f_mode` of a file that was opened, not only allocated (include/linux/fs.h). */
export const FMODE_OPENED = 0x80000;

/** The bits of a file's type in its mode (linux/stat.h). */
export const S_IFMT = 0o170000;
/** Anybody may execute it (include/linux/stat.h). */
export const S_IXUGO = 0o111;
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

/** Flags in `mnt_flags` of a mount (include/linux/mount.h). */
export const MNT_NOEXEC = 0x04;
/** A mount of the kernel's own (include/linux/mount.h). */
export const MNT_INTERNAL = 0x4000;
/** Flags in `s_iflags` of a superblock (include/linux/fs.h). */
export const SB_I_NOEXEC = 0x02;
/** No device nodes on it (include/linux/fs.h). */
export const SB_I_NODEV = 0x04;
/** Flags in `f_flags` of statfs(2) (include/linux/statfs.h). */
export const ST_NOEXEC = 0x08;
/** `f_flags` of statfs(2) mean something (include/linux/statfs.h). */
export const ST_VALID = 0x20;

/** `module->refcnt` of a module without users: the module system's own reference. */
export const MODULE_REF_BASE = 1;
/** `module->state`: its init is over (linux/module.h). */
export const MODULE_STATE_LIVE = 0;
/** `module->state`: its init runs (linux/module.h). */
export const MODULE_STATE_COMING = 1;
/** `module->state`: it is being unloaded (linux/module.h). */
export const MODULE_STATE_GOING = 2;

/** Tables of file operations, as `f_op` points to them. */
export const FOPS = { other: 1, kvm_chardev: 2, kvm_vm: 3, kvm_gmem: 4, socket: 5 } as const;
/** Tables of superblock operations, as `s_op` points to them. */
export const SUPER_OPERATIONS = { anon_inodefs: 1, kvm_gmem: 2, sockfs: 3 } as const;

/** Offsets, in bytes, of the fields that probes print by address. */
export const OFFSET = { i_data: 0x168, i_rcu: 0x128, mnt_rcu: 0x20 } as const;
