/** The other changes between the releases, as far as a recording shows them. */
import { add, allocation, enter, leave, store } from "../../simulate/step.js";
import { ANON_INODE_FS_MAGIC, EEXIST, ENOMEM, SB_I_NODEV, SB_I_NOEXEC } from "../constants.js";
import type { FunctionTable } from "../kernel.js";
import { anonInodes } from "../linux/fs/anon_inodes.js";
import { guestMemfd } from "../linux/virt/guest_memfd.js";

/** 6.18: a reference expected to be the last is no longer dropped by fput, but ends the file the same way. */
export const fputClose = {
  *fput_close(file) {
    if ((yield add(file.f_count, -1, "file_ref_put_close(&filp->f_ref)")) > 0) return;
    yield* this.__fput_deferred(file);
  },
} satisfies FunctionTable;

/** 6.18: nothing on anonymous inodes may be run, or mapped to be. */
export const anonInodesNoexec = {
  *anon_inodefs_init_fs_context(fc) {
    if (!(yield* this.init_pseudo(fc, ANON_INODE_FS_MAGIC))) return -ENOMEM;
    yield store("fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV", [fc.s_iflags, SB_I_NOEXEC | SB_I_NODEV]);
    return 0;
  },
} satisfies FunctionTable;

/** 7.2: nor on any file system that is nowhere in the tree: sockets, pipes, guest_memfd. */
export const pseudoNoexec = {
  anon_inodefs_init_fs_context: anonInodes.anon_inodefs_init_fs_context,

  *init_pseudo(fc, magic) {
    yield enter("init_pseudo", { fc, magic });
    if (yield allocation("kzalloc(struct pseudo_fs_context)")) {
      yield leave("init_pseudo", null);
      return false;
    }
    yield store(
      "ctx->magic = magic; fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV",
      [fc.magic, magic],
      [fc.s_iflags, SB_I_NOEXEC | SB_I_NODEV],
    );
    yield leave("init_pseudo", fc);
    return true;
  },
} satisfies FunctionTable;

/** 6.18: offset and size are signed, and a sum that overflows is negative, so within every file. */
export const signedBindRange = {
  *bindFits(inode, offset, size) {
    return BigInt.asIntN(64, BigInt(offset) + BigInt(size)) <= BigInt(this.get(inode.i_size));
  },
} satisfies FunctionTable;

/** 7.2: the overflow is checked. */
export const checkedBindRange = {
  bindFits: guestMemfd.bindFits,
} satisfies FunctionTable;

/** 7.2: a range of guest_memfd that is bound already is in use, not an invalid argument. */
export const overlapExists = {
  *bindOverlap() {
    return -EEXIST;
  },
} satisfies FunctionTable;

/** 7.2: d_make_root goes through d_instantiate, and shrinking a dead tree puts its root without dput. */
export const dcache72 = {
  *d_make_root(inode) {
    const dentry = yield* this.__d_alloc(this.superBlock(this.get(inode.i_sb)), "/");
    if (!dentry) {
      yield* this.iput(inode);
      return null;
    }
    yield* this.d_instantiate(dentry, inode);
    return dentry;
  },

  *shrink_dcache_for_umount(sb) {
    const root = this.get(sb.s_root);
    if (!root) return;
    const dentry = this.dentry(root);
    if ((yield add(dentry.d_count, -1, "sb->s_root = NULL; lockref_put_return(&dentry->d_lockref)")) === 0)
      yield* this.__dentry_kill(dentry);
  },
} satisfies FunctionTable;

/**
 * 7.0: nearly every cache has sheaves of objects that kfree_rcu freed. Destroying it gives them back: it waits for RCU.
 */
export const sheaves = {
  *kvfree_rcu_barrier_on_cache(_s) {
    if (!this.config.slubDebug) yield* this.rcu_barrier();
  },
  *__kmem_cache_shutdown(_s) {
    if (!this.config.slubDebug) yield* this.rcu_barrier();
  },
} satisfies FunctionTable;

/** 7.2: a new program's descriptors are settled before its memory. */
export const closeOnExecFirst = {
  *begin_new_exec() {
    yield* this.unshare_files();
    yield* this.do_close_on_exec(this.files(this.get(this.current.files)));
    yield* this.exec_mmap();
  },
} satisfies FunctionTable;

/** A kernel without guest_memfd (CONFIG_KVM_PRIVATE_MEM=n): kvm_gmem_init and kvm_gmem_exit are stubs. */
export const withoutGuestMemfd = {
  *kvm_gmem_init(_module) {
    return 0;
  },
  *kvm_gmem_exit() {},
} satisfies FunctionTable;
