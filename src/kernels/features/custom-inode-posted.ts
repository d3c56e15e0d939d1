/**
 * "KVM: guest_memfd: Use guest mem inodes instead of anonymous inodes", as posted in June 2025: guest_memfd mounts a
 * file system of its own, and its inodes come from there. What follows is in the patch's order.
 */
import { allocate, allocation, change, create, enter, leave, mayFail, store } from "../../simulate/step.js";
import {
  EEXIST,
  ENOENT,
  ENOMEM,
  FOPS,
  GUEST_MEMFD_MAGIC,
  MNT_NOEXEC,
  O_LARGEFILE,
  O_RDWR,
  S_IFREG,
  SUPER_OPERATIONS,
} from "../constants.js";
import type { FunctionTable } from "../kernel.js";
import { probed } from "../probed.js";

export const customInodeAsPosted = {
  // virt/kvm/guest_memfd.c

  *kvm_gmem_init_fs_context(fc) {
    yield enter("kvm_gmem_init_fs_context", { fc });
    if (!(yield* this.init_pseudo(fc, GUEST_MEMFD_MAGIC))) return -ENOMEM;
    yield store("ctx->ops = &kvm_gmem_super_operations", [fc.ops, SUPER_OPERATIONS.kvm_gmem]);
    return 0;
  },

  /** `static struct file_system_type kvm_gmem_fs`: it keeps its address when the module is loaded again. */
  *gmemFileSystem(name) {
    const known = this.get(this.system.kvm_gmem_fs);
    if (known) return this.structs.at("file_system_type", known);
    const type = this.structs.at(
      "file_system_type",
      yield create("file_system_type", "static struct file_system_type kvm_gmem_fs"),
    );
    yield store(`.name = "${name}"`, [type.name, this.words.number(name)], [this.system.kvm_gmem_fs, type.pointer]);
    return type;
  },

  /** The method of kvm_gmem_fs, for the other file systems were mounted at boot. */
  *initFsContext(fc) {
    return yield* this.kvm_gmem_init_fs_context(fc);
  },

  *kvm_gmem_init_mount() {
    const mnt = yield* this.kern_mount(yield* this.gmemFileSystem("kvm_guest_memory"));
    if (typeof mnt === "number") return mnt;
    yield store(
      "kvm_gmem_mnt = kern_mount(&kvm_gmem_fs); kvm_gmem_mnt->mnt_flags |= MNT_NOEXEC",
      [this.system.kvm_gmem_mnt, mnt.pointer],
      [mnt.mnt_flags, this.get(mnt.mnt_flags) | MNT_NOEXEC],
    );
    return 0;
  },

  kvm_gmem_init: probed(
    "kvm_gmem_init",
    (module) => ({ module }),
    function* (module) {
      yield store("kvm_gmem_fops.owner = module", [this.system.kvm_gmem_fops_owner, module.pointer]);
      return yield* this.kvm_gmem_init_mount();
    },
  ),

  *kvm_gmem_exit() {
    yield enter("kvm_gmem_exit", {});
    yield* this.kern_unmount(this.mount(this.get(this.system.kvm_gmem_mnt)));
    yield store("kvm_gmem_mnt = NULL", [this.system.kvm_gmem_mnt, 0]);
  },

  kvm_gmem_inode_make_secure_inode: probed(
    "kvm_gmem_inode_make_secure_inode",
    (name, size, flags) => ({ name, size, flags }),
    function* (name, size, flags) {
      const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
      const inode = yield* this.alloc_anon_secure_inode(this.superBlock(this.get(mnt.mnt_sb)), name);
      if (typeof inode === "number") return inode;
      yield store(
        "inode->i_private = flags; inode->i_mode |= S_IFREG; inode->i_size = size",
        [inode.i_private, flags],
        [inode.i_mode, this.get(inode.i_mode) | S_IFREG],
        [inode.i_size, size],
      );
      return inode;
    },
  ),

  kvm_gmem_inode_create_getfile: probed(
    "kvm_gmem_inode_create_getfile",
    (priv, size, flags) => ({ priv, size, flags }),
    function* (priv, size, flags) {
      const owner = yield* this.fopsOwner(FOPS.kvm_gmem);
      if (!(yield* this.try_module_get(owner))) return -ENOENT;
      const inode = yield* this.kvm_gmem_inode_make_secure_inode("[kvm-gmem]", size, flags);
      if (typeof inode === "number") {
        yield* this.module_put(owner);
        return inode;
      }
      const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
      const file = yield* this.alloc_file_pseudo(inode, mnt, "[kvm-gmem]", O_RDWR, FOPS.kvm_gmem);
      if (typeof file === "number") {
        yield* this.iput(inode);
        yield* this.module_put(owner);
        return file;
      }
      yield store(
        "file->f_flags |= O_LARGEFILE; file->private_data = priv",
        [file.f_flags, this.get(file.f_flags) | O_LARGEFILE],
        [file.private_data, priv.pointer],
      );
      return file;
    },
  ),

  *__kvm_gmem_create(kvm, size, flags) {
    const fd = yield* this.get_unused_fd_flags(0);
    if (fd < 0) return fd;
    const pointer = yield allocate("kvm_gmem", "kzalloc(sizeof(*gmem))");
    if (!pointer) {
      yield* this.put_unused_fd(fd);
      return -ENOMEM;
    }
    const gmem = this.gmem(pointer);
    const file = yield* this.kvm_gmem_inode_create_getfile(gmem, size, flags);
    if (typeof file === "number") {
      yield store("kfree(gmem)", [gmem.freed, 1]);
      yield* this.put_unused_fd(fd);
      return file;
    }
    yield* this.kvm_get_kvm(kvm);
    yield change(
      "gmem->kvm = kvm; list_add(&gmem->entry, &file_inode(file)->i_mapping->i_private_list)",
      { type: "set", cell: gmem.kvm, value: kvm.pointer },
      { type: "append", list: this.inode(this.get(file.f_inode)).i_private_list, values: [gmem.pointer] },
    );
    yield* this.fd_install(fd, file);
    return fd;
  },

  // virt/kvm/kvm_main.c

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
      r = yield* this.kvm_gmem_init(module);
      // err_gmem
      if (r) return r;
      r = yield mayFail("kvm_init_virtualization()", -ENOMEM);
      if (!r) r = yield* this.misc_register(module);
      // err_virt
      if (r) yield* this.kvm_gmem_exit();
      return r;
    },
  ),

  *kvm_exit() {
    yield enter("kvm_exit", {});
    yield* this.misc_deregister();
    yield* this.kvm_gmem_exit();
  },

  // fs/anon_inodes.c: what patch 1 of 2 exports; merged under the name of the helper there.

  *alloc_anon_secure_inode(sb, name) {
    yield enter("alloc_anon_secure_inode", { sb, name });
    const inode = yield* this.anon_inode_make_secure_inode(sb, name);
    yield leave("alloc_anon_secure_inode", inode);
    return inode;
  },
} satisfies FunctionTable;
