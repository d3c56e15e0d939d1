/** fs/exec.c: a process becomes another program. */
import { create, store } from "../../../simulate/step.js";
import { MMAP_BASE } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const execution = {
  /**
   * What execve(2) takes from the old program once there is no way back to it; the caller is the process's only thread.
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
