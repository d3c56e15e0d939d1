/**
 * The functions of a simulated kernel, as a header file declares them. A kernel has all of them; a patch replaces some.
 *
 * A structure comes back as itself, as `null` for NULL, or as a negative number for an error pointer; an `Op<number>` comes
 * to 0 or to a negative errno, or to what the C function returns. Sources are those of 6.12 unless said otherwise.
 */
import type { Cell } from "../simulate/memory.js";
import type { Op } from "../simulate/step.js";
import type { Dentry, File, FileSystemType, FilesStruct, FsContext, Gmem, Inode, KmemCache, Kvm, Memslot, Module, Mount, Struct, SuperBlock } from "../simulate/structs.js";
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

/** `struct fd`: a file, and whether a reference was taken on it. */
export interface Fd {
  readonly file: File | null;
  readonly counted: boolean;
}

export interface Functions {
  // fs/inode.c
  alloc_inode(sb: SuperBlock): Op<Inode | null>;
  s_op_alloc_inode(sb: SuperBlock): Op<Inode | null>;
  s_op_destroy_inode(inode: Inode): Op<void>;
  s_op_free_inode(inode: Inode): Op<void>;
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
  dput(dentry: Dentry): Op<void>;
  __dentry_kill(dentry: Dentry): Op<void>;
  shrink_dcache_for_umount(sb: SuperBlock): Op<void>;

  // fs/super.c, fs/namespace.c
  get_tree_nodev(fc: FsContext): Op<SuperBlock | number>;
  super_operations(fc: FsContext): Op<number>;
  deactivate_super(sb: SuperBlock): Op<void>;
  deactivate_locked_super(sb: SuperBlock): Op<void>;
  kill_anon_super(sb: SuperBlock): Op<void>;
  kern_mount(type: FileSystemType): Op<Mount | number>;
  vfs_kern_mount(type: FileSystemType): Op<Mount | number>;
  init_fs_context(fc: FsContext): Op<number>;
  fc_mount(fc: FsContext): Op<Mount | number>;
  vfs_create_mount(fc: FsContext, sb: SuperBlock): Op<Mount | number>;
  put_fs_context(fc: FsContext): Op<void>;
  mntget(mnt: Mount): Op<void>;
  mntput(mnt: Mount): Op<void>;
  mntput_no_expire(mnt: Mount): Op<void>;
  cleanup_mnt(mnt: Mount): Op<void>;
  delayed_free_vfsmnt(mnt: Mount): Op<void>;
  kern_unmount(mnt: Mount): Op<void>;

  // fs/anon_inodes.c
  anon_inode_make_secure_inode(sb: SuperBlock, name: string): Op<Inode | number>;
  security_inode_init_security_anon(inode: Inode): Op<number>;
  anon_inode_getfile(name: string, fops: number, priv: Struct<"kvm">, flags: number): Op<File | number>;
  anon_inode_create_getfile(name: string, fops: number, priv: Gmem): Op<File | number>;
  __anon_inode_getfile(name: string, fops: number, priv: Gmem): Op<File | number>;

  // fs/file_table.c, kernel/task_work.c
  alloc_empty_file(flags: number): Op<File | number>;
  __alloc_file(): Op<File | number>;
  file_free(file: File): Op<void>;
  nr_files_add(amount: number): Op<void>;
  alloc_file_pseudo(inode: Inode, mnt: Mount, name: string, flags: number, fops: number): Op<File | number>;
  get_file(file: File): Op<void>;
  fput(file: File): Op<void>;
  __fput_deferred(file: File): Op<void>;
  fput_close_sync(file: File): Op<void>;
  task_work_run(): Op<void>;
  __fput(file: File): Op<void>;
  f_op_release(file: File): Op<void>;
  /** The module whose functions a file has; none for built-in code. */
  fops_owner(fops: number): Op<Module | null>;

  // fs/file.c
  get_unused_fd_flags(flags: number): Op<number>;
  alloc_fd(): Op<number>;
  put_unused_fd(fd: number): Op<void>;
  __put_unused_fd(fd: number): Op<void>;
  fd_install(fd: number, file: File): Op<void>;
  __fd_install(fd: number, file: File): Op<void>;
  fget(fd: number): Op<File | null>;
  files_lookup_fd(fd: number): Op<number>;
  fdget(fd: number): Op<Fd>;
  fdput(fd: Fd): Op<void>;
  get_file_active(cell: Cell): Op<File | null>;
  file_close_fd(fd: number): Op<File | null>;
  file_close_fd_locked(fd: number): Op<File | null>;
  close(fd: number): Op<number>;
  dup(fd: number): Op<number>;
  dup_fd(): Op<FilesStruct>;
  exit_files(): Op<void>;
  filp_close(file: File): Op<void>;

  // kernel/module/main.c
  find_module(name: string): Op<Module | null>;
  try_module_get(module: Module | null): Op<boolean>;
  module_put(module: Module | null): Op<void>;
  /** Comes to 0 where there is no module of this name, to 1 where it came while this waited, or to an error. */
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
  module_exit(mod: Module): Op<void>;

  // kernel/rcu, kernel/locking
  call_rcu(callback: (typeof RCU_CALLBACKS)[number], object: Inode | Mount): Op<void>;
  synchronize_rcu(): Op<void>;
  synchronize_srcu(): Op<void>;
  rcu_barrier(): Op<void>;
  rcu_do_batch(): Op<void>;
  mutex_lock(lock: Cell, name: string): Op<void>;
  mutex_unlock(lock: Cell, name: string): Op<void>;
  filemap_invalidate_lock(inode: Inode): Op<void>;
  filemap_invalidate_unlock(inode: Inode): Op<void>;
  filemap_invalidate_lock_shared(inode: Inode): Op<void>;
  filemap_invalidate_unlock_shared(inode: Inode): Op<void>;

  // mm/filemap.c, mm/truncate.c
  __filemap_get_folio(inode: Inode, index: number): Op<number>;
  filemap_add_folio(inode: Inode, index: number): Op<number>;
  fault_dirty_shared_page(file: File, inode: Inode, index: number): Op<void>;
  truncate_inode_pages_final(inode: Inode): Op<void>;
  truncate_inode_pages_range(inode: Inode, lstart: number, lend: number): Op<void>;

  // mm/slab_common.c
  kmem_cache_create(name: string): Op<KmemCache | null>;
  kmem_cache_destroy(s: KmemCache): Op<void>;
  kvfree_rcu_barrier_on_cache(s: KmemCache): Op<void>;
  __kmem_cache_shutdown(s: KmemCache): Op<void>;

  // mm/mmap.c, mm/vmalloc.c
  do_mmap(file: File, length: number, offset: number, mapped: Cell): Op<number>;
  vm_munmap(file: File, length: number, mapped: Cell): Op<void>;
  file_has_valid_mmap_hooks(file: File): Op<boolean>;
  /** Comes to 0, or to -ENOMEM. */
  __vmalloc(size: number, what: string): Op<number>;

  // virt/kvm/kvm_main.c
  kvm_init(module: Module): Op<number>;
  __kvm_init(module: Module): Op<number>;
  kvm_exit(): Op<void>;
  kvm_dev_ioctl_create_vm(type: number): Op<number>;
  kvm_create_vm(type: number): Op<Kvm | number>;
  kvm_is_vm_type_supported(type: number): Op<boolean>;
  kvm_get_kvm(kvm: Kvm): Op<void>;
  kvm_put_kvm(kvm: Kvm): Op<void>;
  kvm_vm_release(file: File): Op<void>;
  kvm_destroy_vm(kvm: Kvm): Op<void>;
  kvm_free_memslot(slot: Memslot): Op<void>;
  kvm_vm_ioctl_set_memory_region(kvm: Kvm, mem: MemoryRegion): Op<number>;
  kvm_set_memory_region(kvm: Kvm, mem: MemoryRegion): Op<number>;
  __kvm_set_memory_region(kvm: Kvm, mem: MemoryRegion): Op<number>;
  check_memory_region_flags(kvm: Kvm, mem: MemoryRegion): Op<number>;
  kvm_may_bind_guest_memfd(kvm: Kvm): Op<boolean>;
  kvm_arch_has_private_mem(kvm: Kvm): Op<boolean>;
  kvm_arch_nr_memslot_as_ids(kvm: Kvm): Op<number>;
  kvm_create_memslot(kvm: Kvm, slot: Memslot): Op<number>;
  kvm_arch_prepare_memory_region(kvm: Kvm, slot: Memslot): Op<number>;
  kvm_alloc_memslot_metadata(kvm: Kvm, slot: Memslot): Op<number>;
  kvm_delete_memslot(kvm: Kvm, old: Memslot): Op<number>;

  // virt/kvm/guest_memfd.c
  kvm_gmem_init(module: Module): Op<number>;
  kvm_gmem_exit(): Op<void>;
  kvm_gmem_create(kvm: Kvm, size: number, flags: number): Op<number>;
  kvm_gmem_valid_flags(kvm: Kvm): Op<number>;
  __kvm_gmem_create(kvm: Kvm, size: number, flags: number): Op<number>;
  kvm_gmem_getfile(gmem: Gmem, size: number, flags: number): Op<File | number>;
  kvm_gmem_setup_inode(inode: Inode, size: number, flags: number): Op<void>;
  kvm_gmem_release(inode: Inode, file: File): Op<void>;
  kvm_gmem_invalidate_begin(gmem: Gmem, start: number, end: number): Op<void>;
  kvm_gmem_bind(kvm: Kvm, slot: Memslot, fd: number, offset: number): Op<number>;
  __kvm_gmem_bind(kvm: Kvm, slot: Memslot, fd: number, offset: number): Op<number>;
  kvm_gmem_bind_file(kvm: Kvm, slot: Memslot, file: File, offset: number): Op<number>;
  kvm_gmem_bind_fits(inode: Inode, offset: number, size: number): Op<boolean>;
  kvm_gmem_overlap_errno(): Op<number>;
  xa_store_range(gmem: Gmem, start: number, end: number, slot: Memslot): Op<void>;
  kvm_gmem_unbind(slot: Memslot): Op<void>;
  __kvm_gmem_unbind(slot: Memslot, file: File): Op<void>;
  kvm_gmem_fallocate(file: File, mode: number, offset: number, len: number): Op<number>;
  kvm_gmem_allocate(inode: Inode, offset: number, len: number): Op<number>;
  kvm_gmem_get_folio(inode: Inode, index: number): Op<number>;
  kvm_gmem_punch_hole(inode: Inode, offset: number, len: number): Op<number>;
  kvm_gmem_setattr(): Op<number>;
  kvm_gmem_mmap(file: File): Op<number>;
  /** Comes to whether the page could be mapped; else the task gets SIGBUS. */
  kvm_gmem_fault_user_mapping(file: File, index: number): Op<boolean>;

}

/** Functions that only kernels with the patch have, as posted or as merged. */
export interface PatchFunctions {
  kvm_gmem_fs(name: string): Op<FileSystemType>;
  kvm_gmem_init_mount(): Op<number>;
  alloc_anon_secure_inode(sb: SuperBlock, name: string): Op<Inode | number>;
  kvm_gmem_inode_make_secure_inode(name: string, size: number, flags: number): Op<Inode | number>;
  __kvm_gmem_inode_create_getfile(priv: Gmem, size: number, flags: number): Op<File | number>;
  kvm_gmem_inode_create_getfile(priv: Gmem, size: number, flags: number): Op<File | number>;
}
