/** net/core/scm.c: files that travel in messages (SCM_RIGHTS). */
import { MSG_CTRUNC, O_CLOEXEC } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const scm = {
  /** The file of a descriptor with a reference for the message; nothing if there is none. */
  *scm_fp_copy(fd) {
    return fd < 0 ? null : yield* this.fget(fd);
  },

  /** Returns the descriptor, or MSG_CTRUNC if none was available; either way the message drops its file. */
  *scm_detach_fds(file) {
    const fd = yield* this.receive_fd(file, O_CLOEXEC);
    yield* this.scm_destroy(file);
    return fd < 0 ? { fd: -1, flags: MSG_CTRUNC } : { fd, flags: 0 };
  },

  *scm_destroy(file) {
    yield* this.fput(file);
  },

  /** fs/file.c: installs a file that came from elsewhere. Its get_unused_fd_flags is inlined, and no probe sees it. */
  *receive_fd(file, o_flags) {
    const fd = yield* this.alloc_fd(0, o_flags);
    if (fd < 0) return fd;
    yield* this.get_file(file);
    yield* this.fd_install(fd, file);
    return fd;
  },
} satisfies FunctionTable;
