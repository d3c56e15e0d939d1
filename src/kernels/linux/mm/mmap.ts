/** mm/mmap.c, mm/mprotect.c, mm/vma.c and mm/memory.c: files mapped into the memory of a process. */
import { change, create, store } from "../../../simulate/step.js";
import {
  EACCES,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOVERFLOW,
  EPERM,
  FOPS,
  MMAP_BASE,
  PAGE_SHIFT,
  PAGE_SIZE,
  SIGBUS,
  SIGSEGV,
  VM_ACCESS_FLAGS,
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_SHARED,
  VM_WRITE,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { pathOf } from "../fs/namei.js";

export const mmapping = {
  /** Makes a mapping, which holds its file; returns its address, or an error. `len` and `offset` are unsigned in C. */
  *do_mmap(file, len, prot, shared, offset) {
    if (len === 0) return -EINVAL;
    const mm = this.mm(this.get(this.current.mm));
    const pages = Math.ceil(len / PAGE_SIZE);
    // A negative number stands for one that no address space has room for, or that is 0 once it is aligned.
    if (len < 0 || pages * PAGE_SIZE > MMAP_BASE - this.get(mm.total_vm)) return -ENOMEM;
    if (!file_mmap_ok(this.get(file.f_op) === FOPS.kvm_gmem ? MAX_LFS_PAGES : ULONG_MAX_PAGES, offset, pages))
      return -EOVERFLOW;
    // The bits of PROT_READ, PROT_WRITE and PROT_EXEC are those of VM_READ, VM_WRITE and VM_EXEC.
    let vm_flags = prot | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
    if (shared) vm_flags |= VM_SHARED | VM_MAYSHARE;
    if (yield* this.path_noexec(pathOf(this, file))) {
      if (vm_flags & VM_EXEC) return -EPERM;
      vm_flags &= ~VM_MAYEXEC;
    }
    if (!(yield* this.can_mmap_file(file))) return -ENODEV;
    yield* this.mmap_write_lock(mm);
    const address = yield* this.mmap_region(mm, file, pages, vm_flags, offset);
    yield* this.mmap_write_unlock(mm);
    return address;
  },

  *mmap_region(mm, file, pages, vm_flags, offset) {
    yield* this.get_file(file);
    const error = yield* this.kvm_gmem_mmap(file, vm_flags);
    if (error) {
      yield* this.fput(file);
      return error;
    }
    const vma = this.vma(yield create("vm_area_struct", "vm_area_alloc(mm)"));
    const address = yield* this.vm_unmapped_area(mm, pages);
    yield store(
      "vma->vm_file = file",
      [vma.vm_start, address],
      [vma.vm_end, address + pages * PAGE_SIZE],
      [vma.vm_flags, vm_flags],
      [vma.vm_file, file.pointer],
      [vma.vm_pgoff, offset / PAGE_SIZE],
    );
    yield* this.vma_link(mm, vma);
    return address;
  },

  /** Addresses are given from above, and none of them again. */
  *vm_unmapped_area(mm, pages) {
    return yield change(
      "vm_unmapped_area(&info)",
      { type: "add", cell: mm.mmap_low, value: -pages * PAGE_SIZE, unless: undefined },
      { type: "add", cell: mm.total_vm, value: pages * PAGE_SIZE, unless: undefined },
    );
  },

  *vma_link(mm, vma) {
    const inode = this.inode(this.get(this.file(this.get(vma.vm_file)).f_inode));
    yield change(
      "vma_link(mm, vma)",
      { type: "append", list: mm.mmap, values: [vma.pointer] },
      { type: "append", list: inode.i_mmap, values: [vma.pointer] },
    );
  },

  *vma_lookup(mm, address) {
    for (const pointer of this.list(mm.mmap)) {
      const vma = this.vma(pointer);
      if (this.get(vma.vm_start) <= address && address < this.get(vma.vm_end)) return vma;
    }
    return null;
  },

  /** mprotect(2) of the mapping that begins there: nothing that was not allowed when it was made (`VM_MAY…`). */
  *do_mprotect_pkey(start, prot) {
    const mm = this.mm(this.get(this.current.mm));
    yield* this.mmap_write_lock(mm);
    const vma = yield* this.vma_lookup(mm, start);
    let error = vma ? 0 : -ENOMEM;
    if (vma) {
      const newflags = prot | (this.get(vma.vm_flags) & ~VM_ACCESS_FLAGS);
      if (newflags & ~(newflags >> 4) & VM_ACCESS_FLAGS) error = -EACCES;
      else yield store("vm_flags_reset(vma, newflags)", [vma.vm_flags, newflags]);
    }
    yield* this.mmap_write_unlock(mm);
    return error;
  },

  /** munmap(2) of the mapping that begins there; if it was unmapped already there is nothing to do. */
  *vm_munmap(address) {
    const mm = this.mm(this.get(this.current.mm));
    yield* this.mmap_write_lock(mm);
    const vma = yield* this.vma_lookup(mm, address);
    if (vma) {
      const length = this.get(vma.vm_end) - this.get(vma.vm_start);
      yield change(
        "unmap_region(mm, vma)",
        { type: "drop", list: mm.mmap, value: vma.pointer, size: 1 },
        { type: "add", cell: mm.total_vm, value: -length, unless: undefined },
      );
      yield* this.remove_vma(vma);
    }
    yield* this.mmap_write_unlock(mm);
  },

  *remove_vma(vma) {
    const file = this.file(this.get(vma.vm_file));
    const inode = this.inode(this.get(file.f_inode));
    yield change(
      "unlink_file_vma(vma); vm_area_free(vma)",
      { type: "drop", list: inode.i_mmap, value: vma.pointer, size: 1 },
      { type: "set", cell: vma.freed, value: 1 },
    );
    yield* this.fput(file);
  },

  /** Unmaps all mappings of a process that has exited, from the lowest address on. */
  *exit_mmap(mm) {
    for (const pointer of this.list(mm.mmap).toReversed()) yield* this.remove_vma(this.vma(pointer));
    yield store("__mmdrop(mm)", [mm.freed, 1]);
  },

  /** A write to a page of a mapping; returns 0, or the signal that the task gets. */
  *handle_mm_fault(address) {
    const mm = this.mm(this.get(this.current.mm));
    yield* this.mmap_read_lock(mm);
    const vma = yield* this.vma_lookup(mm, address);
    const signal =
      !vma || !(this.get(vma.vm_flags) & VM_WRITE)
        ? SIGSEGV
        : (yield* this.do_shared_fault(vma, this.get(vma.vm_pgoff) + (address - this.get(vma.vm_start)) / PAGE_SIZE))
          ? 0
          : SIGBUS;
    yield* this.mmap_read_unlock(mm);
    return signal;
  },

  /** Returns true if the page is mapped, or could be. */
  *do_shared_fault(vma, pgoff) {
    // In the page tables already: the processor finds it without asking.
    if (yield change("pte_present(vmf->orig_pte)", { type: "look", list: vma.ptes, value: pgoff })) return true;
    const file = this.file(this.get(vma.vm_file));
    if (!(yield* this.kvm_gmem_fault_user_mapping(file, pgoff))) return false;
    yield change("set_pte_range(vmf, folio, page)", {
      type: "cover",
      list: vma.ptes,
      first: pgoff,
      end: pgoff + 1,
      count: vma.nr_ptes,
    });
    yield* this.fault_dirty_shared_page(file, this.inode(this.get(file.f_inode)), pgoff);
    return true;
  },

  /** Takes pages of a file out of the page tables of every mapping of it. */
  *unmap_mapping_pages(inode, first, end) {
    for (const pointer of this.list(inode.i_mmap)) {
      const vma = this.vma(pointer);
      if (this.get(vma.nr_ptes))
        yield change("zap_page_range_single(vma)", { type: "uncover", list: vma.ptes, first, end, count: vma.nr_ptes });
    }
  },

  *can_mmap_file(_file) {
    return false;
  },
} satisfies FunctionTable;

/** In a regular file, offsets are signed; of others nothing is known. */
const MAX_LFS_PAGES = 2 ** (63 - PAGE_SHIFT);
const ULONG_MAX_PAGES = 2 ** (64 - PAGE_SHIFT);

function file_mmap_ok(maximum: number, offset: number, pages: number): boolean {
  const pgoff = Number(BigInt.asUintN(64, BigInt(offset)) >> BigInt(PAGE_SHIFT));
  return pgoff <= maximum - 1 - pages;
}
