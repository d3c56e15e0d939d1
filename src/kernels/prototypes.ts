/**
 * The functions of a simulated kernel, as a header file declares them. A kernel has all of them; a patch replaces some.
 *
 * Names in snake_case are Linux's own, and every such function is one that Linux has. A place to which C gives no name
 * is a seam and has one in camelCase: a method that is called through a table (`file->f_op->release`: `fileRelease`),
 * and an expression or a stretch of a function in which releases differ (`bindFits`). A probe that surrounds a function
 * is no reason for another name: `probed` yields the two events.
 *
 * A structure is returned as itself, as `null` for NULL, or as a negative number for an error pointer; an `Op<number>`
 * returns 0 or a negative errno, or the C function's value. Sources are those of 6.12 unless
 * noted otherwise.
 */
import type { Cell } from "../simulate/memory.js";
import type { Op } from "../simulate/step.js";
import type {
  Dentry,
  File,
  FileSystemType,
  FilesStruct,
  FsContext,
  Gmem,
  Inode,
  KmemCache,
  Kvm,
  Memslot,
  Mm,
  Module,
  Mount,
  Pointer,
  Struct,
  SuperBlock,
  Task,
  UnixSock,
  VmArea,
} from "../simulate/structs.js";
import type { RCU_CALLBACKS } from "./linux/kernel/rcu.js";

/** `struct kvm_userspace_memory_region2`; 64-bit fields may be written as negative numbers. */
export interface MemoryRegion {
  readonly slot: number;
  readonly flags: number;
  readonly guest_phys_addr: number;
  readonly memory_size: number;
  readonly userspace_addr: number;
  readonly guest_memfd_offset: number;
  readonly guest_memfd: number;
}

/** An ioctl of a VM. */
export type VmIoctl =
  | { readonly cmd: "KVM_CREATE_GUEST_MEMFD"; readonly size: number; readonly flags: number }
  | { readonly cmd: "KVM_SET_USER_MEMORY_REGION2"; readonly region: MemoryRegion };

/** `struct fd`: a file, and whether a reference was taken on it. */
export interface Fd {
  readonly file: File | null;
  readonly counted: boolean;
}

/** `struct fd_range`: descriptors, the last among them. */
export interface FdRange {
  readonly from: number;
  readonly to: number;
}

/** `struct path`. Both are null for file systems outside the model (devices, proc). */
export interface Path {
  readonly mnt: Mount | null;
  readonly dentry: Dentry | null;
}

/** `struct nameidata`: the position of the walk along a name. */
export interface Nameidata {
  readonly path: Path;
  readonly inode: Inode | null;
}

/** `struct kstatfs`: the file system's magic number, and how it is mounted (ST_…). */
export interface Statfs {
  readonly f_type: number;
  readonly f_flags: number;
}

/** The rest of a received message: a descriptor, -1 for none, and the flags of recvmsg(2). */
export interface Received {
  readonly fd: number;
  readonly flags: number;
}

/**
 * The functions of every simulated kernel, under the names and with the parameters that they have in C. Each is a
 * generator of steps; an error is a negative errno, as in the kernel.
 */
export interface Functions {
  // fs/inode.c
  alloc_inode(sb: SuperBlock): Op<Inode | null>;
  superAllocInode(sb: SuperBlock): Op<Inode | null>;
  superDestroyInode(inode: Inode): Op<void>;
  superFreeInode(inode: Inode): Op<void>;
  free_inode_nonrcu(inode: Inode): Op<void>;
  new_inode(sb: SuperBlock): Op<Inode | null>;
  get_next_ino(): Op<number>;
  ihold(inode: Inode): Op<void>;
  iput(inode: Inode): Op<void>;
  evict(inode: Inode): Op<void>;
  destroy_inode(inode: Inode): Op<void>;
  i_callback(inode: Inode): Op<void>;

  // fs/libfs.c
  alloc_anon_inode(sb: SuperBlock): Op<Inode | number>;
  init_pseudo(fc: FsContext, magic: number): Op<boolean>;
  pseudo_fs_fill_super(sb: SuperBlock, fc: FsContext): Op<number>;
  simple_statfs(sb: SuperBlock): Op<number>;

  // fs/dcache.c
  __d_alloc(sb: SuperBlock, name: string): Op<Dentry | null>;
  d_alloc_pseudo(sb: SuperBlock, name: string): Op<Dentry | null>;
  d_instantiate(dentry: Dentry, inode: Inode): Op<void>;
  d_make_root(inode: Inode): Op<Dentry | null>;
  dput(dentry: Dentry | null): Op<void>;
  __dentry_kill(dentry: Dentry): Op<void>;
  shrink_dcache_for_umount(sb: SuperBlock): Op<void>;

  // fs/super.c, fs/fs_context.c, fs/namespace.c
  get_tree_nodev(fc: FsContext): Op<SuperBlock | number>;
  deactivate_super(sb: SuperBlock): Op<void>;
  deactivate_locked_super(sb: SuperBlock): Op<void>;
  kill_anon_super(sb: SuperBlock): Op<void>;
  kern_mount(type: FileSystemType): Op<Mount | number>;
  vfs_kern_mount(type: FileSystemType): Op<Mount | number>;
  initFsContext(fc: FsContext): Op<number>;
  fc_mount(fc: FsContext): Op<Mount | number>;
  vfs_create_mount(fc: FsContext, sb: SuperBlock): Op<Mount | number>;
  put_fs_context(fc: FsContext): Op<void>;
  mntget(mnt: Mount): Op<void>;
  mntput(mnt: Mount | null): Op<void>;
  mntput_no_expire(mnt: Mount): Op<void>;
  cleanup_mnt(mnt: Mount): Op<void>;
  delayed_free_vfsmnt(mnt: Mount): Op<void>;
  kern_unmount(mnt: Mount): Op<void>;

  // fs/anon_inodes.c, security/security.c
  anon_inodefs_init_fs_context(fc: FsContext): Op<number>;
  anon_inode_make_secure_inode(sb: SuperBlock, name: string): Op<Inode | number>;
  security_inode_init_security_anon(inode: Inode): Op<number>;
  anon_inode_getfile(name: string, fops: number, priv: Struct<"kvm">, flags: number): Op<File | number>;
  anon_inode_create_getfile(name: string, fops: number, priv: Gmem): Op<File | number>;
  __anon_inode_getfile(name: string, fops: number, priv: Gmem): Op<File | number>;

  // fs/file_table.c, kernel/task_work.c, include/linux/fs.h, include/linux/percpu_counter.h
  alloc_empty_file(flags: number): Op<File | number>;
  file_free(file: File): Op<void>;
  percpu_counter_add(amount: number): Op<void>;
  alloc_file_pseudo(inode: Inode, mnt: Mount, name: string, flags: number, fops: number): Op<File | number>;
  get_file(file: File): Op<void>;
  fput(file: File): Op<void>;
  fput_close(file: File): Op<void>;
  __fput_deferred(file: File): Op<void>;
  fput_close_sync(file: File): Op<void>;
  task_work_run(): Op<void>;
  __fput(file: File): Op<void>;
  fileRelease(file: File): Op<void>;
  fopsOwner(fops: number): Op<Module | null>;

  // fs/file.c, fs/open.c, include/linux/fdtable.h, include/linux/file.h, include/linux/sched/signal.h
  get_unused_fd_flags(flags: number): Op<number>;
  alloc_fd(start: number, flags: number): Op<number>;
  rlimit(): Op<number>;
  put_unused_fd(fd: number): Op<void>;
  __put_unused_fd(fd: number): Op<void>;
  fd_install(fd: number, file: File): Op<void>;
  fget(fd: number): Op<File | null>;
  files_lookup_fd_raw(fd: number): Op<number>;
  fdget(fd: number): Op<Fd>;
  fdput(fd: Fd): Op<void>;
  get_file_active(cell: Cell): Op<File | null>;
  file_close_fd(fd: number): Op<File | null>;
  file_close_fd_locked(fd: number): Op<File | null>;
  close(fd: number): Op<number>;
  dup(fd: number): Op<number>;
  dup2(oldfd: number, newfd: number): Op<number>;
  do_dup2(files: FilesStruct, file: File, fd: number): Op<number>;
  f_dupfd(from: number, file: File): Op<number>;
  set_close_on_exec(fd: number): Op<void>;
  close_range(fd: number, max_fd: number, flags: number): Op<number>;
  __range_cloexec(fd: number, max_fd: number): Op<void>;
  __range_close(fd: number, max_fd: number): Op<void>;
  dup_fd(hole?: FdRange): Op<FilesStruct>;
  exit_files(): Op<void>;
  put_files_struct(files: FilesStruct): Op<void>;
  do_close_on_exec(files: FilesStruct): Op<void>;
  filp_close(file: File): Op<void>;

  // fs/namei.c, fs/open.c
  path_get(path: Path): Op<void>;
  path_put(path: Path): Op<void>;
  path_openat(dfd: number, open_flag: number, acc_mode: number): Op<File | number>;
  path_init(dfd: number): Op<Nameidata | number>;
  do_open(nd: Nameidata, file: File, acc_mode: number): Op<number>;
  may_open(nd: Nameidata, acc_mode: number): Op<number>;
  inode_permission(inode: Inode, mask: number): Op<number>;
  do_sys_open(flags: number): Op<number>;
  vfs_open(path: Path, file: File): Op<number>;

  // fs/statfs.c
  fd_statfs(fd: number): Op<Statfs | number>;
  calculate_f_flags(mnt: Mount): Op<number>;

  // fs/exec.c
  do_open_execat(fd: number): Op<File | number>;
  path_noexec(path: Path): Op<boolean>;
  begin_new_exec(): Op<void>;
  exec_mmap(): Op<void>;

  // kernel/fork.c, kernel/exit.c
  copy_process(flags: number): Op<Task>;
  copy_files(flags: number): Op<Pointer>;
  copy_signal(flags: number): Op<Pointer>;
  copy_mm(flags: number): Op<Pointer>;
  dup_mm(): Op<Mm>;
  mmput(mm: Mm): Op<void>;
  mm_release(): Op<void>;
  unshare_files(): Op<void>;
  do_exit(): Op<void>;
  exit_mm(): Op<void>;

  // net/socket.c, net/unix/af_unix.c, include/net/af_unix.h, include/net/sock.h
  sockfs_init_fs_context(fc: FsContext): Op<number>;
  socketpair(): Op<readonly [number, number] | number>;
  unix_socketpair(): Op<readonly [File, File] | number>;
  sock_alloc_file(): Op<File | number>;
  __sys_sendmsg(fd: number, passed: number): Op<number>;
  unix_stream_sendmsg(socket: File, len: number, file: File | null): Op<number>;
  __sys_recvmsg(fd: number): Op<Received | number>;
  unix_stream_read_generic(sk: UnixSock): Op<Received | number>;
  unix_release_sock(sk: UnixSock): Op<void>;
  sock_put(sk: UnixSock): Op<void>;
  unix_state_lock(sk: UnixSock): Op<void>;
  unix_state_unlock(sk: UnixSock): Op<void>;

  // net/core/scm.c, include/net/scm.h, fs/file.c
  scm_fp_copy(fd: number): Op<File | null>;
  scm_detach_fds(file: File): Op<Received>;
  scm_destroy(file: File): Op<void>;
  receive_fd(file: File, o_flags: number): Op<number>;

  // kernel/module/main.c, kernel/params.c, kernel/trace/trace_kprobe.c, init/main.c
  find_module(name: string): Op<Module | null>;
  try_module_get(module: Module | null): Op<boolean>;
  module_put(module: Module | null): Op<void>;
  /** Returns 0 if there is no module of this name, 1 if it was loaded while this waited, or an error. */
  module_patient_check_exists(name: string): Op<number>;
  finit_module(name: string, needs: readonly string[], parameters: string): Op<number>;
  load_module(mod: Module, needs: readonly string[], parameters: string): Op<number>;
  try_stop_module(mod: Module): Op<number>;
  parse_args(mod: Module, parameters: string): Op<number>;
  module_unload_free(mod: Module): Op<void>;
  delete_module(name: string): Op<number>;
  try_release_module_ref(mod: Module): Op<number>;
  free_module(module: Module): Op<void>;
  trace_kprobe_module_callback(mod: Module): Op<void>;
  do_one_initcall(mod: Module): Op<number>;
  moduleExit(mod: Module): Op<void>;

  // kernel/rcu/tree.c, kernel/rcu/srcutree.c, kernel/locking/mutex.c
  // include/linux/spinlock.h, include/linux/mmap_lock.h, include/linux/fs.h
  call_rcu(callback: (typeof RCU_CALLBACKS)[number], object: Inode | Mount): Op<void>;
  synchronize_rcu(): Op<void>;
  synchronize_srcu(): Op<void>;
  rcu_barrier(): Op<void>;
  rcu_do_batch(): Op<void>;
  mutex_lock(lock: Cell, name: string): Op<void>;
  mutex_unlock(lock: Cell, name: string): Op<void>;
  spin_lock(lock: Cell, name: string): Op<void>;
  spin_unlock(lock: Cell, name: string): Op<void>;
  mmap_read_lock(mm: Mm): Op<void>;
  mmap_read_unlock(mm: Mm): Op<void>;
  mmap_write_lock(mm: Mm): Op<void>;
  mmap_write_unlock(mm: Mm): Op<void>;
  filemap_invalidate_lock(inode: Inode): Op<void>;
  filemap_invalidate_unlock(inode: Inode): Op<void>;
  filemap_invalidate_lock_shared(inode: Inode): Op<void>;
  filemap_invalidate_unlock_shared(inode: Inode): Op<void>;

  // mm/filemap.c, mm/truncate.c, mm/memory.c
  __filemap_get_folio(inode: Inode, index: number): Op<number>;
  filemap_add_folio(inode: Inode, index: number): Op<number>;
  fault_dirty_shared_page(file: File, inode: Inode, index: number): Op<void>;
  truncate_inode_pages_final(inode: Inode): Op<void>;
  truncate_inode_pages_range(inode: Inode, lstart: number, lend: number): Op<void>;

  // mm/slab_common.c, mm/slub.c, include/linux/slab.h
  kmem_cache_create(name: string, object_size: number): Op<KmemCache | null>;
  kmem_cache_destroy(s: KmemCache): Op<void>;
  kvfree_rcu_barrier_on_cache(s: KmemCache): Op<void>;
  __kmem_cache_shutdown(s: KmemCache): Op<void>;

  // mm/mmap.c, mm/mprotect.c, mm/vma.c, mm/memory.c, include/linux/mm.h, include/linux/fs.h, include/linux/vmalloc.h
  do_mmap(file: File, len: number, prot: number, shared: boolean, offset: number): Op<number>;
  mmap_region(mm: Mm, file: File, pages: number, vm_flags: number, offset: number): Op<number>;
  do_mprotect_pkey(start: number, prot: number): Op<number>;
  vm_unmapped_area(mm: Mm, pages: number): Op<number>;
  vma_link(mm: Mm, vma: VmArea): Op<void>;
  vma_lookup(mm: Mm, address: number): Op<VmArea | null>;
  vm_munmap(address: number): Op<void>;
  remove_vma(vma: VmArea): Op<void>;
  exit_mmap(mm: Mm): Op<void>;
  handle_mm_fault(address: number): Op<number>;
  do_shared_fault(vma: VmArea, pgoff: number): Op<boolean>;
  unmap_mapping_pages(inode: Inode, first: number, end: number): Op<void>;
  can_mmap_file(file: File): Op<boolean>;
  /** Returns 0 or -ENOMEM. */
  __vmalloc(size: number, what: string): Op<number>;

  // virt/kvm/kvm_main.c, arch/x86/kvm/x86.c, arch/x86/include/asm/kvm_host.h, drivers/char/misc.c
  kvm_init(module: Module): Op<number>;
  misc_register(module: Module): Op<number>;
  misc_deregister(): Op<void>;
  kvm_exit(): Op<void>;
  kvm_dev_ioctl_create_vm(type: number): Op<number>;
  kvm_vm_ioctl(kvm: Kvm, ioctl: VmIoctl): Op<number>;
  kvm_create_vm(type: number): Op<Kvm | number>;
  kvm_is_vm_type_supported(type: number): Op<boolean>;
  kvm_get_kvm(kvm: Kvm): Op<void>;
  kvm_put_kvm(kvm: Kvm): Op<void>;
  kvm_vm_release(file: File): Op<void>;
  kvm_destroy_vm(kvm: Kvm): Op<void>;
  kvm_free_memslot(slot: Memslot): Op<void>;
  kvm_vm_ioctl_set_memory_region(kvm: Kvm, mem: MemoryRegion): Op<number>;
  kvm_set_memory_region(kvm: Kvm, mem: MemoryRegion): Op<number>;
  check_memory_region_flags(kvm: Kvm, mem: MemoryRegion): Op<number>;
  kvm_arch_has_private_mem(kvm: Kvm): Op<boolean>;
  kvm_arch_nr_memslot_as_ids(kvm: Kvm): Op<number>;
  kvm_set_memslot(kvm: Kvm, old: Memslot | null, slot: Memslot | null): Op<number>;
  kvm_create_memslot(kvm: Kvm, slot: Memslot): Op<void>;
  kvm_delete_memslot(kvm: Kvm, old: Memslot): Op<void>;
  kvm_arch_prepare_memory_region(kvm: Kvm, slot: Memslot): Op<number>;
  kvm_alloc_memslot_metadata(kvm: Kvm, slot: Memslot): Op<number>;

  // virt/kvm/guest_memfd.c, include/linux/kvm_host.h, lib/xarray.c
  /** Returns 0 or an error; without the patch it is void. */
  kvm_gmem_init(module: Module): Op<number>;
  kvm_gmem_create(kvm: Kvm, size: number, flags: number): Op<number>;
  kvm_gmem_get_supported_flags(kvm: Kvm): Op<number>;
  __kvm_gmem_create(kvm: Kvm, size: number, flags: number): Op<number>;
  kvm_gmem_release(inode: Inode, file: File): Op<void>;
  kvm_gmem_invalidate_begin(gmem: Gmem, start: number, end: number): Op<void>;
  kvm_gmem_bind(kvm: Kvm, slot: Memslot, fd: number, offset: number): Op<number>;
  bindFile(kvm: Kvm, slot: Memslot, file: File, offset: number): Op<number>;
  bindFits(inode: Inode, offset: number, size: number): Op<boolean>;
  bindOverlap(): Op<number>;
  xa_store_range(gmem: Gmem, start: number, end: number, slot: Memslot): Op<void>;
  kvm_gmem_unbind(slot: Memslot): Op<void>;
  __kvm_gmem_unbind(slot: Memslot, file: File): Op<void>;
  kvm_gmem_fallocate(file: File, mode: number, offset: number, len: number): Op<number>;
  kvm_gmem_allocate(inode: Inode, offset: number, len: number): Op<number>;
  kvm_gmem_get_folio(inode: Inode, index: number): Op<number>;
  kvm_gmem_punch_hole(inode: Inode, offset: number, len: number): Op<number>;
  kvm_gmem_setattr(): Op<number>;
  kvm_gmem_mmap(file: File, vm_flags: number): Op<number>;
  /** Returns true if the page could be mapped; else the task gets SIGBUS. */
  kvm_gmem_fault_user_mapping(file: File, index: number): Op<boolean>;
}

/** Functions that only kernels with the patch have, as posted or as merged. */
export interface PatchFunctions {
  // virt/kvm/guest_memfd.c, fs/anon_inodes.c
  kvm_gmem_init_fs_context(fc: FsContext): Op<number>;
  gmemFileSystem(name: string): Op<FileSystemType>;
  kvm_gmem_init_mount(): Op<number>;
  kvm_gmem_exit(): Op<void>;
  alloc_anon_secure_inode(sb: SuperBlock, name: string): Op<Inode | number>;
  kvm_gmem_inode_make_secure_inode(name: string, size: number, flags: number): Op<Inode | number>;
  kvm_gmem_inode_create_getfile(priv: Gmem, size: number, flags: number): Op<File | number>;
  kvm_gmem_alloc_inode(sb: SuperBlock): Op<Inode | null>;
  kvm_gmem_destroy_inode(inode: Inode): Op<void>;
  kvm_gmem_free_inode(inode: Inode): Op<void>;
  createFile(f: Gmem, size: number, flags: number): Op<File | number>;
}
