/**
 * "KVM: guest_memfd: Use guest mem inodes instead of anonymous inodes", as posted in June 2025: guest_memfd mounts a
 * file system of its own, and its inodes come from there.
 */
import { create, enter, leave, store } from "../../simulate/step.js";
import {
  ENOENT,
  ENOMEM,
  FOPS,
  GUEST_MEMFD_MAGIC,
  MNT_NOEXEC,
  O_LARGEFILE,
  O_RDWR,
  SUPER_OPERATIONS,
} from "../constants.js";
import type { FunctionTable } from "../kernel.js";

export const customInodeAsPosted = {
  *super_operations(_fc) {
    return SUPER_OPERATIONS.kvm_gmem;
  },

  *init_fs_context(fc) {
    yield enter("kvm_gmem_init_fs_context", { fc });
    return (yield* this.init_pseudo(fc, GUEST_MEMFD_MAGIC)) ? 0 : -ENOMEM;
  },

  /** `static struct file_system_type kvm_gmem_fs`: wherever the module is loaded again, it lies where it lay. */
  *kvm_gmem_fs(name) {
    const known = this.get(this.system.kvm_gmem_fs);
    if (known) return this.structs.at("file_system_type", known);
    const type = this.structs.at(
      "file_system_type",
      yield create("file_system_type", "static struct file_system_type kvm_gmem_fs"),
    );
    yield store(`.name = "${name}"`, [type.name, this.words.number(name)], [this.system.kvm_gmem_fs, type.pointer]);
    return type;
  },

  *kvm_gmem_init_mount() {
    const mnt = yield* this.kern_mount(yield* this.kvm_gmem_fs("kvm_guest_memory"));
    if (typeof mnt === "number") return mnt;
    yield store(
      "kvm_gmem_mnt = kern_mount(&kvm_gmem_fs); kvm_gmem_mnt->mnt_flags |= MNT_NOEXEC",
      [this.system.kvm_gmem_mnt, mnt.pointer],
      [mnt.mnt_flags, this.get(mnt.mnt_flags) | MNT_NOEXEC],
    );
    return 0;
  },

  *kvm_gmem_init(module) {
    yield enter("kvm_gmem_init", { module });
    yield store("kvm_gmem_fops.owner = module", [this.system.kvm_gmem_fops_owner, module.pointer]);
    const error = yield* this.kvm_gmem_init_mount();
    yield leave("kvm_gmem_init", error);
    return error;
  },

  *kvm_gmem_exit() {
    yield enter("kvm_gmem_exit", {});
    yield* this.kern_unmount(this.mount(this.get(this.system.kvm_gmem_mnt)));
    yield store("kvm_gmem_mnt = NULL", [this.system.kvm_gmem_mnt, 0]);
  },

  /** Patch 1 of 2; merged under the name that the helper in fs/anon_inodes.c has. */
  *alloc_anon_secure_inode(sb, name) {
    yield enter("alloc_anon_secure_inode", { sb, name });
    const inode = yield* this.anon_inode_make_secure_inode(sb, name);
    yield leave("alloc_anon_secure_inode", inode);
    return inode;
  },

  *kvm_gmem_inode_make_secure_inode(name, size, flags) {
    yield enter("kvm_gmem_inode_make_secure_inode", { name, size, flags });
    const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
    const inode = yield* this.alloc_anon_secure_inode(this.superBlock(this.get(mnt.mnt_sb)), name);
    if (typeof inode !== "number") yield* this.kvm_gmem_setup_inode(inode, size, flags);
    yield leave("kvm_gmem_inode_make_secure_inode", inode);
    return inode;
  },

  *kvm_gmem_inode_create_getfile(priv, size, flags) {
    yield enter("kvm_gmem_inode_create_getfile", { priv, size, flags });
    const file = yield* this.__kvm_gmem_inode_create_getfile(priv, size, flags);
    yield leave("kvm_gmem_inode_create_getfile", file);
    return file;
  },

  *__kvm_gmem_inode_create_getfile(priv, size, flags) {
    const owner = yield* this.fops_owner(FOPS.kvm_gmem);
    if (!(yield* this.try_module_get(owner))) return -ENOENT;
    const inode = yield* this.kvm_gmem_inode_make_secure_inode("[kvm-gmem]", size, flags);
    if (typeof inode === "number") {
      yield* this.module_put(owner);
      return inode;
    }
    const file = yield* this.alloc_file_pseudo(
      inode,
      this.mount(this.get(this.system.kvm_gmem_mnt)),
      "[kvm-gmem]",
      O_RDWR,
      FOPS.kvm_gmem,
    );
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

  *kvm_gmem_getfile(gmem, size, flags) {
    return yield* this.kvm_gmem_inode_create_getfile(gmem, size, flags);
  },
} satisfies FunctionTable;
