/** fs/namespace.c: mounts that the kernel makes for itself. */
import { add, allocate, allocation, enter, leave, store } from "../../../simulate/step.js";
import { ENOMEM, MNT_INTERNAL, OFFSET } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const namespace = {
  *kern_mount(type) {
    yield enter("kern_mount", { type, name: this.words.word(this.get(type.name)) });
    const mnt = yield* this.vfs_kern_mount(type);
    if (typeof mnt !== "number") yield store("real_mount(mnt)->mnt_ns = MNT_NS_INTERNAL", [mnt.mnt_ns, 1]);
    yield leave("kern_mount", mnt);
    return mnt;
  },

  *vfs_kern_mount(type) {
    const pointer = yield allocate("fs_context", "kzalloc(struct fs_context)");
    if (!pointer) return -ENOMEM;
    const fc = this.structs.at("fs_context", pointer);
    yield store("fc->fs_type = get_filesystem(type)", [fc.fs_type, type.pointer]);
    let mnt = yield* this.initFsContext(fc);
    if (mnt === 0) mnt = yield allocation('vfs_parse_fs_string(fc, "source")');
    if (mnt !== 0) {
      yield* this.put_fs_context(fc);
      return mnt;
    }
    const mounted = yield* this.fc_mount(fc);
    yield* this.put_fs_context(fc);
    return mounted;
  },

  /** The method `fc->fs_type->init_fs_context`: only kernels that replace this mount anything. */
  *initFsContext(_fc) {
    return 0;
  },

  *fc_mount(fc) {
    const sb = yield* this.get_tree_nodev(fc);
    if (typeof sb === "number") return sb;
    return yield* this.vfs_create_mount(fc, sb);
  },

  *vfs_create_mount(fc, sb) {
    yield enter("vfs_create_mount", { fc });
    const pointer = yield allocate("vfsmount", "kmem_cache_zalloc(mnt_cache)");
    if (!pointer) {
      yield leave("vfs_create_mount", -ENOMEM);
      return -ENOMEM;
    }
    const mnt = this.mount(pointer);
    yield add(sb.s_active, 1, "atomic_inc(&fc->root->d_sb->s_active)");
    const root = this.dentry(this.get(sb.s_root));
    yield add(root.d_count, 1, "mnt->mnt.mnt_root = dget(fc->root)");
    yield store(
      "mnt->mnt_count = 1; mnt->mnt.mnt_flags = MNT_INTERNAL",
      [mnt.mnt_count, 1],
      [mnt.mnt_flags, MNT_INTERNAL],
      [mnt.mnt_sb, sb.pointer],
      [mnt.mnt_root, root.pointer],
    );
    yield leave("vfs_create_mount", mnt);
    return mnt;
  },

  /** Drops the context's references on the superblock: its root, and one active reference. */
  *put_fs_context(fc) {
    const pointer = this.get(fc.root_sb);
    if (pointer) {
      const sb = this.superBlock(pointer);
      yield* this.dput(this.dentry(this.get(sb.s_root)));
      yield* this.deactivate_super(sb);
    }
    yield store("kfree(fc)", [fc.freed, 1]);
  },

  *mntget(mnt) {
    yield enter("mntget", { mnt });
    yield add(mnt.mnt_count, 1, "mnt_add_count(mnt, 1)");
  },

  *mntput(mnt) {
    yield enter("mntput", { mnt });
    if (!mnt) return;
    yield* this.mntput_no_expire(mnt);
  },

  *mntput_no_expire(mnt) {
    if ((yield add(mnt.mnt_count, -1, "mnt_add_count(mnt, -1)")) > 0) return;
    yield* this.cleanup_mnt(mnt);
  },

  *cleanup_mnt(mnt) {
    yield* this.dput(this.dentry(this.get(mnt.mnt_root)));
    yield* this.deactivate_super(this.superBlock(this.get(mnt.mnt_sb)));
    yield* this.call_rcu("delayed_free_vfsmnt", mnt);
  },

  *delayed_free_vfsmnt(mnt) {
    yield enter("delayed_free_vfsmnt", { head: { of: mnt, offset: OFFSET.mnt_rcu } });
    yield store("free_vfsmnt(mnt)", [mnt.freed, 1]);
  },

  *kern_unmount(mnt) {
    yield enter("kern_unmount", { mnt });
    yield store("real_mount(mnt)->mnt_ns = NULL", [mnt.mnt_ns, 0]);
    yield* this.synchronize_rcu();
    yield* this.mntput_no_expire(mnt);
  },
} satisfies FunctionTable;
