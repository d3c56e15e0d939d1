/** fs/file.c: descriptors. */
import { add, addUnlessZero, change, create, enter, leave, mayFail, store, storeList, when } from "../../../simulate/step.js";
import { EBADF, EMFILE, ENOMEM } from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

export const descriptors = {
  *get_unused_fd_flags(flags) {
    yield enter("get_unused_fd_flags", { flags });
    const fd = yield* this.alloc_fd();
    yield leave("get_unused_fd_flags", fd);
    return fd;
  },

  /** The lowest descriptor that is free and below the limit. */
  *alloc_fd() {
    const refused = yield mayFail("alloc_fd(0, rlimit(RLIMIT_NOFILE), flags)", -EMFILE, -ENOMEM);
    if (refused) return refused;
    const files = this.files(this.get(this.current.files));
    const fd = yield when(undefined, "__set_open_fd(fd, fdt)", { cell: files.file_lock, is: "=", value: 0 }, { type: "claim", list: files.open_fds, value: 1, below: this.get(files.nofile) });
    return fd < 0 ? -EMFILE : fd;
  },

  *put_unused_fd(fd) {
    yield enter("put_unused_fd", { fd });
    yield* this.__put_unused_fd(fd);
  },

  *__put_unused_fd(fd) {
    const files = this.files(this.get(this.current.files));
    yield when(undefined, "__clear_open_fd(fd, fdt)", { cell: files.file_lock, is: "=", value: 0 }, { type: "put", list: files.open_fds, index: fd, value: 0 });
  },

  *fd_install(fd, file) {
    yield enter("fd_install", { fd, file });
    yield* this.__fd_install(fd, file);
  },

  *__fd_install(fd, file) {
    const files = this.files(this.get(this.current.files));
    yield when(undefined, "rcu_assign_pointer(fdt->fd[fd], file)", { cell: files.file_lock, is: "=", value: 0 }, { type: "put", list: files.fd, index: fd, value: file.pointer });
  },

  /** The file of a descriptor with a reference more; nothing where there is none, or where its last reference is gone. */
  *fget(fd) {
    for (;;) {
      const pointer = yield* this.files_lookup_fd(fd);
      if (!pointer) return null;
      const file = this.file(pointer);
      if ((yield addUnlessZero(file.f_count, 1, "get_file_rcu(&fdt->fd[fd])")) === 0) continue;
      if ((yield* this.files_lookup_fd(fd)) === pointer) return file;
      // Another has come to lie there meanwhile.
      yield* this.fput(file);
    }
  },

  *files_lookup_fd(fd) {
    return this.item(this.files(this.get(this.current.files)).fd, fd);
  },

  /** The file of a descriptor for the length of a system call: only where threads share the table does that take a reference. */
  *fdget(fd) {
    if (this.get(this.files(this.get(this.current.files)).count) > 1) {
      const file = yield* this.fget(fd);
      return { file, counted: file !== null };
    }
    const pointer = yield* this.files_lookup_fd(fd);
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
    if (!(yield* this.files_lookup_fd(fd))) return null;
    const files = this.files(this.get(this.current.files));
    const pointer = yield when(undefined, "rcu_assign_pointer(fdt->fd[fd], NULL)", { cell: files.file_lock, is: "=", value: 0 }, { type: "put", list: files.fd, index: fd, value: 0 });
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
    const copy = yield* this.alloc_fd();
    if (copy < 0) {
      yield* this.fput(file);
      return copy;
    }
    yield* this.fd_install(copy, file);
    return copy;
  },

  /** A copy of the current table for a new process: every file gains a reference. */
  *dup_fd() {
    const files = this.files(this.get(this.current.files));
    const copy = this.files(yield create("files_struct", "kmem_cache_alloc(files_cachep)"));
    yield store("newf->count = 1", [copy.count, 1], [copy.nofile, this.get(files.nofile)]);
    // Nothing is installed or closed while the files are counted.
    yield when(undefined, "spin_lock(&oldf->file_lock)", { cell: files.file_lock, is: "=", value: 0 }, { type: "set", cell: files.file_lock, value: 1 });
    const fds = this.list(files.fd);
    for (const pointer of fds) if (pointer) yield* this.get_file(this.file(pointer));
    const open = fds.map((pointer) => (pointer ? 1 : 0));
    yield change("spin_unlock(&oldf->file_lock)", { type: "list", list: copy.fd, value: fds }, { type: "list", list: copy.open_fds, value: open }, { type: "set", cell: files.file_lock, value: 0 });
    return copy;
  },

  *exit_files() {
    const files = this.files(this.get(this.current.files));
    if ((yield add(files.count, -1, "atomic_dec_and_test(&files->count)")) > 0) return;
    const fds = this.list(files.fd);
    yield storeList(files.fd, [], "close_files(files)");
    for (const pointer of fds) if (pointer) yield* this.filp_close(this.file(pointer));
  },

  *filp_close(file) {
    yield enter("filp_close", { file });
    yield* this.fput(file);
  },
} satisfies FunctionTable;
