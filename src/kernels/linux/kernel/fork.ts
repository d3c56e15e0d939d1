/** kernel/fork.c: a new task, which shares or copies the files and the mm of its creator. */
import { add, create, store } from "../../../simulate/step.js";
import { CLONE_FILES, CLONE_THREAD, CLONE_VM } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import type { Cell } from "../../../simulate/memory.js";

export const forking = {
  *copy_process(flags) {
    const task = this.task(yield create("task_struct", "dup_task_struct(current)"));
    const { current } = this;
    const files = yield* this.copy_files(flags);
    const signal = yield* this.copy_signal(flags);
    const mm = yield* this.copy_mm(flags);
    const pid = yield add(this.system.last_pid, 1, "alloc_pid()");
    yield store(
      "copy_process()",
      [task.comm, this.get(current.comm)],
      [task.pid, pid],
      [task.files, files],
      [task.signal, signal],
      [task.mm, mm],
      [task.cap_effective, this.get(current.cap_effective)],
    );
    return task;
  },

  *copy_files(flags) {
    const pointer = this.get(this.current.files);
    if (!(flags & CLONE_FILES)) return (yield* this.dup_fd()).pointer;
    yield add(this.files(pointer).count, 1, "atomic_inc(&oldf->count)");
    return pointer;
  },

  *copy_signal(flags) {
    const pointer = this.get(this.current.signal);
    if (flags & CLONE_THREAD) return pointer;
    const copy = this.signal(yield create("signal_struct", "kmem_cache_zalloc(signal_cachep)"));
    yield store("memcpy(sig->rlim, current->signal->rlim)", [
      copy.rlim_nofile,
      this.get(this.signal(pointer).rlim_nofile),
    ]);
    return copy.pointer;
  },

  *copy_mm(flags) {
    const pointer = this.get(this.current.mm);
    if (!(flags & CLONE_VM)) return (yield* this.dup_mm()).pointer;
    yield add(this.mm(pointer).mm_users, 1, "mmget(oldmm)");
    return pointer;
  },

  /** Every mapping is copied, and holds its file; page tables of what is shared are filled anew. */
  *dup_mm() {
    const oldmm = this.mm(this.get(this.current.mm));
    const mm = this.mm(yield create("mm_struct", "allocate_mm()"));
    yield store(
      "memcpy(mm, oldmm)",
      [mm.mm_users, 1],
      [mm.total_vm, this.get(oldmm.total_vm)],
      [mm.mmap_low, this.get(oldmm.mmap_low)],
    );
    yield* this.mmap_write_lock(oldmm);
    for (const pointer of this.list(oldmm.mmap)) {
      const mpnt = this.vma(pointer);
      const vma = this.vma(yield create("vm_area_struct", "vm_area_dup(mpnt)"));
      const file = this.file(this.get(mpnt.vm_file));
      yield store(
        "vm_area_init_from(mpnt, vma)",
        [vma.vm_start, this.get(mpnt.vm_start)],
        [vma.vm_end, this.get(mpnt.vm_end)],
        [vma.vm_flags, this.get(mpnt.vm_flags)],
        [vma.vm_file, file.pointer],
        [vma.vm_pgoff, this.get(mpnt.vm_pgoff)],
      );
      yield* this.get_file(file);
      yield* this.vma_link(mm, vma);
    }
    yield* this.mmap_write_unlock(oldmm);
    return mm;
  },

  *mmput(mm) {
    if ((yield add(mm.mm_users, -1, "atomic_dec_and_test(&mm->mm_users)")) === 0) yield* this.exit_mmap(mm);
  },

  /** The task is done with its memory: a parent that waits for its vfork may go on, as may a thread that joins it. */
  *mm_release() {
    const { vfork_done, clear_child_tid } = this.current;
    yield store("complete_vfork_done(tsk)", [vfork_done, 1]);
    const tid = this.get(clear_child_tid) as Cell;
    if (tid) yield add(tid, -1, "do_futex(tsk->clear_child_tid, FUTEX_WAKE)");
  },

  /** unshare(2) of the table of descriptors. */
  *unshare_files() {
    const files = this.files(this.get(this.current.files));
    if (this.get(files.count) === 1) return;
    const copy = yield* this.dup_fd();
    yield store("task->files = copy", [this.current.files, copy.pointer]);
    yield* this.put_files_struct(files);
  },
} satisfies FunctionTable;
