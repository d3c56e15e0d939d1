/** virt/kvm/kvm_main.c: the module's life, VMs, and their memslots. */
import { add, allocate, allocation, change, create, enter, leave, mayFail, store } from "../../../simulate/step.js";
import {
  EEXIST,
  EINVAL,
  EIO,
  ENOMEM,
  ENOTTY,
  EBUSY,
  FOPS,
  KVM_MEM_GUEST_MEMFD,
  KVM_MEM_LOG_DIRTY_PAGES,
  O_CLOEXEC,
  O_RDWR,
  PAGE_SHIFT,
  PAGE_SIZE,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { probed } from "../../probed.js";
import type { Memslot } from "../../../simulate/structs.js";

/** KVM_USER_MEM_SLOTS: SHRT_MAX slots but for three that KVM keeps for itself. */
const KVM_USER_MEM_SLOTS = 32764;
const KVM_MEM_SLOTS_NUM = 32767;
const KVM_MEM_MAX_NR_PAGES = 2 ** 31 - 1;
/** A process's half of the address space; the memory of a slot must lie in it. */
const TASK_SIZE = 2 ** 47;
const KVM_MAX_NR_ADDRESS_SPACES = 2;
/** Levels of page tables that a memslot keeps books of: 4 KiB, 2 MiB, 1 GiB. */
const KVM_NR_PAGE_SIZES = 3;

export const kvmMain = {
  kvm_init: probed(
    "kvm_init",
    (_module) => ({}),
    function* (module) {
      if (yield allocation('kmem_cache_create_usercopy("kvm_vcpu")')) return -ENOMEM;
      let r = yield mayFail("kvm_irqfd_init()", -ENOMEM);
      if (r) return r;
      r = yield mayFail("kvm_async_pf_init()", -ENOMEM);
      if (r) return r;
      yield store("kvm_chardev_ops.owner = module; kvm_vm_fops.owner = module", [
        this.system.kvm_chardev_owner,
        module.pointer,
      ]);
      r = yield mayFail("kvm_vfio_ops_init()", -EEXIST);
      if (r) return r;
      yield* this.kvm_gmem_init(module);
      r = yield mayFail("kvm_init_virtualization()", -ENOMEM);
      if (r) return r;
      return yield* this.misc_register(module);
    },
  ),

  *kvm_exit() {
    yield enter("kvm_exit", {});
    yield* this.misc_deregister();
  },

  /** drivers/char/misc.c: /dev/kvm exists from here on. */
  *misc_register(module) {
    yield enter("misc_register", { misc: FOPS.kvm_chardev });
    const error = yield mayFail("misc_register(&kvm_dev)", -EBUSY, -ENOMEM);
    if (error) return error;
    // The node /dev/kvm, on a file system that is no part of the model.
    const node = yield create("inode", "devtmpfs_create_node(dev)");
    yield store(
      "list_add(&misc->list, &misc_list)",
      [this.system.kvm_dev_owner, module.pointer],
      [this.system.kvm_dev_inode, node],
    );
    return 0;
  },

  *misc_deregister() {
    yield enter("misc_deregister", { misc: FOPS.kvm_chardev });
    yield store("list_del(&misc->list)", [this.system.kvm_dev_owner, 0]);
  },

  /** The ioctl KVM_CREATE_VM: returns a descriptor. */
  *kvm_dev_ioctl_create_vm(type) {
    const fd = yield* this.get_unused_fd_flags(O_CLOEXEC);
    if (fd < 0) return fd;
    const kvm = yield* this.kvm_create_vm(type);
    if (typeof kvm === "number") {
      yield* this.put_unused_fd(fd);
      return kvm;
    }
    const file = yield* this.anon_inode_getfile("kvm-vm", FOPS.kvm_vm, kvm, O_RDWR);
    if (typeof file === "number") {
      yield* this.kvm_put_kvm(kvm);
      yield* this.put_unused_fd(fd);
      return file;
    }
    yield* this.fd_install(fd, file);
    return fd;
  },

  /** A VM works only in the mm that it was made in, not for a process that inherited or received its descriptor. */
  *kvm_vm_ioctl(kvm, ioctl) {
    if (this.get(kvm.mm) !== this.get(this.current.mm)) return -EIO;
    switch (ioctl.cmd) {
      case "KVM_CREATE_GUEST_MEMFD":
        return this.config.guestMemfd ? yield* this.kvm_gmem_create(kvm, ioctl.size, ioctl.flags) : -ENOTTY;
      case "KVM_SET_USER_MEMORY_REGION2":
        return yield* this.kvm_vm_ioctl_set_memory_region(kvm, ioctl.region);
    }
  },

  *kvm_create_vm(type) {
    const pointer = yield allocate("kvm", "kvm_arch_alloc_vm()");
    if (!pointer) return -ENOMEM;
    const kvm = this.kvm(pointer);
    const mm = this.get(this.current.mm);
    yield store("refcount_set(&kvm->users_count, 1)", [kvm.users_count, 1], [kvm.type, type], [kvm.mm, mm]);
    yield enter("kvm_arch_init_vm", { kvm, type });
    const error = (yield* this.kvm_is_vm_type_supported(type)) ? 0 : -EINVAL;
    yield leave("kvm_arch_init_vm", error);
    if (error) {
      yield store("kvm_arch_free_vm(kvm)", [kvm.freed, 1]);
      return error;
    }
    return kvm;
  },

  /** KVM_X86_DEFAULT_VM, and KVM_X86_SW_PROTECTED_VM where that is configured and two-dimensional paging is on. */
  *kvm_is_vm_type_supported(type) {
    return (
      type === 0 || (type === 1 && this.config.softwareProtectedVms && this.get(this.system.tdp_mmu_enabled) !== 0)
    );
  },

  *kvm_get_kvm(kvm) {
    yield enter("kvm_get_kvm", { kvm });
    yield add(kvm.users_count, 1, "refcount_inc(&kvm->users_count)");
  },

  *kvm_put_kvm(kvm) {
    yield enter("kvm_put_kvm", { kvm });
    if ((yield add(kvm.users_count, -1, "refcount_dec_and_test(&kvm->users_count)")) > 0) return;
    yield* this.kvm_destroy_vm(kvm);
  },

  *kvm_vm_release(file) {
    yield enter("kvm_vm_release", { inode: this.inode(this.get(file.f_inode)), file });
    yield* this.kvm_put_kvm(this.kvm(this.get(file.private_data)));
  },

  *kvm_destroy_vm(kvm) {
    yield enter("kvm_destroy_vm", { kvm });
    yield enter("kvm_arch_destroy_vm", { kvm });
    // kvm_mmu_uninit_tdp_mmu: page tables are freed by RCU callbacks.
    if (this.get(this.system.tdp_mmu_enabled)) yield* this.rcu_barrier();
    for (let as_id = 0; as_id < KVM_MAX_NR_ADDRESS_SPACES; as_id++) {
      const slots = this.list(kvm.memslots)
        .map((pointer) => this.memslot(pointer))
        .filter((slot) => this.get(slot.as_id) === as_id);
      for (const slot of inHashOrder(slots, (s) => this.get(s.id))) yield* this.kvm_free_memslot(slot);
    }
    yield store("kvm_arch_free_vm(kvm)", [kvm.freed, 1]);
  },

  *kvm_free_memslot(slot) {
    if (this.get(slot.flags) & KVM_MEM_GUEST_MEMFD) yield* this.kvm_gmem_unbind(slot);
    yield store("kfree(slot)", [slot.freed, 1]);
  },

  /** The ioctl KVM_SET_USER_MEMORY_REGION2. */
  *kvm_vm_ioctl_set_memory_region(kvm, mem) {
    if ((mem.slot & 0xffff) >= KVM_USER_MEM_SLOTS) return -EINVAL;
    yield* this.mutex_lock(kvm.slots_lock, "&kvm->slots_lock");
    const error = yield* this.kvm_set_memory_region(kvm, mem);
    yield* this.mutex_unlock(kvm.slots_lock, "&kvm->slots_lock");
    return error;
  },

  *check_memory_region_flags(kvm, mem) {
    let valid_flags = KVM_MEM_LOG_DIRTY_PAGES;
    // Only a VM whose memory can be private: nothing else is bound to guest_memfd.
    if (this.config.guestMemfd && (yield* this.kvm_arch_has_private_mem(kvm))) valid_flags |= KVM_MEM_GUEST_MEMFD;
    return mem.flags & ~valid_flags ? -EINVAL : 0;
  },

  *kvm_arch_has_private_mem(kvm) {
    return this.get(kvm.type) !== 0;
  },

  /** System management mode has slots of its own, where the VM can have it. */
  *kvm_arch_nr_memslot_as_ids(kvm) {
    return (yield* this.kvm_arch_has_private_mem(kvm)) ? 1 : 2;
  },

  kvm_set_memory_region: probed(
    "kvm_set_memory_region",
    (kvm, mem) => ({
      kvm,
      slot: mem.slot,
      flags: mem.flags,
      gpa: mem.guest_phys_addr,
      size: mem.memory_size,
      gmem_offset: mem.guest_memfd_offset,
      gmem_fd: mem.guest_memfd,
    }),
    function* (kvm, mem) {
      if (yield* this.check_memory_region_flags(kvm, mem)) return -EINVAL;
      const as_id = mem.slot >>> 16;
      const id = mem.slot & 0xffff;
      const { memory_size: size, guest_phys_addr: gpa, guest_memfd_offset: offset } = mem;
      if (size % PAGE_SIZE !== 0 || gpa % PAGE_SIZE !== 0) return -EINVAL;
      if (
        mem.userspace_addr < 0 ||
        mem.userspace_addr % PAGE_SIZE !== 0 ||
        size < 0 ||
        mem.userspace_addr + size > TASK_SIZE
      )
        return -EINVAL;
      if (mem.flags & KVM_MEM_GUEST_MEMFD && (offset % PAGE_SIZE !== 0 || sumWraps(offset, size))) return -EINVAL;
      if (as_id >= (yield* this.kvm_arch_nr_memslot_as_ids(kvm)) || id >= KVM_MEM_SLOTS_NUM) return -EINVAL;
      if (sumWraps(gpa, size) || size / PAGE_SIZE > KVM_MEM_MAX_NR_PAGES) return -EINVAL;
      const slots = this.list(kvm.memslots)
        .map((pointer) => this.memslot(pointer))
        .filter((slot) => this.get(slot.as_id) === as_id);
      const old = slots.find((slot) => this.get(slot.id) === id);
      if (size === 0) {
        if (!old) return -EINVAL;
        return yield* this.kvm_set_memslot(kvm, old, null);
      }
      // A slot with private memory is never changed, only deleted; and what changes one is no part of this model.
      if (old) return -EINVAL;
      const base_gfn = gfnOf(gpa);
      const npages = size / PAGE_SIZE;
      for (const slot of slots)
        if (this.get(slot.base_gfn) < base_gfn + npages && base_gfn < this.get(slot.base_gfn) + this.get(slot.npages))
          return -EEXIST;
      const pointer = yield allocate("kvm_memory_slot", "kzalloc(sizeof(*new))");
      if (!pointer) return -ENOMEM;
      const slot = this.memslot(pointer);
      yield store(
        "new->as_id = as_id; new->id = id; new->base_gfn = base_gfn; new->npages = npages",
        [slot.kvm, kvm.pointer],
        [slot.as_id, as_id],
        [slot.id, id],
        [slot.base_gfn, base_gfn],
        [slot.npages, npages],
        [slot.flags, mem.flags],
        [slot.userspace_addr, mem.userspace_addr],
      );
      let error = 0;
      if (mem.flags & KVM_MEM_GUEST_MEMFD) error = yield* this.kvm_gmem_bind(kvm, slot, mem.guest_memfd, offset);
      if (!error) {
        error = yield* this.kvm_set_memslot(kvm, null, slot);
        if (!error) return 0;
        if (mem.flags & KVM_MEM_GUEST_MEMFD) yield* this.kvm_gmem_unbind(slot);
      }
      yield store("kfree(new)", [slot.freed, 1]);
      return error;
    },
  ),

  /** KVM_MR_CREATE, without an old slot, or KVM_MR_DELETE, without a new one. */
  *kvm_set_memslot(kvm, old, slot) {
    if (old) {
      if (yield allocation("kzalloc(sizeof(*invalid_slot))")) return -ENOMEM;
      // kvm_invalidate_memslot: no vCPU finds it from here on, and none that found it is still using it.
      yield* this.synchronize_srcu();
      yield* this.kvm_delete_memslot(kvm, old);
      // kvm_commit_memory_region
      yield* this.kvm_free_memslot(old);
    }
    if (slot) {
      const error = yield* this.kvm_arch_prepare_memory_region(kvm, slot);
      if (error) return error;
      yield* this.kvm_create_memslot(kvm, slot);
    }
    return 0;
  },

  *kvm_create_memslot(kvm, slot) {
    yield change("kvm_activate_memslot(kvm, NULL, new)", {
      type: "append",
      list: kvm.memslots,
      values: [slot.pointer],
    });
    yield* this.synchronize_srcu();
  },

  *kvm_delete_memslot(kvm, old) {
    yield change("kvm_replace_memslot(kvm, old, NULL)", {
      type: "drop",
      list: kvm.memslots,
      value: old.pointer,
      size: 1,
    });
  },

  *kvm_arch_prepare_memory_region(kvm, slot) {
    // kvm_mmu_max_gfn: nested paging cannot map what the machine has no address for.
    const bits = this.get(this.system.tdp_enabled) ? this.config.physicalAddressBits : 52;
    if (this.get(slot.base_gfn) + this.get(slot.npages) > 2 ** (bits - PAGE_SHIFT)) return -EINVAL;
    return yield* this.kvm_alloc_memslot_metadata(kvm, slot);
  },

  /** The x86 arrays of a slot: reverse maps for each size of page, lpage_info, and page tracking. */
  *kvm_alloc_memslot_metadata(_kvm, slot) {
    const gfn = this.get(slot.base_gfn);
    const npages = this.get(slot.npages);
    // Pages of a level that the slot has a part of.
    const lpages = (level: number): number =>
      Math.floor((gfn + npages - 1) / 512 ** level) - Math.floor(gfn / 512 ** level) + 1;
    if (!this.get(this.system.tdp_mmu_enabled)) {
      for (let level = 0; level < KVM_NR_PAGE_SIZES; level++)
        if (yield* this.__vmalloc(lpages(level) * 8, `slot->arch.rmap[${level}]`)) return -ENOMEM;
    }
    for (let level = 1; level < KVM_NR_PAGE_SIZES; level++)
      if (yield* this.__vmalloc(lpages(level) * 4, `slot->arch.lpage_info[${level - 1}]`)) return -ENOMEM;
    if (!this.get(this.system.tdp_enabled) && (yield* this.__vmalloc(npages * 2, "slot->arch.gfn_write_track")))
      return -ENOMEM;
    return 0;
  },

  /** No vCPU of this model is inside an SRCU read-side critical section across steps. */
  *synchronize_srcu() {},
} satisfies FunctionTable;

/**
 * An offset and a size whose sum does not fit in 64 bits. Both are 64-bit numbers that may be written as negative ones.
 */
function sumWraps(offset: number, size: number): boolean {
  if (offset >= 0 && size >= 0) return offset + size >= 2 ** 64;
  return BigInt.asUintN(64, BigInt(offset)) + BigInt.asUintN(64, BigInt(size)) > 0xffffffffffffffffn;
}

/** A guest page number of an address that may be written as a negative number. */
function gfnOf(gpa: number): number {
  if (gpa >= 0) return Math.floor(gpa / PAGE_SIZE);
  return Number(BigInt.asUintN(64, BigInt(gpa)) >> BigInt(PAGE_SHIFT));
}

/** kvm_free_memslots walks a hash table of 128 buckets; within a bucket, what was added last comes first. */
function inHashOrder(slots: readonly Memslot[], idOf: (slot: Memslot) => number): Memslot[] {
  const bucket = (slot: Memslot): number => Math.imul(idOf(slot), 0x61c88647) >>> 25;
  return slots.toReversed().sort((a, b) => bucket(a) - bucket(b));
}
