/**
 * fs/namei.c and fs/open.c: from a name to an open file. The only name here is the empty one, which stands for the file
 * of a descriptor (AT_EMPTY_PATH).
 */
import { add, unprobed, when } from "../../../simulate/step.js";
import {
  EACCES,
  EBADF,
  ENXIO,
  FMODE_OPENED,
  FOPS,
  MAY_EXEC,
  O_LARGEFILE,
  O_RDONLY,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_IXUGO,
} from "../../constants.js";
import type { FunctionTable, Kernel } from "../../kernel.js";
import type { Path } from "../../prototypes.js";
import type { File } from "../../../simulate/structs.js";

export const namei = {
  *path_get({ mnt, dentry }) {
    // A socket's path: neither count is kept here.
    if (!mnt || !dentry) return;
    yield* this.mntget(mnt);
    yield add(dentry.d_count, 1, "dget(path->dentry)");
  },

  /** An empty path is put as well, which a probe shows. */
  *path_put({ mnt, dentry }) {
    if (mnt && !dentry) return;
    yield* this.dput(dentry);
    yield* this.mntput(mnt);
  },

  /** The file is allocated before the name is looked up. */
  *path_openat(dfd, open_flag, acc_mode) {
    const file = yield* this.alloc_empty_file(open_flag);
    if (typeof file === "number") return file;
    const nd = yield* this.path_init(dfd);
    const error = typeof nd === "number" ? nd : yield* this.do_open(nd, file, acc_mode);
    // terminate_walk
    yield* this.path_put(typeof nd === "number" ? { mnt: null, dentry: null } : nd.path);
    if (!error) return file;
    yield* this.fput_close(file);
    return error;
  },

  /** Without a name there is nothing to walk under RCU: the path is held at once. */
  *path_init(dfd) {
    const held = yield* this.fdget(dfd);
    if (!held.file) return -EBADF;
    const path = pathOf(this, held.file);
    const inode = this.get(held.file.f_inode);
    yield* this.path_get(path);
    yield* this.fdput(held);
    return { path, inode: inode ? this.inode(inode) : null };
  },

  *do_open(nd, file, acc_mode) {
    return (yield* this.may_open(nd, acc_mode)) || (yield* this.vfs_open(nd.path, file));
  },

  *may_open({ path, inode }, acc_mode) {
    // The inode is on a file system outside the model, none of whose files in a scenario is a program.
    if (!inode) return -EACCES;
    switch (this.get(inode.i_mode) & S_IFMT) {
      case S_IFSOCK:
        if (acc_mode & MAY_EXEC) return -EACCES;
        break;
      case S_IFREG:
        if (acc_mode & MAY_EXEC && (yield* this.path_noexec(path))) return -EACCES;
        break;
    }
    return yield* this.inode_permission(inode, acc_mode);
  },

  /** Even with CAP_DAC_OVERRIDE, a file without any execute bit cannot be executed. */
  *inode_permission(inode, mask) {
    return mask & MAY_EXEC && !(this.get(inode.i_mode) & S_IXUGO) ? -EACCES : 0;
  },

  /**
   * A file that has nothing to do with KVM: a module, a file of /proc. Returns its descriptor, or an error. `flags`
   * are O_CLOEXEC or none.
   */
  *do_sys_open(flags) {
    const fd = yield* this.alloc_fd(0, flags);
    if (fd < 0) return fd;
    const file = yield* unprobed(this.alloc_empty_file(O_RDONLY | O_LARGEFILE));
    if (typeof file === "number") {
      yield* unprobed(this.put_unused_fd(fd));
      return file;
    }
    const files = this.files(this.get(this.current.files));
    yield when(
      undefined,
      "rcu_assign_pointer(fdt->fd[fd], file)",
      { cell: files.file_lock, is: "=", value: 0 },
      { type: "put", list: files.fd, index: fd, value: file.pointer },
      { type: "set", cell: file.f_mode, value: this.get(file.f_mode) | FMODE_OPENED },
    );
    return fd;
  },

  /** Anonymous inodes have `no_open_fops`: only the code that made the inode can open a file of it. */
  *vfs_open(path, _file) {
    yield* this.path_get(path);
    yield* this.path_put(path);
    return -ENXIO;
  },
} satisfies FunctionTable;

/** `file->f_path`. A socket's has the mount alone, and its references are not counted. */
export function pathOf(kernel: Kernel, file: File): Path {
  const isSocket = kernel.get(file.f_op) === FOPS.socket;
  const mnt = kernel.get(isSocket ? kernel.system.sock_mnt : file.f_mnt);
  const dentry = kernel.get(file.f_dentry);
  return { mnt: mnt ? kernel.mount(mnt) : null, dentry: dentry ? kernel.dentry(dentry) : null };
}
