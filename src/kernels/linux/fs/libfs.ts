/** fs/libfs.c: pseudo file systems, which are mounted nowhere in the tree. */
import { allocation, enter, leave, store } from "../../../simulate/step.js";
import { ENOMEM } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { S_IRUSR_S_IWUSR } from "./mode.js";

export const libfs = {
  *alloc_anon_inode(sb) {
    yield enter("alloc_anon_inode", { sb });
    const inode = yield* this.alloc_inode(sb);
    if (!inode) {
      yield leave("alloc_anon_inode", -ENOMEM);
      return -ENOMEM;
    }
    const ino = yield* this.get_next_ino();
    yield store(
      "inode->i_mode = S_IRUSR | S_IWUSR; i_flags |= S_PRIVATE",
      [inode.i_ino, ino],
      [inode.i_mode, S_IRUSR_S_IWUSR],
      [inode.s_private, 1],
    );
    yield leave("alloc_anon_inode", inode);
    return inode;
  },

  *init_pseudo(fc, magic) {
    yield enter("init_pseudo", { fc, magic });
    if (yield allocation("kzalloc(struct pseudo_fs_context)")) {
      yield leave("init_pseudo", null);
      return false;
    }
    yield store("ctx->magic = magic", [fc.magic, magic]);
    yield leave("init_pseudo", fc);
    return true;
  },

  *pseudo_fs_fill_super(sb, fc) {
    yield store(
      "s->s_magic = ctx->magic; s->s_op = ctx->ops",
      [sb.s_magic, this.get(fc.magic)],
      [sb.s_op, this.get(fc.ops)],
    );
    const root = yield* this.new_inode(sb);
    if (!root) return -ENOMEM;
    yield store("root->i_ino = 1", [root.i_ino, 1]);
    const dentry = yield* this.d_make_root(root);
    if (!dentry) return -ENOMEM;
    yield store("s->s_root = d_make_root(root)", [sb.s_root, dentry.pointer]);
    return 0;
  },

  *simple_statfs(sb) {
    return this.get(sb.s_magic);
  },
} satisfies FunctionTable;
