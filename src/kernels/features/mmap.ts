/** guest_memfd that user space can map (6.18): for memory that is shared with the host, wholly or to begin with. */
import { enter } from "../../simulate/step.js";
import {
  EINVAL,
  ENODEV,
  FOPS,
  KVM_MEM_GUEST_MEMFD,
  KVM_MEM_LOG_DIRTY_PAGES,
  PAGE_SIZE,
  VM_MAYSHARE,
  VM_SHARED,
} from "../constants.js";
import type { FunctionTable } from "../kernel.js";

const GUEST_MEMFD_FLAG_MMAP = 1;
const GUEST_MEMFD_FLAG_INIT_SHARED = 2;

export const mmap = {
  *kvm_gmem_get_supported_flags(kvm) {
    return (yield* this.kvm_arch_has_private_mem(kvm))
      ? GUEST_MEMFD_FLAG_MMAP
      : GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED;
  },

  *can_mmap_file(file) {
    return this.get(file.f_op) === FOPS.kvm_gmem;
  },

  *kvm_gmem_mmap(file, vm_flags) {
    yield enter("kvm_gmem_mmap", { file, vma: file.pointer });
    if (!(this.get(this.inode(this.get(file.f_inode)).i_private) & GUEST_MEMFD_FLAG_MMAP)) return -ENODEV;
    return vm_flags & VM_SHARED && vm_flags & VM_MAYSHARE ? 0 : -EINVAL;
  },

  *kvm_gmem_fault_user_mapping(file, index) {
    yield enter("kvm_gmem_fault_user_mapping", { vmf: file.pointer });
    const inode = this.inode(this.get(file.f_inode));
    if (index * PAGE_SIZE >= this.get(inode.i_size) || !(this.get(inode.i_private) & GUEST_MEMFD_FLAG_INIT_SHARED))
      return false;
    yield* this.filemap_invalidate_lock_shared(inode);
    const error = yield* this.kvm_gmem_get_folio(inode, index);
    yield* this.filemap_invalidate_unlock_shared(inode);
    return error === 0;
  },

  /** Any VM may bind: private memory is no longer required. */
  *check_memory_region_flags(_kvm, mem) {
    let valid_flags = KVM_MEM_LOG_DIRTY_PAGES;
    if (this.config.guestMemfd) valid_flags |= KVM_MEM_GUEST_MEMFD;
    return mem.flags & ~valid_flags ? -EINVAL : 0;
  },
} satisfies FunctionTable;
