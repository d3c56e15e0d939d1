/** fs/anon_inodes.c: files on inodes that no file system shows. */
import { enter, leave, mayFail, store } from "../../../simulate/step.js";
import { ANON_INODE_FS_MAGIC, EACCES, ENOENT, ENOMEM, O_RDWR } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const anonInodes = {
  /** 6.12 does not yet forbid that its files are run. */
  *anon_inodefs_init_fs_context(fc) {
    return (yield* this.init_pseudo(fc, ANON_INODE_FS_MAGIC)) ? 0 : -ENOMEM;
  },

  *anon_inode_make_secure_inode(sb, name) {
    yield enter("anon_inode_make_secure_inode", { sb, name });
    const inode = yield* this.alloc_anon_inode(sb);
    if (typeof inode === "number") {
      yield leave("anon_inode_make_secure_inode", inode);
      return inode;
    }
    yield store("inode->i_flags &= ~S_PRIVATE", [inode.s_private, 0]);
    const error = yield* this.security_inode_init_security_anon(inode);
    if (error) {
      yield* this.iput(inode);
      yield leave("anon_inode_make_secure_inode", error);
      return error;
    }
    yield leave("anon_inode_make_secure_inode", inode);
    return inode;
  },

  *security_inode_init_security_anon(inode) {
    yield enter("security_inode_init_security_anon", { inode });
    const error = yield mayFail("security_inode_init_security_anon(inode)", -EACCES, -ENOMEM);
    yield leave("security_inode_init_security_anon", error);
    return error;
  },

  /** A file on the one inode that all anonymous files share. */
  *anon_inode_getfile(name, fops, priv, flags) {
    yield enter("anon_inode_getfile", { name, fops, priv, flags });
    const owner = yield* this.fopsOwner(fops);
    let file;
    if (!(yield* this.try_module_get(owner))) {
      file = -ENOENT;
    } else {
      const inode = this.inode(this.get(this.system.anon_inode_inode));
      yield* this.ihold(inode);
      file = yield* this.alloc_file_pseudo(inode, this.mount(this.get(this.system.anon_inode_mnt)), name, flags, fops);
      if (typeof file === "number") {
        yield* this.iput(inode);
        yield* this.module_put(owner);
      } else {
        yield store("file->private_data = priv", [file.private_data, priv.pointer]);
      }
    }
    yield leave("anon_inode_getfile", file);
    return file;
  },

  /** A file on an inode of its own, which security modules may label. */
  *anon_inode_create_getfile(name, fops, priv) {
    yield enter("anon_inode_create_getfile", { name, fops, priv });
    const file = yield* this.__anon_inode_getfile(name, fops, priv);
    yield leave("anon_inode_create_getfile", file);
    return file;
  },

  *__anon_inode_getfile(name, fops, priv) {
    const owner = yield* this.fopsOwner(fops);
    if (!(yield* this.try_module_get(owner))) return -ENOENT;
    const mnt = this.mount(this.get(this.system.anon_inode_mnt));
    const inode = yield* this.anon_inode_make_secure_inode(this.superBlock(this.get(mnt.mnt_sb)), name);
    if (typeof inode === "number") {
      yield* this.module_put(owner);
      return inode;
    }
    const file = yield* this.alloc_file_pseudo(inode, mnt, name, O_RDWR, fops);
    if (typeof file === "number") {
      yield* this.iput(inode);
      yield* this.module_put(owner);
      return file;
    }
    yield store("file->private_data = priv", [file.private_data, priv.pointer]);
    return file;
  },
} satisfies FunctionTable;
