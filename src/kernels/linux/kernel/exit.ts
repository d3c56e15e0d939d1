/** kernel/exit.c: the end of a task. */
import type { FunctionTable } from "../../kernel.js";

export const exiting = {
  /** Releases memory first, then descriptors, then runs the task work that this queued. */
  *do_exit() {
    yield* this.exit_mm();
    yield* this.exit_files();
    yield* this.task_work_run();
  },

  *exit_mm() {
    const mm = this.mm(this.get(this.current.mm));
    yield* this.mm_release();
    yield* this.mmput(mm);
  },
} satisfies FunctionTable;
