/** The program that carries a scenario out, on a simulated kernel: each operation is a system call or a few. */
import { errnoName } from "../check/errno.js";
import {
  EBADF,
  EFBIG,
  EINVAL,
  ENODEV,
  ENOENT,
  ENOTTY,
  EOPNOTSUPP,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FOPS,
  KVM_MEM_GUEST_MEMFD,
  MMAP_BASE,
  PAGE_SIZE,
} from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Line } from "../scenario/types.js";
import { add, change, create, enter, sleep, spawn, store, when, type Op } from "../simulate/step.js";
import type { File, Kvm, Struct } from "../simulate/structs.js";

export type User = Struct<"user">;

const RLIMIT_NOFILE_HARD = 4096;
const RCU_WAIT_MS = 300;
const SIGBUS = 7;

/** Modules that there is a file of, by the name under which it is loaded: the kernel's name for it, and whose code it uses. */
const MODULE_FILES: Readonly<Record<string, { readonly name: string; readonly needs: readonly string[] }>> = {
  irqbypass: { name: "irqbypass", needs: [] },
  kvm: { name: "kvm", needs: ["irqbypass"] },
  "kvm-amd": { name: "kvm_amd", needs: ["kvm"] },
};

/** What a line comes to: a result, and what is printed behind it. */
interface Outcome {
  readonly result: number;
  readonly extra?: string;
}

/** One line of a scenario, with the marks around it; nothing once a signal has ended the process. */
export function* carryOut(kernel: Kernel, user: User, line: Line): Op<void> {
  if (kernel.get(user.killed)) return;
  yield enter("tracing_mark_write", { text: `op: ${line.marker}` });
  const { result, extra } = yield* outcomeOf(kernel, user, line);
  if (kernel.get(user.killed)) return;
  const code = result < 0 ? `-1 ${errnoName(result)}` : String(result);
  yield enter("tracing_mark_write", { text: `ret: ${line.text} = ${code}${extra ?? ""}` });
}

function* outcomeOf(kernel: Kernel, user: User, line: Line): Op<Outcome> {
  const { operation: o } = line;
  switch (o.type) {
    case "load":
      return { result: yield* load(kernel, o.module, o.parameters) };
    case "unload":
      return { result: yield* kernel.delete_module(o.module) };
    case "vm":
      return { result: yield* assign(kernel, user, o.name, yield* createVm(kernel, o.vmType)) };
    case "gmem":
      return { result: yield* assign(kernel, user, o.name, yield* armed(kernel, line.fail, (k) => createGuestMemfd(k, variable(k, user, o.vm), o.size, o.flags))) };
    case "bind": {
      const gmem = variable(kernel, user, o.gmem);
      const region = { slot: o.slot >>> 0, flags: KVM_MEM_GUEST_MEMFD, guest_phys_addr: o.gpa, memory_size: o.size, userspace_addr: yield* mapMemory(kernel, user, o.size), guest_memfd_offset: o.offset, guest_memfd: gmem };
      return { result: yield* armed(kernel, line.fail, (k) => setMemoryRegion(k, variable(k, user, o.vm), region)) };
    }
    case "unbind": {
      const region = { slot: o.slot >>> 0, flags: 0, guest_phys_addr: 0, memory_size: 0, userspace_addr: 0, guest_memfd_offset: 0, guest_memfd: 0 };
      return { result: yield* armed(kernel, line.fail, (k) => setMemoryRegion(k, variable(k, user, o.vm), region)) };
    }
    case "dup":
      return { result: yield* assign(kernel, user, o.name, yield* returning(kernel, kernel.dup(variable(kernel, user, o.of)))) };
    case "close":
      return { result: yield* kernel.close(variable(kernel, user, o.of)) };
    case "allocate":
      return { result: yield* returning(kernel, fallocate(kernel, variable(kernel, user, o.of), FALLOC_FL_KEEP_SIZE, o.offset, o.length)) };
    case "punch":
      return { result: yield* returning(kernel, fallocate(kernel, variable(kernel, user, o.of), FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, o.offset, o.length)) };
    case "touch":
      return { result: yield* touch(kernel, user, variable(kernel, user, o.of), o.offset, o.length) };
    case "truncate":
      return { result: yield* returning(kernel, ftruncate(kernel, variable(kernel, user, o.of), o.size)) };
    case "write":
      return { result: yield* returning(kernel, onFile(kernel, variable(kernel, user, o.of), notWritable)) };
    case "stat":
      return yield* stat(kernel, variable(kernel, user, o.of), line.marker);
    case "refcnt":
      return yield* refcnt(kernel, o.module);
    case "nofile":
      return { result: yield* setNofile(kernel, o.limit) };
    case "filemax":
      return { result: yield* setFileMax(kernel, o.text) };
    case "dropcaps":
      yield store("capset(2)", [kernel.current.cap_effective, 0]);
      return { result: 0 };
    case "raisecaps":
      yield store("capset(2)", [kernel.current.cap_effective, 1]);
      return { result: 0 };
    case "fork":
      return { result: yield* fork(kernel, user, o.ms) };
    case "wait":
      yield when(undefined, "wait(2)", { cell: user.children, is: "=", value: 0 });
      return { result: 0 };
    case "sleep":
      yield sleep(o.ms, "usleep(3)");
      return { result: 0 };
    case "rcu":
      yield sleep(RCU_WAIT_MS, "usleep(3)");
      return { result: 0 };
    case "go":
      yield* go(kernel, user, line);
      return { result: 0 };
    case "repeat":
      return { result: 0 };
  }
}

// Variables.

/** The descriptor that a name stands for, or -1. */
function variable(kernel: Kernel, user: User, name: string): number {
  const variables = kernel.list(user.variables);
  const number = kernel.words.number(name);
  for (let k = 0; k < variables.length; k += 2) if (variables[k] === number) return variables[k + 1]!;
  return -1;
}

function* assign(kernel: Kernel, user: User, name: string, fd: number): Op<number> {
  if (fd < 0) return fd;
  const number = kernel.words.number(name);
  yield change(`${name} = ${fd}`, { type: "drop", list: user.variables, value: number, size: 2 }, { type: "append", list: user.variables, values: [number, fd] });
  return fd;
}

// System calls.

/** A system call that may leave work to be done before it returns to user space. */
function* returning<R>(kernel: Kernel, call: Op<R>): Op<R> {
  const result = yield* call;
  yield* kernel.task_work_run();
  return result;
}

/** A system call with `/proc/thread-self/fail-nth` armed, for which a descriptor is open meanwhile. */
function* armed(kernel: Kernel, fail: number | undefined, call: (kernel: Kernel) => Op<number>): Op<number> {
  if (fail === undefined) return yield* returning(kernel, call(kernel));
  const fd = yield* openFile(kernel);
  if (fd >= 0) yield store("write(\"/proc/thread-self/fail-nth\")", [kernel.current.fail_nth, fail]);
  const result = yield* returning(kernel, call(kernel));
  yield store("write(\"/proc/thread-self/fail-nth\")", [kernel.current.fail_nth, 0]);
  if (fd >= 0) yield* closeFile(kernel, fd);
  return result;
}

/** A system call on the file of a descriptor, which it keeps meanwhile. */
function* onFile(kernel: Kernel, fd: number, call: (file: File) => Op<number>): Op<number> {
  const held = yield* kernel.fdget(fd);
  if (!held.file) return -EBADF;
  const result = yield* call(held.file);
  yield* kernel.fdput(held);
  return result;
}

/** A file that has nothing to do with KVM. */
function* openFile(kernel: Kernel): Op<number> {
  const fd = yield* kernel.alloc_fd();
  if (fd < 0) return fd;
  const file = yield* kernel.__alloc_file();
  if (typeof file === "number") {
    yield* kernel.__put_unused_fd(fd);
    return file;
  }
  yield* kernel.__fd_install(fd, file);
  return fd;
}

function* closeFile(kernel: Kernel, fd: number): Op<void> {
  const file = yield* kernel.file_close_fd_locked(fd);
  if (!file) return;
  // Another thread may have closed it, and something else have come to lie there.
  if (kernel.get(file.f_op) !== FOPS.other) yield* kernel.fput_close_sync(file);
  else if ((yield add(file.f_count, -1, "file_ref_put_close(&file->f_ref)")) === 0) yield* kernel.file_free(file);
}

function* load(kernel: Kernel, module: string, parameters: string): Op<number> {
  const fd = yield* openFile(kernel);
  if (fd < 0) return fd;
  const known = Object.hasOwn(MODULE_FILES, module) ? MODULE_FILES[module] : undefined;
  const result = known ? yield* kernel.finit_module(known.name, known.needs, parameters) : -ENOENT;
  yield* closeFile(kernel, fd);
  return result;
}

function* createVm(kernel: Kernel, type: number): Op<number> {
  const device = yield* openKvm(kernel);
  if (device < 0) return device;
  const result = yield* returning(
    kernel,
    onFile(kernel, device, function* (file) {
      return kernel.get(file.f_op) === FOPS.kvm_chardev ? yield* kernel.kvm_dev_ioctl_create_vm(type) : -ENOTTY;
    }),
  );
  yield* kernel.close(device);
  return result;
}

/** open("/dev/kvm"): the file pins the module that registered the device. */
function* openKvm(kernel: Kernel): Op<number> {
  const flags = 0x88002;
  const fd = yield* kernel.get_unused_fd_flags(flags);
  if (fd < 0) return fd;
  const file = yield* kernel.alloc_empty_file(0x8002);
  if (typeof file === "number") {
    yield* kernel.put_unused_fd(fd);
    return file;
  }
  const owner = kernel.get(kernel.system.kvm_dev_owner);
  const module = owner ? kernel.module(owner) : null;
  // Without a module the node is gone; with one that is going, misc_open finds no functions to call.
  if (!module || !(yield* kernel.try_module_get(module))) {
    yield* kernel.file_free(file);
    yield* kernel.put_unused_fd(fd);
    return module ? -ENODEV : -ENOENT;
  }
  yield store("replace_fops(file, kvm_dev.fops)", [file.f_op, FOPS.kvm_chardev], [file.f_inode, kernel.get(kernel.system.kvm_dev_inode)]);
  yield* kernel.fd_install(fd, file);
  return fd;
}

/** An ioctl of a VM. */
function* onVm(kernel: Kernel, fd: number, call: (kvm: Kvm) => Op<number>): Op<number> {
  return yield* onFile(kernel, fd, function* (file) {
    const fops = kernel.get(file.f_op);
    if (fops === FOPS.kvm_vm) return yield* call(kernel.kvm(kernel.get(file.private_data)));
    // kvm_arch_dev_ioctl has no such ioctl either, but says so in its own way.
    return fops === FOPS.kvm_chardev ? -EINVAL : -ENOTTY;
  });
}

function* createGuestMemfd(kernel: Kernel, fd: number, size: number, flags: number): Op<number> {
  return yield* onVm(kernel, fd, function* (kvm) {
    return kernel.config.guestMemfd ? yield* kernel.kvm_gmem_create(kvm, size, flags) : -ENOTTY;
  });
}

function* setMemoryRegion(kernel: Kernel, fd: number, region: Parameters<Kernel["kvm_set_memory_region"]>[1]): Op<number> {
  return yield* onVm(kernel, fd, (kvm) => kernel.kvm_vm_ioctl_set_memory_region(kvm, region));
}

/** mmap(2) of anonymous memory: its address, or -1. */
function* mapMemory(kernel: Kernel, user: User, size: number): Op<number> {
  const pages = Math.ceil(size / PAGE_SIZE);
  if (size <= 0 || pages * PAGE_SIZE > MMAP_BASE - kernel.get(user.mapped)) return -1;
  return MMAP_BASE - (yield add(user.mapped, pages * PAGE_SIZE, "mmap(2)"));
}

function* fallocate(kernel: Kernel, fd: number, mode: number, offset: number, len: number): Op<number> {
  return yield* onFile(kernel, fd, function* (file) {
    if (offset < 0 || len <= 0) return -EINVAL;
    const fops = kernel.get(file.f_op);
    if (fops !== FOPS.kvm_gmem) return fops === FOPS.other ? -EOPNOTSUPP : -ENODEV;
    if (offset + len >= 2 ** 63) return -EFBIG;
    return yield* kernel.kvm_gmem_fallocate(file, mode, offset, len);
  });
}

/** mmap(MAP_SHARED), a byte written to each page, munmap. A page that is not there ends the process. */
function* touch(kernel: Kernel, user: User, fd: number, offset: number, length: number): Op<number> {
  if (offset % PAGE_SIZE !== 0) return -EINVAL;
  const file = yield* kernel.fget(fd);
  if (!file) return -EBADF;
  const error = yield* kernel.do_mmap(file, length, offset, user.mapped);
  yield* kernel.fput(file);
  yield* kernel.task_work_run();
  if (error) return error;
  for (let page = 0; page < Math.ceil(length / PAGE_SIZE); page++) {
    const index = offset / PAGE_SIZE + page;
    if (!(yield* kernel.kvm_gmem_fault_user_mapping(file, index))) yield store("force_sig_fault(SIGBUS)", [user.killed, SIGBUS]);
    if (kernel.get(user.killed)) {
      // Its memory stays mapped until the process is gone.
      yield change("do_group_exit(SIGBUS)", { type: "append", list: user.mappings, values: [file.pointer] });
      return 0;
    }
    yield* kernel.fault_dirty_shared_page(file, kernel.inode(kernel.get(file.f_inode)), index);
  }
  yield* kernel.vm_munmap(file, length, user.mapped);
  yield* kernel.task_work_run();
  return 0;
}

function* ftruncate(kernel: Kernel, fd: number, size: number): Op<number> {
  if (size < 0) return -EINVAL;
  return yield* onFile(kernel, fd, function* (file) {
    return kernel.get(file.f_op) === FOPS.kvm_gmem ? yield* kernel.kvm_gmem_setattr() : -EINVAL;
  });
}

/** fstat(2), fstatfs(2), and readlink(2) of the descriptor in /proc: any of them may find it closed. */
function* stat(kernel: Kernel, fd: number, marker: string): Op<Outcome> {
  const { current } = kernel;
  let fields: string | undefined;
  yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      const inode = kernel.inode(kernel.get(file.f_inode));
      const sb = kernel.get(inode.i_sb);
      fields = statFields(kernel.get(inode.i_mode), kernel.get(inode.i_size), 0, sb ? kernel.get(kernel.superBlock(sb).s_dev) : 0, kernel.get(inode.i_ino));
      return 0;
    }),
  );
  yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      const sb = kernel.get(kernel.inode(kernel.get(file.f_inode)).i_sb);
      yield store("fstatfs(2)", [current.statfs, sb ? yield* kernel.simple_statfs(kernel.superBlock(sb)) : 0]);
      return 0;
    }),
  );
  const link = yield* returning(kernel, readlink(kernel, fd));
  // What the interpreter prints of a descriptor that is closed is what lies on its stack: the marker, and an earlier result.
  const extra = `${fields ?? leftBehind(`op: ${marker}`)} f_type=${kernel.get(current.statfs).toString(16)} link=${link ?? ""}`;
  return { result: fields === undefined ? -ENOENT : 0, extra };
}

/** The path that /proc has for a descriptor. It is looked up once to see that it is there, and once for where it leads. */
function* readlink(kernel: Kernel, fd: number): Op<string | undefined> {
  const there = yield* kernel.fget(fd);
  if (!there) return undefined;
  yield* kernel.fput(there);
  const file = yield* kernel.fget(fd);
  if (!file) return undefined;
  const path = kernel.get(file.f_mnt);
  if (!path) {
    yield* kernel.fput(file);
    return "/dev/kvm";
  }
  const mnt = kernel.mount(path);
  const dentry = kernel.dentry(kernel.get(file.f_dentry));
  yield* kernel.mntget(mnt);
  yield add(dentry.d_count, 1, "path_get(&file->f_path)");
  yield* kernel.fput(file);
  const name = kernel.words.word(kernel.get(dentry.d_name));
  const anonymous = kernel.get(mnt.mnt_sb) === kernel.get(kernel.mount(kernel.get(kernel.system.anon_inode_mnt)).mnt_sb);
  yield* kernel.dput(dentry);
  yield* kernel.mntput(mnt);
  return anonymous ? `anon_inode:${name}` : `/${name} (deleted)`;
}

function statFields(mode: number, size: number | bigint, blocks: number | bigint, dev: number | bigint, ino: number | bigint): string {
  return ` mode=${mode.toString(8)} size=${BigInt(size)} blocks=${blocks} dev=${dev.toString(16)} ino=${ino}`;
}

/** A `struct stat` that lies where these bytes lie. */
function leftBehind(bytes: string): string {
  const stack = Buffer.alloc(144);
  stack.write(bytes);
  return statFields(stack.readUInt32LE(24), stack.readBigInt64LE(48), stack.readBigInt64LE(64), stack.readBigUInt64LE(0), stack.readBigUInt64LE(8));
}

/** write(2): no file of KVM has it. */
function* notWritable(_file: File): Op<number> {
  return -EINVAL;
}

function* refcnt(kernel: Kernel, name: string): Op<Outcome> {
  const fd = yield* openFile(kernel);
  if (fd < 0) return { result: fd };
  const module = yield* kernel.find_module(name);
  const users = module ? kernel.get(module.refcnt) - 1 : undefined;
  yield* closeFile(kernel, fd);
  return users === undefined ? { result: -ENOENT } : { result: 0, extra: ` refcnt=${users}` };
}

function* setNofile(kernel: Kernel, limit: number): Op<number> {
  if (limit < 0 || limit > RLIMIT_NOFILE_HARD) return -EINVAL;
  yield store("setrlimit(RLIMIT_NOFILE)", [kernel.files(kernel.get(kernel.current.files)).nofile, limit]);
  return 0;
}

function* setFileMax(kernel: Kernel, text: string): Op<number> {
  const fd = yield* openFile(kernel);
  if (fd < 0) return fd;
  const limit = sysctlNumber(text);
  if (limit !== undefined) yield store("write(\"/proc/sys/fs/file-max\")", [kernel.system.files_stat_max_files, limit]);
  yield* closeFile(kernel, fd);
  return limit === undefined ? -EINVAL : 0;
}

/** proc_doulongvec_minmax: no sign, no unit, and no more than a signed long holds. */
function sysctlNumber(text: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(text) || text.length > 21) return undefined;
  const number = BigInt(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text);
  return number < 2n ** 63n ? Number(number) : undefined;
}

// Processes and threads.

/** A child with a copy of every descriptor, which sleeps and exits. */
function* fork(kernel: Kernel, user: User, ms: number): Op<number> {
  const files = yield* kernel.dup_fd();
  const child = kernel.task(yield create("task_struct", "dup_task_struct(current)"));
  const { current } = kernel;
  const pid = yield add(user.pids, 1, "alloc_pid()");
  yield store("copy_process()", [child.comm, kernel.get(current.comm)], [child.pid, pid], [child.files, files.pointer], [child.cap_effective, kernel.get(current.cap_effective)]);
  yield add(user.children, 1, "wake_up_new_task(p)");
  yield store("the child's sleep", [child.fail_nth, 0], [child.sleeps, ms]);
  yield spawn(0, child.pointer, "fork(2)");
  return 0;
}

/** What a child does once it has slept: exit, and leave whoever waits for it. */
export function* child(kernel: Kernel, user: User): Op<void> {
  yield sleep(kernel.get(kernel.current.sleeps), "usleep(3)");
  yield* exit(kernel);
  yield add(user.children, -1, "exit_notify(tsk)");
}

/** How the process ends: what is still mapped goes before the descriptors. */
export function* mainExit(kernel: Kernel, user: User): Op<void> {
  for (const pointer of kernel.list(user.mappings)) yield* kernel.fput(kernel.file(pointer));
  yield* exit(kernel);
}

/** do_exit: descriptors first, then what their closing put off. */
export function* exit(kernel: Kernel): Op<void> {
  yield* kernel.exit_files();
  yield* kernel.task_work_run();
}

/** What a thread does at its end. */
export function* threadExit(kernel: Kernel, user: User): Op<void> {
  yield* exit(kernel);
  yield add(user.running, -1, "exit_notify(tsk)");
}

/** Starts the threads that were queued, and joins them. */
function* go(kernel: Kernel, user: User, line: Line): Op<void> {
  const threads = kernel.list(user.threads);
  for (let k = 0; k < threads.length; k += 3) {
    if (threads[k] !== line.line) continue;
    const task = kernel.task(yield create("task_struct", "dup_task_struct(current)"));
    const { current } = kernel;
    const files = kernel.files(kernel.get(current.files));
    const pid = yield add(user.pids, 1, "alloc_pid()");
    yield add(files.count, 1, "copy_files(CLONE_FILES)");
    yield store("copy_process()", [task.comm, threads[k + 2]!], [task.pid, pid], [task.files, files.pointer], [task.cap_effective, kernel.get(current.cap_effective)]);
    yield add(user.running, 1, "pthread_create(3)");
    yield spawn(threads[k + 1]!, task.pointer, "clone(2)");
  }
  yield when(undefined, "pthread_join(3)", { cell: user.running, is: "=", value: 0 });
}
