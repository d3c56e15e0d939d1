/**
 * The custom inode as merged, and as in 7.2: a slab cache for the inodes beside the mount, and callbacks that free
 * them. Against the posting, the mount's failure is no warning, and unloading waits for the RCU callbacks.
 */
import { allocate, change, enter, leave, store } from "../../simulate/step.js";
import { ENOENT, ENOMEM, FOPS, MNT_NOEXEC, O_LARGEFILE, O_RDWR, S_IFREG, SUPER_OPERATIONS } from "../constants.js";
import type { FunctionTable } from "../kernel.js";
import { inode as vfsInode } from "../linux/fs/inode.js";
import { probed } from "../probed.js";
import { customInodeAsPosted } from "./custom-inode-posted.js";

/** `struct gmem_inode`, in bytes, as 7.2.12 was built by Debian for x86-64. */
const SIZEOF_GMEM_INODE = 600;

export const customInodeAsMerged = {
  // Unchanged since the posting.
  kvm_gmem_init_fs_context: customInodeAsPosted.kvm_gmem_init_fs_context,
  gmemFileSystem: customInodeAsPosted.gmemFileSystem,
  initFsContext: customInodeAsPosted.initFsContext,
  kvm_init: customInodeAsPosted.kvm_init,
  kvm_exit: customInodeAsPosted.kvm_exit,

  *kvm_gmem_alloc_inode(sb) {
    yield enter("kvm_gmem_alloc_inode", { sb });
    const pointer = yield allocate("inode", "alloc_inode_sb(sb, kvm_gmem_inode_cachep)");
    const inode = pointer ? this.inode(pointer) : null;
    yield leave("kvm_gmem_alloc_inode", inode);
    return inode;
  },

  *kvm_gmem_destroy_inode(inode) {
    yield enter("kvm_gmem_destroy_inode", { inode });
  },

  *kvm_gmem_free_inode(inode) {
    yield enter("kvm_gmem_free_inode", { inode });
    yield store("kmem_cache_free(kvm_gmem_inode_cachep, GMEM_I(inode))", [inode.freed, 1]);
  },

  /** `kvm_gmem_super_operations` has the three above; those of other file systems lack them. */
  *superAllocInode(sb) {
    return this.get(sb.s_op) === SUPER_OPERATIONS.kvm_gmem
      ? yield* this.kvm_gmem_alloc_inode(sb)
      : yield* vfsInode.superAllocInode.call(this, sb);
  },

  *superDestroyInode(inode) {
    if (this.get(this.superBlock(this.get(inode.i_sb)).s_op) === SUPER_OPERATIONS.kvm_gmem)
      yield* this.kvm_gmem_destroy_inode(inode);
  },

  *superFreeInode(inode) {
    if (this.get(this.superBlock(this.get(inode.i_sb)).s_op) === SUPER_OPERATIONS.kvm_gmem)
      yield* this.kvm_gmem_free_inode(inode);
    else yield* vfsInode.superFreeInode.call(this, inode);
  },

  *kvm_gmem_init_mount() {
    const mnt = yield* this.kern_mount(yield* this.gmemFileSystem("guest_memfd"));
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
      const cache = yield* this.kmem_cache_create("kvm_gmem_inode_cache", SIZEOF_GMEM_INODE);
      if (!cache) return -ENOMEM;
      yield store('kvm_gmem_inode_cachep = kmem_cache_create("kvm_gmem_inode_cache")', [
        this.system.kvm_gmem_inode_cachep,
        cache.pointer,
      ]);
      const ret = yield* this.kvm_gmem_init_mount();
      if (ret) yield* this.kmem_cache_destroy(cache);
      return ret;
    },
  ),

  *kvm_gmem_exit() {
    yield enter("kvm_gmem_exit", {});
    yield* this.kern_unmount(this.mount(this.get(this.system.kvm_gmem_mnt)));
    yield store("kvm_gmem_mnt = NULL", [this.system.kvm_gmem_mnt, 0]);
    yield* this.rcu_barrier();
    yield* this.kmem_cache_destroy(this.structs.at("kmem_cache", this.get(this.system.kvm_gmem_inode_cachep)));
  },

  *__kvm_gmem_create(kvm, size, flags) {
    const fd = yield* this.get_unused_fd_flags(0);
    if (fd < 0) return fd;
    const pointer = yield allocate("kvm_gmem", "kzalloc(sizeof(*gmem))");
    if (!pointer) {
      yield* this.put_unused_fd(fd);
      return -ENOMEM;
    }
    const f = this.gmem(pointer);
    const file = yield* this.createFile(f, size, flags);
    if (typeof file === "number") {
      yield store("kfree(f)", [f.freed, 1]);
      yield* this.put_unused_fd(fd);
      return file;
    }
    yield* this.kvm_get_kvm(kvm);
    yield change(
      "f->kvm = kvm; list_add(&f->entry, &GMEM_I(inode)->gmem_file_list)",
      { type: "set", cell: f.kvm, value: kvm.pointer },
      { type: "append", list: this.inode(this.get(file.f_inode)).i_private_list, values: [f.pointer] },
    );
    yield* this.fd_install(fd, file);
    return fd;
  },

  /** The part of __kvm_gmem_create from fops_get to `file->private_data = f`, and the unwinding of its errors. */
  *createFile(f, size, flags) {
    const owner = yield* this.fopsOwner(FOPS.kvm_gmem);
    if (!(yield* this.try_module_get(owner))) return -ENOENT;
    const mnt = this.mount(this.get(this.system.kvm_gmem_mnt));
    const inode = yield* this.anon_inode_make_secure_inode(this.superBlock(this.get(mnt.mnt_sb)), "[kvm-gmem]");
    if (typeof inode === "number") {
      yield* this.module_put(owner);
      return inode;
    }
    yield store(
      "inode->i_mode |= S_IFREG; inode->i_size = size; GMEM_I(inode)->flags = flags",
      [inode.i_mode, this.get(inode.i_mode) | S_IFREG],
      [inode.i_size, size],
      [inode.i_private, flags],
    );
    const file = yield* this.alloc_file_pseudo(inode, mnt, "[kvm-gmem]", O_RDWR, FOPS.kvm_gmem);
    if (typeof file === "number") {
      yield* this.iput(inode);
      yield* this.module_put(owner);
      return file;
    }
    yield store(
      "file->f_flags |= O_LARGEFILE; file->private_data = f",
      [file.f_flags, this.get(file.f_flags) | O_LARGEFILE],
      [file.private_data, f.pointer],
    );
    return file;
  },

  /** Renamed since the posting. */
  *kvm_gmem_invalidate_begin(gmem, start, end) {
    yield enter("kvm_gmem_invalidate_start", { gmem, start, end });
  },
} satisfies FunctionTable;
