/** fs/inode.c: inodes from their allocation to the RCU callback that hands their memory back. */
import { add, allocation, allocate, enter, leave, reading, store } from "../../../simulate/step.js";
import { OFFSET } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const inode = {
  /** The inode of a superblock whose file system has no allocator of its own comes from inode_cache. */
  *alloc_inode(sb) {
    const inode = yield* this.superAllocInode(sb);
    if (!inode) return null;
    // inode_init_always
    yield store("inode_init_always(inode)", [inode.i_sb, sb.pointer], [inode.i_count, 1], [inode.i_nlink, 1]);
    if (this.config.inodeBlobs && (yield allocation("security_inode_alloc(inode)"))) {
      // It was not visible yet, so it is freed at once, without a grace period.
      yield* this.superDestroyInode(inode);
      yield* this.i_callback(inode);
      return null;
    }
    return inode;
  },

  /** The method `sb->s_op->alloc_inode`, or what stands in for it. */
  *superAllocInode(_sb) {
    const pointer = yield allocate("inode", "kmem_cache_alloc_lru(inode_cachep)");
    return pointer ? this.inode(pointer) : null;
  },

  /** The method `sb->s_op->destroy_inode`: none of these file systems has it. */
  *superDestroyInode(_inode) {},

  /** The method `sb->s_op->free_inode`, or `inode->free_inode` where it is missing. */
  *superFreeInode(inode) {
    yield* this.free_inode_nonrcu(inode);
  },

  *free_inode_nonrcu(inode) {
    yield store("kmem_cache_free(inode_cachep, inode)", [inode.freed, 1]);
  },

  *new_inode(sb) {
    yield enter("new_inode", { sb });
    const inode = yield* this.alloc_inode(sb);
    yield leave("new_inode", inode);
    return inode;
  },

  *get_next_ino() {
    return yield add(this.system.next_ino, 1, "get_next_ino()");
  },

  *ihold(inode) {
    yield enter("ihold", { inode, i_count: reading(inode.i_count) });
    yield add(inode.i_count, 1, "atomic_inc_return(&inode->i_count)");
  },

  *iput(inode) {
    yield enter("iput", {
      inode,
      i_count: reading(inode.i_count),
      i_nlink: reading(inode.i_nlink),
      sb: this.superBlock(this.get(inode.i_sb)),
    });
    if ((yield add(inode.i_count, -1, "atomic_dec_and_lock(&inode->i_count)")) > 0) return;
    // iput_final: an inode that no name leads to is not kept.
    yield* this.evict(inode);
  },

  *evict(inode) {
    yield enter("evict", { inode, nrpages: reading(inode.nrpages) });
    yield* this.truncate_inode_pages_final(inode);
    yield enter("clear_inode", { inode });
    yield* this.destroy_inode(inode);
  },

  *destroy_inode(inode) {
    yield enter("destroy_inode", { inode });
    yield enter("__destroy_inode", { inode });
    yield* this.superDestroyInode(inode);
    yield* this.call_rcu("i_callback", inode);
  },

  *i_callback(inode) {
    yield enter("i_callback", { head: { of: inode, offset: OFFSET.i_rcu } });
    yield* this.superFreeInode(inode);
  },
} satisfies FunctionTable;
