/** mm/mmap.c: files mapped into the memory of a process. */
import { add } from "../../../simulate/step.js";
import { EINVAL, ENODEV, ENOMEM, EOVERFLOW, FOPS, MMAP_BASE, PAGE_SHIFT, PAGE_SIZE } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const mmapping = {
  /** A shared mapping, which holds the file; comes to 0, or to an error. `length` and `offset` are unsigned in C. */
  *do_mmap(file, length, offset, mapped) {
    if (length === 0) return -EINVAL;
    const pages = Math.ceil(length / PAGE_SIZE);
    // A negative number stands for one that no address space has room for, or that is 0 once it is aligned.
    if (length < 0 || pages * PAGE_SIZE > MMAP_BASE - this.get(mapped)) return -ENOMEM;
    if (!file_mmap_ok(this.get(file.f_op) === FOPS.kvm_gmem ? MAX_LFS_PAGES : ULONG_MAX_PAGES, offset, pages)) return -EOVERFLOW;
    if (!(yield* this.file_has_valid_mmap_hooks(file))) return -ENODEV;
    yield* this.get_file(file);
    const error = yield* this.kvm_gmem_mmap(file);
    if (error) yield* this.fput(file);
    else yield add(mapped, pages * PAGE_SIZE, "vma_link(mm, vma)");
    return error;
  },

  *vm_munmap(file, length, mapped) {
    yield add(mapped, -Math.ceil(length / PAGE_SIZE) * PAGE_SIZE, "unmap_region(mm, vma)");
    yield* this.fput(file);
  },

  *file_has_valid_mmap_hooks(_file) {
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
