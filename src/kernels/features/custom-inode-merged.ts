/**
 * The custom inode as merged, and as in 7.2: a slab cache for the inodes beside the mount, and callbacks that free
 * them. Against the posting, the mount's failure is no warning, and unloading waits for the RCU callbacks.
 */
import { allocate, enter, leave, store } from "../../simulate/step.js";
import { ENOENT, ENOMEM, FOPS, MNT_NOEXEC, O_LARGEFILE, O_RDWR, SUPER_OPERATIONS } from "../constants.js";
import type { FunctionTable } from "../kernel.js";
import { inode as vfsInode } from "../linux/fs/inode.js";
import { customInodeAsPosted } from "./custom-inode-posted.js";

/** `struct gmem_inode`, in bytes, as 7.2.12 was built by Debian for x86-64. */
const SIZEOF_GMEM_INODE = 600;

export const customInodeAsMerged = {
  super_operations: customInodeAsPosted.super_operations,
  init_fs_context: customInodeAsPosted.init_fs_context,
  kvm_gmem_fs: customInodeAsPosted.kvm_gmem_fs,

  *s_op_alloc_inode(sb) {
    if (this.get(sb.s_op) !== SUPER_OPERATIONS.kvm_gmem) return yield* vfsInode.s_op_alloc_inode.call(this, sb);
    yield enter("kvm_gmem_alloc_inode", { sb });
    const pointer = yield allocate("inode", "alloc_inode_sb(sb, kvm_gmem_inode_cachep)");
    const inode = pointer ? this.inode(pointer) : null;
    yield leave("kvm_gmem_alloc_inode", inode);
    return inode;
  },

  *s_op_destroy_inode(inode) {
    if (this.get(this.superBlock(this.get(inode.i_sb)).s_op) === SUPER_OPERATIONS.kvm_gmem)
      yield enter("kvm_gmem_destroy_inode", { inode });
  },

  *s_op_free_inode(inode) {
    if (this.get(this.superBlock(this.get(inode.i_sb)).s_op) !== SUPER_OPERATIONS.kvm_gmem)
      return yield* vfsInode.s_op_free_inode.call(this, inode);
    yield enter("kvm_gmem_free_inode", { inode });
    yield store("kmem_cache_free(kvm_gmem_inode_cachep, GMEM_I(inode))", [inode.freed, 1]);
  },

  *kvm_gmem_init_mount() {
    const mnt = yield* this.kern_mount(yield* this.kvm_gmem_fs("guest_memfd"));
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
    const cache = yield* this.kmem_cache_create("kvm_gmem_inode_cache", SIZEOF_GMEM_INODE);
    let error = -ENOMEM;
    if (cache) {
      yield store('kvm_gmem_inode_cachep = kmem_cache_create("kvm_gmem_inode_cache")', [
        this.system.kvm_gmem_inode_cachep,
        cache.pointer,
      ]);
      error = yield* this.kvm_gmem_init_mount();
      if (error) yield* this.kmem_cache_destroy(cache);
    }
    yield leave("kvm_gmem_init", error);
    return error;
  },

  *kvm_gmem_exit() {
    yield enter("kvm_gmem_exit", {});
    yield* this.kern_unmount(this.mount(this.get(this.system.kvm_gmem_mnt)));
    yield store("kvm_gmem_mnt = NULL", [this.system.kvm_gmem_mnt, 0]);
    yield* this.rcu_barrier();
    yield* this.kmem_cache_destroy(this.structs.at("kmem_cache", this.get(this.system.kvm_gmem_inode_cachep)));
  },

  *kvm_gmem_getfile(gmem, size, flags) {
    const owner = yield* this.fops_owner(FOPS.kvm_gmem);
    if (!(yield* this.try_module_get(owner))) return -ENOENT;
    const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
    const inode = yield* this.anon_inode_make_secure_inode(this.superBlock(this.get(mnt.mnt_sb)), "[kvm-gmem]");
    if (typeof inode === "number") {
      yield* this.module_put(owner);
      return inode;
    }
    yield* this.kvm_gmem_setup_inode(inode, size, flags);
    const file = yield* this.alloc_file_pseudo(inode, mnt, "[kvm-gmem]", O_RDWR, FOPS.kvm_gmem);
    if (typeof file === "number") {
      yield* this.iput(inode);
      yield* this.module_put(owner);
      return file;
    }
    yield store(
      "file->f_flags |= O_LARGEFILE; file->private_data = gmem",
      [file.f_flags, this.get(file.f_flags) | O_LARGEFILE],
      [file.private_data, gmem.pointer],
    );
    return file;
  },

  /** Renamed on the way. */
  *kvm_gmem_invalidate_begin(gmem, start, end) {
    yield enter("kvm_gmem_invalidate_start", { gmem, start, end });
  },
} satisfies FunctionTable;
