/** fs/exec.c: a process becomes another program. */
import { create, store } from "../../../simulate/step.js";
import {
  EACCES,
  FMODE_EXEC,
  MAY_EXEC,
  MMAP_BASE,
  MNT_NOEXEC,
  O_LARGEFILE,
  O_RDONLY,
  SB_I_NOEXEC,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { pathOf } from "./namei.js";

export const execution = {
  /** execveat(2) with AT_EMPTY_PATH: the file of a descriptor, opened anew to be run. */
  *do_open_execat(fd) {
    const file = yield* this.path_openat(fd, O_LARGEFILE | O_RDONLY | FMODE_EXEC, MAY_EXEC);
    if (typeof file === "number") return file;
    if (!(yield* this.path_noexec(pathOf(this, file)))) return file;
    yield* this.fput(file);
    return -EACCES;
  },

  /** Nothing on a mount may be run, or mapped to be run, if the mount or its superblock says so. */
  *path_noexec({ mnt }) {
    if (!mnt) return false;
    return (
      (this.get(mnt.mnt_flags) & MNT_NOEXEC) !== 0 ||
      (this.get(this.superBlock(this.get(mnt.mnt_sb)).s_iflags) & SB_I_NOEXEC) !== 0
    );
  },

  /**
   * Takes the table, the mm and the close-on-exec descriptors from the old program, past the point of no return; the
   * caller is the process's only thread.
   */
  *begin_new_exec() {
    yield* this.unshare_files();
    yield* this.exec_mmap();
    yield* this.do_close_on_exec(this.files(this.get(this.current.files)));
  },

  *exec_mmap() {
    const old_mm = this.mm(this.get(this.current.mm));
    const mm = this.mm(yield create("mm_struct", "mm_alloc()"));
    yield store("mm->mm_users = 1", [mm.mm_users, 1], [mm.mmap_low, MMAP_BASE]);
    yield* this.mm_release();
    yield store("tsk->mm = mm", [this.current.mm, mm.pointer]);
    yield* this.mmput(old_mm);
  },
} satisfies FunctionTable;
