/** System calls on descriptors and modules, as the program makes them. */
import {
  EBADF,
  EFBIG,
  EINVAL,
  ENODEV,
  ENOENT,
  ENOTTY,
  EOPNOTSUPP,
  FMODE_OPENED,
  FOPS,
  O_CLOEXEC,
} from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { MemoryRegion } from "../kernels/prototypes.js";
import { add, store, type Op } from "../simulate/step.js";
import type { File, Kvm } from "../simulate/structs.js";

/**
 * Modules that can be loaded, by the name that a scenario uses: the kernel's name, and the modules whose code it uses.
 */
const MODULE_FILES: Readonly<Record<string, { readonly name: string; readonly needs: readonly string[] }>> = {
  irqbypass: { name: "irqbypass", needs: [] },
  kvm: { name: "kvm", needs: ["irqbypass"] },
  "kvm-amd": { name: "kvm_amd", needs: ["kvm"] },
};

/** A system call that may leave work to be done before it returns to user space. */
export function* returning<R>(kernel: Kernel, call: Op<R>): Op<R> {
  const result = yield* call;
  yield* kernel.task_work_run();
  return result;
}

/** A system call with `/proc/thread-self/fail-nth` armed, for which a descriptor is open meanwhile. */
export function* armed(kernel: Kernel, fail: number | undefined, call: (kernel: Kernel) => Op<number>): Op<number> {
  if (fail === undefined) return yield* returning(kernel, call(kernel));
  const fd = yield* kernel.do_sys_open(O_CLOEXEC);
  if (fd >= 0) yield store('write("/proc/thread-self/fail-nth")', [kernel.current.fail_nth, fail]);
  const result = yield* returning(kernel, call(kernel));
  yield store('write("/proc/thread-self/fail-nth")', [kernel.current.fail_nth, 0]);
  if (fd >= 0) yield* closeFile(kernel, fd);
  return result;
}

/** A system call on the file of a descriptor, which it holds meanwhile. */
export function* onFile(kernel: Kernel, fd: number, call: (file: File) => Op<number>): Op<number> {
  const held = yield* kernel.fdget(fd);
  if (!held.file) return -EBADF;
  const result = yield* call(held.file);
  yield* kernel.fdput(held);
  return result;
}

export function* closeFile(kernel: Kernel, fd: number): Op<void> {
  const file = yield* kernel.file_close_fd_locked(fd);
  if (!file) return;
  // Another thread may have closed it, and another file have been installed there.
  if (kernel.get(file.f_op) !== FOPS.other) yield* kernel.fput_close_sync(file);
  else if ((yield add(file.f_count, -1, "file_ref_put_close(&file->f_ref)")) === 0) yield* kernel.file_free(file);
}

export function* load(kernel: Kernel, module: string, parameters: string): Op<number> {
  const fd = yield* kernel.do_sys_open(O_CLOEXEC);
  if (fd < 0) return fd;
  const known = Object.hasOwn(MODULE_FILES, module) ? MODULE_FILES[module] : undefined;
  const result = known ? yield* kernel.finit_module(known.name, known.needs, parameters) : -ENOENT;
  yield* closeFile(kernel, fd);
  return result;
}

export function* createVm(kernel: Kernel, type: number): Op<number> {
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
export function* openKvm(kernel: Kernel): Op<number> {
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
  // Without a module the node does not exist; with one that is going, misc_open finds no functions to call.
  if (!module || !(yield* kernel.try_module_get(module))) {
    yield* kernel.file_free(file);
    yield* kernel.put_unused_fd(fd);
    return module ? -ENODEV : -ENOENT;
  }
  yield store(
    "replace_fops(file, kvm_dev.fops)",
    [file.f_mode, kernel.get(file.f_mode) | FMODE_OPENED],
    [file.f_op, FOPS.kvm_chardev],
    [file.f_inode, kernel.get(kernel.system.kvm_dev_inode)],
  );
  yield* kernel.fd_install(fd, file);
  return fd;
}

/** An ioctl on a VM's descriptor. */
export function* onVm(kernel: Kernel, fd: number, call: (kvm: Kvm) => Op<number>): Op<number> {
  return yield* onFile(kernel, fd, function* (file) {
    const fops = kernel.get(file.f_op);
    if (fops === FOPS.kvm_vm) return yield* call(kernel.kvm(kernel.get(file.private_data)));
    // kvm_arch_dev_ioctl has no such ioctl either, but says so in its own way.
    return fops === FOPS.kvm_chardev ? -EINVAL : -ENOTTY;
  });
}

export function* createGuestMemfd(kernel: Kernel, fd: number, size: number, flags: number): Op<number> {
  return yield* onVm(kernel, fd, (kvm) => kernel.kvm_vm_ioctl(kvm, { cmd: "KVM_CREATE_GUEST_MEMFD", size, flags }));
}

export function* setMemoryRegion(kernel: Kernel, fd: number, region: MemoryRegion): Op<number> {
  return yield* onVm(kernel, fd, (kvm) => kernel.kvm_vm_ioctl(kvm, { cmd: "KVM_SET_USER_MEMORY_REGION2", region }));
}

export function* fallocate(kernel: Kernel, fd: number, mode: number, offset: number, len: number): Op<number> {
  return yield* onFile(kernel, fd, function* (file) {
    if (offset < 0 || len <= 0) return -EINVAL;
    const fops = kernel.get(file.f_op);
    if (fops !== FOPS.kvm_gmem) return fops === FOPS.other ? -EOPNOTSUPP : -ENODEV;
    if (offset + len >= 2 ** 63) return -EFBIG;
    return yield* kernel.kvm_gmem_fallocate(file, mode, offset, len);
  });
}

export function* ftruncate(kernel: Kernel, fd: number, size: number): Op<number> {
  if (size < 0) return -EINVAL;
  return yield* onFile(kernel, fd, function* (file) {
    return kernel.get(file.f_op) === FOPS.kvm_gmem ? yield* kernel.kvm_gmem_setattr() : -EINVAL;
  });
}
