/** The program's operations that inspect files and modules, and those that set limits. */
import { EINVAL, ENOENT, FOPS } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import { add, store, type Op } from "../simulate/step.js";
import type { File, Inode } from "../simulate/structs.js";
import { closeFile, onFile, returning } from "./syscalls.js";
import type { Outcome } from "./user.js";

const RLIMIT_NOFILE_HARD = 4096;

/** fstat(2), fstatfs(2), and readlink(2) of the descriptor in /proc: any of them may find it closed. */
export function* stat(kernel: Kernel, fd: number, marker: string): Op<Outcome> {
  const { current } = kernel;
  let fields: string | undefined;
  yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      const inode = inodeOf(kernel, file);
      if (!inode) {
        fields = statFields(0, 0, 0, 0, 0);
        return 0;
      }
      const sb = kernel.get(inode.i_sb);
      fields = statFields(
        kernel.get(inode.i_mode),
        kernel.get(inode.i_size),
        0,
        sb ? kernel.get(kernel.superBlock(sb).s_dev) : 0,
        kernel.get(inode.i_ino),
      );
      return 0;
    }),
  );
  yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      const inode = inodeOf(kernel, file);
      const sb = inode ? kernel.get(inode.i_sb) : 0;
      yield store("fstatfs(2)", [current.statfs, sb ? yield* kernel.simple_statfs(kernel.superBlock(sb)) : 0]);
      return 0;
    }),
  );
  const link = yield* returning(kernel, readlink(kernel, fd));
  // If the descriptor is closed, the interpreter prints the contents of its stack: the marker, and an earlier result.
  const extra = `${fields ?? leftBehind(`op: ${marker}`)} f_type=${kernel.get(current.statfs).toString(16)} link=${link ?? ""}`;
  return { result: fields === undefined ? -ENOENT : 0, extra };
}

/** The inode; null for a file outside the model, which a descriptor that another thread closed may now be. */
function inodeOf(kernel: Kernel, file: File): Inode | null {
  const inode = kernel.get(file.f_inode);
  return inode ? kernel.inode(inode) : null;
}

/** fstatfs(2): which file system, and how it is mounted. */
export function* statfs(kernel: Kernel, fd: number): Op<Outcome> {
  const buf = yield* returning(kernel, kernel.fd_statfs(fd));
  if (typeof buf === "number") return { result: buf };
  return { result: 0, extra: ` f_type=${buf.f_type.toString(16)} f_flags=${buf.f_flags.toString(16)}` };
}

/** fcntl(F_GETFL): how the file was opened, which all of its descriptors share. */
export function* statusFlags(kernel: Kernel, fd: number): Op<Outcome> {
  const result = yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      return kernel.get(file.f_flags);
    }),
  );
  return result < 0 ? { result } : { result: 0, extra: ` flags=${result.toString(16)}` };
}

/**
 * The path that /proc has for a descriptor. It is looked up twice: to see that it is open, and for the path.
 */
export function* readlink(kernel: Kernel, fd: number): Op<string | undefined> {
  const there = yield* kernel.fget(fd);
  if (!there) return undefined;
  yield* kernel.fput(there);
  const file = yield* kernel.fget(fd);
  if (!file) return undefined;
  const path = kernel.get(file.f_mnt);
  if (!path) {
    const inode = inodeOf(kernel, file);
    const isSocket = kernel.get(file.f_op) === FOPS.socket;
    const name = inode && isSocket ? `socket:[${kernel.get(inode.i_ino)}]` : "/dev/kvm";
    yield* kernel.fput(file);
    return name;
  }
  const mnt = kernel.mount(path);
  const dentry = kernel.dentry(kernel.get(file.f_dentry));
  yield* kernel.mntget(mnt);
  yield add(dentry.d_count, 1, "path_get(&file->f_path)");
  yield* kernel.fput(file);
  const name = kernel.words.word(kernel.get(dentry.d_name));
  const anonymous =
    kernel.get(mnt.mnt_sb) === kernel.get(kernel.mount(kernel.get(kernel.system.anon_inode_mnt)).mnt_sb);
  yield* kernel.dput(dentry);
  yield* kernel.mntput(mnt);
  return anonymous ? `anon_inode:${name}` : `/${name} (deleted)`;
}

export function statFields(
  mode: number,
  size: number | bigint,
  blocks: number | bigint,
  dev: number | bigint,
  ino: number | bigint,
): string {
  return ` mode=${mode.toString(8)} size=${BigInt(size)} blocks=${blocks} dev=${dev.toString(16)} ino=${ino}`;
}

/** The fields of an uninitialised `struct stat` on a stack that holds these bytes. */
export function leftBehind(bytes: string): string {
  const stack = Buffer.alloc(144);
  stack.write(bytes);
  return statFields(
    stack.readUInt32LE(24),
    stack.readBigInt64LE(48),
    stack.readBigInt64LE(64),
    stack.readBigUInt64LE(0),
    stack.readBigUInt64LE(8),
  );
}

export function* refcnt(kernel: Kernel, name: string): Op<Outcome> {
  const fd = yield* kernel.do_sys_open(0);
  if (fd < 0) return { result: fd };
  const module = yield* kernel.find_module(name);
  const users = module ? kernel.get(module.refcnt) - 1 : undefined;
  yield* closeFile(kernel, fd);
  return users === undefined ? { result: -ENOENT } : { result: 0, extra: ` refcnt=${users}` };
}

export function* setNofile(kernel: Kernel, limit: number): Op<number> {
  if (limit < 0 || limit > RLIMIT_NOFILE_HARD) return -EINVAL;
  yield store("setrlimit(RLIMIT_NOFILE)", [kernel.signal(kernel.get(kernel.current.signal)).rlim_nofile, limit]);
  return 0;
}

export function* setFileMax(kernel: Kernel, text: string): Op<number> {
  const fd = yield* kernel.do_sys_open(0);
  if (fd < 0) return fd;
  const limit = sysctlNumber(text);
  if (limit !== undefined) yield store('write("/proc/sys/fs/file-max")', [kernel.system.files_stat_max_files, limit]);
  yield* closeFile(kernel, fd);
  return limit === undefined ? -EINVAL : 0;
}

/** proc_doulongvec_minmax: no sign, no unit, and no more than a signed long holds. */
export function sysctlNumber(text: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(text) || text.length > 21) return undefined;
  const number = BigInt(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text);
  return number < 2n ** 63n ? Number(number) : undefined;
}
