/** fs/file_table.c: open files. */
import { add, allocate, change, enter, leave, mayFail, store, storeList } from "../../../simulate/step.js";
import { ENFILE, ENOMEM, FMODE_OPENED, FOPS, O_ACCMODE } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { probed } from "../../probed.js";

const PERCPU_COUNTER_BATCH = 32;

export const fileTable = {
  alloc_empty_file: probed(
    "alloc_empty_file",
    (flags) => ({ flags }),
    function* (flags) {
      const files = this.get(this.system.nr_files);
      const max = this.get(this.system.files_stat_max_files);
      // percpu_counter_read_positive misses counts that CPUs still hold; only over the limit are they all summed up.
      if (this.get(this.system.nr_files_count) >= max && !this.get(this.current.cap_effective) && files >= max)
        return -ENFILE;
      const full = yield mayFail("get_nr_files() >= files_stat.max_files", -ENFILE);
      if (full) return full;
      const pointer = yield allocate("file", "kmem_cache_alloc(filp_cachep)");
      if (!pointer) return -ENOMEM;
      const file = this.file(pointer);
      yield* this.percpu_counter_add(1);
      yield store(
        "f->f_flags = flags; f->f_mode = OPEN_FMODE(flags); file_ref_init(&f->f_ref, 1)",
        [file.f_count, 1],
        [file.f_flags, flags],
        [file.f_mode, (flags + 1) & O_ACCMODE],
        [file.f_op, FOPS.other],
      );
      return file;
    },
  ),

  *alloc_file_pseudo(inode, mnt, name, flags, fops) {
    yield enter("alloc_file_pseudo", { inode, mnt, name, flags, fops });
    const dentry = yield* this.d_alloc_pseudo(this.superBlock(this.get(mnt.mnt_sb)), name);
    if (!dentry) {
      yield leave("alloc_file_pseudo", -ENOMEM);
      return -ENOMEM;
    }
    yield* this.mntget(mnt);
    yield* this.d_instantiate(dentry, inode);
    const file = yield* this.alloc_empty_file(flags);
    if (typeof file === "number") {
      // The dentry would take the caller's reference with it.
      yield* this.ihold(inode);
      yield* this.dput(dentry);
      yield* this.mntput(mnt);
      yield leave("alloc_file_pseudo", file);
      return file;
    }
    yield store(
      "file_init_path(file, path, fops)",
      [file.f_mode, this.get(file.f_mode) | FMODE_OPENED],
      [file.f_inode, inode.pointer],
      [file.f_dentry, dentry.pointer],
      [file.f_mnt, mnt.pointer],
      [file.f_op, fops],
    );
    yield leave("alloc_file_pseudo", file);
    return file;
  },

  *get_file(file) {
    yield add(file.f_count, 1, "file_ref_inc(&f->f_ref)");
  },

  /** The last reference of a task ends the file before that task returns to user space. */
  *fput(file) {
    yield enter("fput", { file });
    if ((yield add(file.f_count, -1, "file_ref_put(&file->f_ref)")) > 0) return;
    yield* this.__fput_deferred(file);
  },

  /** A file that was never opened has nothing to release, and is freed at once. */
  *__fput_deferred(file) {
    if (!(this.get(file.f_mode) & FMODE_OPENED)) return yield* this.file_free(file);
    yield change("task_work_add(current, &file->f_task_work, TWA_RESUME)", {
      type: "append",
      list: this.current.task_works,
      values: [file.pointer],
    });
  },

  /** 6.12 has fput alone. */
  *fput_close(file) {
    yield* this.fput(file);
  },

  /** close(2) ends the file itself. */
  *fput_close_sync(file) {
    if ((yield add(file.f_count, -1, "file_ref_put_close(&file->f_ref)")) > 0) return;
    yield* this.__fput(file);
  },

  /** kernel/task_work.c: work that was queued last runs first. */
  *task_work_run() {
    for (;;) {
      const works = this.list(this.current.task_works);
      if (works.length === 0) return;
      yield storeList(this.current.task_works, [], "xchg(&task->task_works, NULL)");
      for (let k = works.length - 1; k >= 0; k--) yield* this.__fput(this.file(works[k]!));
    }
  },

  *__fput(file) {
    const inode = this.get(file.f_inode);
    yield enter("__fput", { file, inode: inode ? this.inode(inode) : null });
    const fops = this.get(file.f_op);
    yield* this.fileRelease(file);
    // fops_put: from here on the module may be unloaded, although the file has not ended yet.
    const owner = yield* this.fopsOwner(fops);
    if (owner) yield* this.module_put(owner);
    const dentry = this.get(file.f_dentry);
    const mnt = this.get(file.f_mnt);
    if (dentry) yield* this.dput(this.dentry(dentry));
    if (mnt) yield* this.mntput(this.mount(mnt));
    yield* this.file_free(file);
  },

  *file_free(file) {
    yield* this.percpu_counter_add(-1);
    yield store("file_free(file)", [file.freed, 1]);
  },

  /** include/linux/percpu_counter.h, of nr_files: a CPU keeps its count to itself up to a batch. */
  *percpu_counter_add(amount) {
    const { nr_files, nr_files_count } = this.system;
    const files = yield add(
      nr_files,
      amount,
      amount > 0 ? "percpu_counter_inc(&nr_files)" : "percpu_counter_dec(&nr_files)",
    );
    if (Math.abs(files - this.get(nr_files_count)) >= PERCPU_COUNTER_BATCH)
      yield store("raw_spin_lock(&fbc->lock); fbc->count += count", [nr_files_count, files]);
  },

  /** The method `file->f_op->release`. */
  *fileRelease(file) {
    switch (this.get(file.f_op)) {
      case FOPS.kvm_vm:
        yield* this.kvm_vm_release(file);
        break;
      case FOPS.kvm_gmem:
        yield* this.kvm_gmem_release(this.inode(this.get(file.f_inode)), file);
        break;
      case FOPS.socket:
        yield* this.unix_release_sock(this.unixSock(this.get(file.private_data)));
        break;
    }
  },

  /** The field `fops->owner`: the module whose functions these are; none for built-in code. */
  *fopsOwner(fops) {
    const owner =
      fops === FOPS.kvm_gmem
        ? this.get(this.system.kvm_gmem_fops_owner)
        : fops === FOPS.kvm_vm || fops === FOPS.kvm_chardev
          ? this.get(this.system.kvm_chardev_owner)
          : 0;
    return owner ? this.module(owner) : null;
  },
} satisfies FunctionTable;
