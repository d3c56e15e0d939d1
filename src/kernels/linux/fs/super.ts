/** fs/super.c: superblocks that have no device. */
import { add, allocate, enter, mayFail, store } from "../../../simulate/step.js";
import { EMFILE, ENOMEM } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const superBlock = {
  /** A superblock of its own, held by the context until a mount has it (`vfs_get_super`, `sget_fc`). */
  *get_tree_nodev(fc) {
    const pointer = yield allocate("super_block", "kzalloc(struct super_block)");
    if (!pointer) return -ENOMEM;
    const sb = this.superBlock(pointer);
    const error = yield mayFail("get_anon_bdev(&sb->s_dev)", -EMFILE, -ENOMEM);
    if (error) {
      yield store("destroy_unused_super(sb)", [sb.freed, 1]);
      return error;
    }
    const dev = yield add(this.system.next_dev, 1, "get_anon_bdev(&sb->s_dev)");
    yield store(
      "sb->s_active = 1",
      [sb.s_active, 1],
      [sb.s_type, this.get(fc.fs_type)],
      [sb.s_iflags, this.get(fc.s_iflags)],
      [sb.s_dev, dev],
      [fc.root_sb, sb.pointer],
    );
    const filled = yield* this.pseudo_fs_fill_super(sb, fc);
    if (filled) {
      yield store("fc->root = NULL", [fc.root_sb, 0]);
      yield* this.deactivate_locked_super(sb);
      return filled;
    }
    yield add(this.dentry(this.get(sb.s_root)).d_count, 1, "fc->root = dget(sb->s_root)");
    return sb;
  },

  *deactivate_super(sb) {
    yield enter("deactivate_super", { sb });
    if ((yield add(sb.s_active, -1, "atomic_add_unless(&s->s_active, -1, 1)")) > 0) return;
    yield* this.kill_anon_super(sb);
  },

  *deactivate_locked_super(sb) {
    if ((yield add(sb.s_active, -1, "atomic_dec_and_test(&s->s_active)")) > 0) return;
    yield* this.kill_anon_super(sb);
  },

  *kill_anon_super(sb) {
    yield enter("kill_anon_super", { sb });
    yield enter("generic_shutdown_super", { sb });
    yield* this.shrink_dcache_for_umount(sb);
    yield store("free_anon_bdev(sb->s_dev)", [sb.s_dev, 0], [sb.freed, 1]);
  },
} satisfies FunctionTable;
