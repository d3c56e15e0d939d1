/** virt/kvm/guest_memfd.c as of 6.12: guest memory as a file on an anonymous inode. */
import { allocate, allocation, change, enter, leave, store, storeList } from "../../../simulate/step.js";
import {
  EBADF,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FOPS,
  O_LARGEFILE,
  PAGE_SHIFT,
  PAGE_SIZE,
  S_IFREG,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { probed } from "../../probed.js";
import { nodesToStore } from "../lib/xarray.js";
import { folioAt } from "../mm/filemap.js";

export const guestMemfd = {
  *kvm_gmem_init(module) {
    yield enter("kvm_gmem_init", { module });
    yield store("kvm_gmem_fops.owner = module", [this.system.kvm_gmem_fops_owner, module.pointer]);
    // It returns nothing: what its probe prints is a leftover.
    yield leave("kvm_gmem_init", null);
    return 0;
  },

  /** The ioctl KVM_CREATE_GUEST_MEMFD. */
  kvm_gmem_create: probed(
    "kvm_gmem_create",
    (kvm, size, flags) => ({ kvm, size, flags }),
    function* (kvm, size, flags) {
      const valid_flags = BigInt(yield* this.kvm_gmem_get_supported_flags(kvm));
      if (BigInt.asUintN(64, BigInt(flags)) & ~valid_flags) return -EINVAL;
      if (size <= 0 || size % PAGE_SIZE !== 0) return -EINVAL;
      return yield* this.__kvm_gmem_create(kvm, size, flags);
    },
  ),

  /** No flags are valid yet; 6.12 has the value in kvm_gmem_create itself. */
  *kvm_gmem_get_supported_flags(_kvm) {
    return 0;
  },

  *__kvm_gmem_create(kvm, size, flags) {
    const fd = yield* this.get_unused_fd_flags(0);
    if (fd < 0) return fd;
    const pointer = yield allocate("kvm_gmem", "kzalloc(sizeof(*gmem))");
    if (!pointer) {
      yield* this.put_unused_fd(fd);
      return -ENOMEM;
    }
    const gmem = this.gmem(pointer);
    const file = yield* this.anon_inode_create_getfile("[kvm-gmem]", FOPS.kvm_gmem, gmem);
    if (typeof file === "number") {
      yield store("kfree(gmem)", [gmem.freed, 1]);
      yield* this.put_unused_fd(fd);
      return file;
    }
    const inode = this.inode(this.get(file.f_inode));
    yield store(
      "file->f_flags |= O_LARGEFILE; inode->i_private = flags; inode->i_mode |= S_IFREG; inode->i_size = size",
      [file.f_flags, this.get(file.f_flags) | O_LARGEFILE],
      [inode.i_private, flags],
      [inode.i_mode, this.get(inode.i_mode) | S_IFREG],
      [inode.i_size, size],
    );
    yield* this.kvm_get_kvm(kvm);
    yield change(
      "gmem->kvm = kvm; list_add(&gmem->entry, &inode->i_mapping->i_private_list)",
      { type: "set", cell: gmem.kvm, value: kvm.pointer },
      { type: "append", list: inode.i_private_list, values: [gmem.pointer] },
    );
    yield* this.fd_install(fd, file);
    return fd;
  },

  *kvm_gmem_release(inode, file) {
    yield enter("kvm_gmem_release", { inode, file });
    const gmem = this.gmem(this.get(file.private_data));
    const kvm = this.kvm(this.get(gmem.kvm));
    yield* this.mutex_lock(kvm.slots_lock, "&kvm->slots_lock");
    yield* this.filemap_invalidate_lock(inode);
    const bindings = this.list(gmem.bindings);
    for (let k = 0; k < bindings.length; k += 3)
      yield store("WRITE_ONCE(slot->gmem.file, NULL)", [this.memslot(bindings[k + 2]!).gmem_file, 0]);
    yield* this.kvm_gmem_invalidate_begin(gmem, 0, -1);
    yield change("list_del(&gmem->entry)", { type: "drop", list: inode.i_private_list, value: gmem.pointer, size: 1 });
    yield* this.filemap_invalidate_unlock(inode);
    yield* this.mutex_unlock(kvm.slots_lock, "&kvm->slots_lock");
    yield store("kfree(gmem)", [gmem.freed, 1]);
    yield* this.kvm_put_kvm(kvm);
  },

  /** Inlined on 6.12. */
  *kvm_gmem_invalidate_begin(gmem, start, end) {
    yield enter("kvm_gmem_invalidate_begin", { gmem, start, end });
  },

  kvm_gmem_bind: probed(
    "kvm_gmem_bind",
    (kvm, slot, fd, offset) => ({ kvm, slot, fd, offset }),
    function* (kvm, slot, fd, offset) {
      const file = yield* this.fget(fd);
      if (!file) return -EBADF;
      const error = yield* this.bindFile(kvm, slot, file, offset);
      yield* this.fput(file);
      return error;
    },
  ),

  /** All of kvm_gmem_bind between the fget and the fput. */
  *bindFile(kvm, slot, file, offset) {
    if (this.get(file.f_op) !== FOPS.kvm_gmem) return -EINVAL;
    const gmem = this.gmem(this.get(file.private_data));
    if (this.get(gmem.kvm) !== kvm.pointer) return -EINVAL;
    const inode = this.inode(this.get(file.f_inode));
    const npages = this.get(slot.npages);
    if (offset < 0 || offset % PAGE_SIZE !== 0 || !(yield* this.bindFits(inode, offset, npages * PAGE_SIZE)))
      return -EINVAL;
    yield* this.filemap_invalidate_lock(inode);
    const start = offset / PAGE_SIZE;
    const end = start + npages;
    const bindings = this.list(gmem.bindings);
    for (let k = 0; k < bindings.length; k += 3) {
      if (bindings[k]! < end && start < bindings[k + 1]!) {
        yield* this.filemap_invalidate_unlock(inode);
        return yield* this.bindOverlap();
      }
    }
    yield store(
      "slot->gmem.file = file; slot->gmem.pgoff = start",
      [slot.gmem_file, file.pointer],
      [slot.gmem_pgoff, start],
    );
    yield* this.xa_store_range(gmem, start, end, slot);
    yield* this.filemap_invalidate_unlock(inode);
    return 0;
  },

  /** The expression `offset + size <= i_size_read(inode)`, in whose types releases differ. */
  *bindFits(inode, offset, size) {
    return offset + size <= this.get(inode.i_size);
  },

  /** The error for a range that is bound already, in which releases differ. */
  *bindOverlap() {
    return -EINVAL;
  },

  /** The caller ignores the result: if an allocation fails, the binding is silently missing. */
  *xa_store_range(gmem, start, end, slot) {
    for (let nodes = nodesToStore(this.list(gmem.bindings), start, end); nodes > 0; nodes--) {
      // xas_nomem tries again, sleeping, when the allocation under the lock failed.
      if ((yield allocation("xas_alloc(xas) under xa_lock")) && (yield allocation("xas_nomem(&xas, GFP_KERNEL)")))
        return;
    }
    yield change("xa_store_range(&gmem->bindings, start, end - 1, slot)", {
      type: "append",
      list: gmem.bindings,
      values: [start, end, slot.pointer],
    });
  },

  *kvm_gmem_unbind(slot) {
    yield enter("kvm_gmem_unbind", { slot });
    const pointer = this.get(slot.gmem_file);
    // Unbound by the release of the file, or never bound.
    if (!pointer) return;
    const file = yield* this.get_file_active(slot.gmem_file);
    if (file) {
      const inode = this.inode(this.get(file.f_inode));
      yield* this.filemap_invalidate_lock(inode);
      yield* this.__kvm_gmem_unbind(slot, file);
      yield* this.filemap_invalidate_unlock(inode);
      yield* this.fput(file);
    } else {
      // Dying, and its release waits for slots_lock, which this task holds: no other task can be at its bindings.
      yield* this.__kvm_gmem_unbind(slot, this.file(pointer));
    }
  },

  *__kvm_gmem_unbind(slot, file) {
    const gmem = this.gmem(this.get(file.private_data));
    const bindings = this.list(gmem.bindings);
    const at = bindings.findIndex((value, k) => k % 3 === 2 && value === slot.pointer);
    if (at >= 0)
      yield storeList(
        gmem.bindings,
        [...bindings.slice(0, at - 2), ...bindings.slice(at + 1)],
        "xa_store_range(&gmem->bindings, start, end - 1, NULL)",
      );
    yield store("WRITE_ONCE(slot->gmem.file, NULL)", [slot.gmem_file, 0]);
  },

  *kvm_gmem_fallocate(file, mode, offset, len) {
    yield enter("kvm_gmem_fallocate", { file, mode, offset, len });
    const inode = this.inode(this.get(file.f_inode));
    let error;
    if (!(mode & FALLOC_FL_KEEP_SIZE) || mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) error = -EOPNOTSUPP;
    else if (offset % PAGE_SIZE !== 0 || len % PAGE_SIZE !== 0) error = -EINVAL;
    else
      error =
        mode & FALLOC_FL_PUNCH_HOLE
          ? yield* this.kvm_gmem_punch_hole(inode, offset, len)
          : yield* this.kvm_gmem_allocate(inode, offset, len);
    yield leave("kvm_gmem_fallocate", error);
    return error;
  },

  *kvm_gmem_allocate(inode, offset, len) {
    if (offset + len > this.get(inode.i_size)) return -EINVAL;
    yield* this.filemap_invalidate_lock_shared(inode);
    let error = 0;
    for (let index = offset / PAGE_SIZE; index < (offset + len) / PAGE_SIZE && !error; index++)
      error = yield* this.kvm_gmem_get_folio(inode, index);
    yield* this.filemap_invalidate_unlock_shared(inode);
    return error;
  },

  /** Returns 0 or an error. Inlined up to 6.18. */
  *kvm_gmem_get_folio(inode, index) {
    yield enter("kvm_gmem_get_folio", { inode, index });
    const error = yield* this.__filemap_get_folio(inode, index);
    yield leave("kvm_gmem_get_folio", error || folioAt(inode.pointer, index));
    return error;
  },

  *kvm_gmem_punch_hole(inode, offset, len) {
    yield* this.filemap_invalidate_lock(inode);
    for (const gmem of this.list(inode.i_private_list))
      yield* this.kvm_gmem_invalidate_begin(
        this.gmem(gmem),
        offset / 2 ** PAGE_SHIFT,
        (offset + len) / 2 ** PAGE_SHIFT,
      );
    yield* this.truncate_inode_pages_range(inode, offset, offset + len - 1);
    yield* this.filemap_invalidate_unlock(inode);
    return 0;
  },

  /** The size of the memory is fixed. */
  *kvm_gmem_setattr() {
    yield enter("kvm_gmem_setattr", {});
    return -EINVAL;
  },

  /** mmap(2) of the file; 6.12 has none. */
  *kvm_gmem_mmap(_file, _vm_flags) {
    return -ENODEV;
  },

  *kvm_gmem_fault_user_mapping(_file, _index) {
    return false;
  },
} satisfies FunctionTable;
