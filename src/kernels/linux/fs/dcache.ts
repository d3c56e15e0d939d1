/** fs/dcache.c: the names of files that no directory holds. */
import { add, allocate, enter, leave, store } from "../../../simulate/step.js";
import type { FunctionTable } from "../../kernel.js";

export const dcache = {
  *__d_alloc(sb, name) {
    const pointer = yield allocate("dentry", "kmem_cache_alloc_lru(dentry_cache)");
    if (!pointer) return null;
    const dentry = this.dentry(pointer);
    yield store(
      "dentry->d_lockref.count = 1",
      [dentry.d_count, 1],
      [dentry.d_sb, sb.pointer],
      [dentry.d_name, this.words.number(name)],
    );
    return dentry;
  },

  *d_alloc_pseudo(sb, name) {
    yield enter("d_alloc_pseudo", { sb });
    const dentry = yield* this.__d_alloc(sb, name);
    yield leave("d_alloc_pseudo", dentry);
    return dentry;
  },

  *d_instantiate(dentry, inode) {
    yield enter("d_instantiate", { dentry, inode });
    yield store("__d_set_inode_and_type(dentry, inode)", [dentry.d_inode, inode.pointer]);
  },

  /** The root of a file system; without one, its inode is given back. */
  *d_make_root(inode) {
    const dentry = yield* this.__d_alloc(this.superBlock(this.get(inode.i_sb)), "/");
    if (!dentry) {
      yield* this.iput(inode);
      return null;
    }
    yield store("__d_set_inode_and_type(dentry, inode)", [dentry.d_inode, inode.pointer]);
    return dentry;
  },

  *dput(dentry) {
    yield enter("dput", { dentry });
    if (!dentry) return;
    if ((yield add(dentry.d_count, -1, "lockref_put_return(&dentry->d_lockref)")) > 0) return;
    yield* this.__dentry_kill(dentry);
  },

  *__dentry_kill(dentry) {
    const inode = this.get(dentry.d_inode);
    if (inode) {
      // dentry_unlink_inode
      yield store("dentry->d_inode = NULL", [dentry.d_inode, 0]);
      yield* this.iput(this.inode(inode));
    }
    yield store("dentry_free(dentry)", [dentry.freed, 1]);
  },

  *shrink_dcache_for_umount(sb) {
    const root = this.get(sb.s_root);
    if (!root) return;
    yield store("sb->s_root = NULL", [sb.s_root, 0]);
    yield* this.dput(this.dentry(root));
  },
} satisfies FunctionTable;
