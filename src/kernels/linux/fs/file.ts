/** fs/file.c: descriptors. */
import {
  add,
  addUnlessZero,
  change,
  create,
  enter,
  leave,
  mayFail,
  store,
  storeList,
  when,
} from "../../../simulate/step.js";
import {
  CLOSE_RANGE_CLOEXEC,
  CLOSE_RANGE_UNSHARE,
  EBADF,
  EBUSY,
  EINVAL,
  EMFILE,
  ENOMEM,
  FD_CLOEXEC,
  FD_OPEN,
  O_CLOEXEC,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import type { FdRange } from "../../prototypes.js";

/** Tables have room for so many descriptors, or for a multiple of it. */
const BITS_PER_LONG = 64;

export const descriptors = {
  *get_unused_fd_flags(flags) {
    yield enter("get_unused_fd_flags", { flags });
    const fd = yield* this.alloc_fd(0, flags);
    yield leave("get_unused_fd_flags", fd);
    return fd;
  },

  /** The lowest descriptor that is free, from `start` on and below the limit. */
  *alloc_fd(start, flags) {
    const refused = yield mayFail(`alloc_fd(${start}, rlimit(RLIMIT_NOFILE), flags)`, -EMFILE, -ENOMEM);
    if (refused) return refused;
    const files = this.files(this.get(this.current.files));
    const value = flags & O_CLOEXEC ? FD_OPEN | FD_CLOEXEC : FD_OPEN;
    const below = yield* this.rlimit();
    const unlocked = { cell: files.file_lock, is: "=", value: 0 } as const;
    const claim = { type: "claim", list: files.open_fds, value, from: start, below } as const;
    const fd = yield when(undefined, "__set_open_fd(fd, fdt, flags & O_CLOEXEC)", unlocked, claim);
    return fd < 0 ? -EMFILE : fd;
  },

  /** include/linux/sched/signal.h: of RLIMIT_NOFILE, the only limit here. */
  *rlimit() {
    return this.get(this.signal(this.get(this.current.signal)).rlim_nofile);
  },

  *put_unused_fd(fd) {
    yield enter("put_unused_fd", { fd });
    yield* this.__put_unused_fd(fd);
  },

  *__put_unused_fd(fd) {
    const files = this.files(this.get(this.current.files));
    yield when(
      undefined,
      "__clear_open_fd(fd, fdt)",
      { cell: files.file_lock, is: "=", value: 0 },
      { type: "put", list: files.open_fds, index: fd, value: 0 },
    );
  },

  *fd_install(fd, file) {
    yield enter("fd_install", { fd, file });
    const files = this.files(this.get(this.current.files));
    yield when(
      undefined,
      "rcu_assign_pointer(fdt->fd[fd], file)",
      { cell: files.file_lock, is: "=", value: 0 },
      { type: "put", list: files.fd, index: fd, value: file.pointer },
    );
  },

  /**
   * The file of a descriptor with a reference more; nothing if there is none, or if its last reference was dropped.
   */
  *fget(fd) {
    for (;;) {
      const pointer = yield* this.files_lookup_fd_raw(fd);
      if (!pointer) return null;
      const file = this.file(pointer);
      if ((yield addUnlessZero(file.f_count, 1, "get_file_rcu(&fdt->fd[fd])")) === 0) continue;
      if ((yield* this.files_lookup_fd_raw(fd)) === pointer) return file;
      // Another file was installed there meanwhile.
      yield* this.fput(file);
    }
  },

  *files_lookup_fd_raw(fd) {
    return this.item(this.files(this.get(this.current.files)).fd, fd);
  },

  /**
   * The file of a descriptor for the length of a system call: only where threads share the table does that take a
   * reference.
   */
  *fdget(fd) {
    if (this.get(this.files(this.get(this.current.files)).count) > 1) {
      const file = yield* this.fget(fd);
      return { file, counted: file !== null };
    }
    const pointer = yield* this.files_lookup_fd_raw(fd);
    return { file: pointer ? this.file(pointer) : null, counted: false };
  },

  *fdput(fd) {
    if (fd.file && fd.counted) yield* this.fput(fd.file);
  },

  /** The file that a pointer names, unless it is dying. */
  *get_file_active(cell) {
    const pointer = this.get(cell);
    if (!pointer) return null;
    const file = this.file(pointer);
    return (yield addUnlessZero(file.f_count, 1, "file_ref_get(&file->f_ref)")) > 0 ? file : null;
  },

  *file_close_fd(fd) {
    yield enter("file_close_fd", { fd });
    return yield* this.file_close_fd_locked(fd);
  },

  *file_close_fd_locked(fd) {
    if (!(yield* this.files_lookup_fd_raw(fd))) return null;
    const files = this.files(this.get(this.current.files));
    const pointer = yield when(
      undefined,
      "rcu_assign_pointer(fdt->fd[fd], NULL)",
      { cell: files.file_lock, is: "=", value: 0 },
      { type: "put", list: files.fd, index: fd, value: 0 },
    );
    // Another thread was first.
    if (!pointer) return null;
    yield* this.__put_unused_fd(fd);
    return this.file(pointer);
  },

  *close(fd) {
    const file = yield* this.file_close_fd(fd);
    if (!file) return -EBADF;
    yield* this.fput_close_sync(file);
    return 0;
  },

  *dup(fd) {
    const file = yield* this.fget(fd);
    if (!file) return -EBADF;
    const copy = yield* this.alloc_fd(0, 0);
    if (copy < 0) {
      yield* this.fput(file);
      return copy;
    }
    yield* this.fd_install(copy, file);
    return copy;
  },

  /** dup2(2) as `ksys_dup3` carries it out, and the case that it leaves to its caller: a descriptor is made itself. */
  *dup2(oldfd, newfd) {
    if (oldfd === newfd) return (yield* this.files_lookup_fd_raw(oldfd)) ? oldfd : -EBADF;
    if (newfd < 0 || newfd >= (yield* this.rlimit())) return -EBADF;
    const files = this.files(this.get(this.current.files));
    yield* this.spin_lock(files.file_lock, "&files->file_lock");
    const pointer = yield* this.files_lookup_fd_raw(oldfd);
    if (pointer) return yield* this.do_dup2(files, this.file(pointer), newfd);
    yield* this.spin_unlock(files.file_lock, "&files->file_lock");
    return -EBADF;
  },

  /** Called with the table locked, and unlocks it: the new file is installed before the old one is closed. */
  *do_dup2(files, file, fd) {
    const tofree = yield* this.files_lookup_fd_raw(fd);
    if (!tofree && this.item(files.open_fds, fd)) {
      // Another task is about to install a file there.
      yield* this.spin_unlock(files.file_lock, "&files->file_lock");
      return -EBUSY;
    }
    yield* this.get_file(file);
    yield change(
      "rcu_assign_pointer(fdt->fd[fd], file)",
      { type: "put", list: files.fd, index: fd, value: file.pointer },
      { type: "put", list: files.open_fds, index: fd, value: FD_OPEN },
    );
    yield* this.spin_unlock(files.file_lock, "&files->file_lock");
    if (tofree) yield* this.filp_close(this.file(tofree));
    return fd;
  },

  /** fcntl(F_DUPFD): the caller holds the file. */
  *f_dupfd(from, file) {
    if (from < 0 || from >= (yield* this.rlimit())) return -EINVAL;
    const fd = yield* this.alloc_fd(from, 0);
    if (fd < 0) return fd;
    yield* this.get_file(file);
    yield* this.fd_install(fd, file);
    return fd;
  },

  /** fcntl(F_SETFD): exec closes the descriptor from now on. */
  *set_close_on_exec(fd) {
    const files = this.files(this.get(this.current.files));
    const unlocked = { cell: files.file_lock, is: "=", value: 0 } as const;
    const flag = { type: "put", list: files.open_fds, index: fd, value: FD_OPEN | FD_CLOEXEC } as const;
    yield when(undefined, "__set_close_on_exec(fd, fdt, flag)", unlocked, flag);
  },

  /** close_range(2): the numbers are unsigned. */
  *close_range(fd, max_fd, flags) {
    if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || fd > max_fd) return -EINVAL;
    const shared = this.files(this.get(this.current.files));
    const unshares = (flags & CLOSE_RANGE_UNSHARE) !== 0 && this.get(shared.count) > 1;
    if (unshares) {
      // Descriptors to be closed need not be copied if the copy can end before them.
      const copy = yield* this.dup_fd(flags & CLOSE_RANGE_CLOEXEC ? undefined : { from: fd, to: max_fd });
      yield store("me->files = cur_fds", [this.current.files, copy.pointer]);
    }
    if (flags & CLOSE_RANGE_CLOEXEC) yield* this.__range_cloexec(fd, max_fd);
    else yield* this.__range_close(fd, max_fd);
    if (unshares) yield* this.put_files_struct(shared);
    return 0;
  },

  *__range_cloexec(fd, max_fd) {
    const files = this.files(this.get(this.current.files));
    yield* this.spin_lock(files.file_lock, "&files->file_lock");
    const flags = this.list(files.open_fds);
    const marked = flags.map((value, k) => (value && k >= fd && k <= max_fd ? FD_OPEN | FD_CLOEXEC : value));
    yield storeList(files.open_fds, marked, "bitmap_set(fdt->close_on_exec, fd, max_fd - fd + 1)");
    yield* this.spin_unlock(files.file_lock, "&files->file_lock");
  },

  *__range_close(fd, max_fd) {
    const files = this.files(this.get(this.current.files));
    // last_fd(fdt): descriptors installed meanwhile are closed too.
    const last = Math.min(max_fd, roomFor(this.list(files.fd).length) - 1);
    for (; fd <= last; fd++) {
      const file = yield* this.file_close_fd_locked(fd);
      if (file) yield* this.filp_close(file);
    }
  },

  /** A copy of the current table: every file gains a reference. It may lack `hole` if nothing is open after it. */
  *dup_fd(hole) {
    const files = this.files(this.get(this.current.files));
    const copy = this.files(yield create("files_struct", "kmem_cache_alloc(files_cachep)"));
    yield store("newf->count = 1", [copy.count, 1]);
    // Nothing is installed or closed while the files are counted.
    yield* this.spin_lock(files.file_lock, "&files->file_lock");
    const flags = this.list(files.open_fds);
    const fds = this.list(files.fd).slice(0, sane_fdtable_size(flags, hole));
    for (const pointer of fds) if (pointer) yield* this.get_file(this.file(pointer));
    const open = fds.map((pointer, fd) => (pointer ? flags[fd]! : 0));
    yield change(
      "memcpy(new_fds, old_fds)",
      { type: "list", list: copy.fd, value: fds },
      { type: "list", list: copy.open_fds, value: open },
    );
    yield* this.spin_unlock(files.file_lock, "&files->file_lock");
    return copy;
  },

  *exit_files() {
    yield* this.put_files_struct(this.files(this.get(this.current.files)));
  },

  *put_files_struct(files) {
    if ((yield add(files.count, -1, "atomic_dec_and_test(&files->count)")) > 0) return;
    const fds = this.list(files.fd);
    yield storeList(files.fd, [], "close_files(files)");
    for (const pointer of fds) if (pointer) yield* this.filp_close(this.file(pointer));
  },

  *do_close_on_exec(files) {
    const flags = this.list(files.open_fds);
    for (let fd = 0; fd < flags.length; fd++) {
      if (!(flags[fd]! & FD_CLOEXEC)) continue;
      const file = yield* this.file_close_fd_locked(fd);
      if (file) yield* this.filp_close(file);
    }
  },

  *filp_close(file) {
    yield enter("filp_close", { file });
    yield* this.fput_close(file);
  },
} satisfies FunctionTable;

/**
 * Returns the size of a table's copy, in descriptors: up to the last that is open outside the hole, in whole words.
 */
function sane_fdtable_size(open: readonly number[], hole: FdRange | undefined): number {
  const last = open.findLastIndex((flags) => flags !== 0);
  if (!hole || hole.to < last || hole.from > last) return roomFor(last + 1);
  return roomFor(open.findLastIndex((flags, fd) => flags !== 0 && fd < hole.from) + 1);
}

function roomFor(descriptors: number): number {
  return Math.max(BITS_PER_LONG, Math.ceil(descriptors / BITS_PER_LONG) * BITS_PER_LONG);
}
