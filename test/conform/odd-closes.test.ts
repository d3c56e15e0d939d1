/**
 * Files that end without close(2), and files that nobody may run: each kernel admits its recordings, and one
 * with a mistake in just that does not.
 */
import test from "ava";
import { conform } from "../../src/conform/index.js";
import { closeOnExecFirst } from "../../src/kernels/features/releases.js";
import { kernels, type FunctionTable } from "../../src/kernels/index.js";
import { execution } from "../../src/kernels/linux/fs/exec.js";
import { HEALTHY, nameOf, recordingsOf, RECORDINGS } from "../support/recordings.js";
import { unprobed } from "../../src/simulate/step.js";
import { scenarioFor } from "../support/scenarios.js";

for (const path of recordingsOf("odd-closes", "noexec")) {
  const kernel = HEALTHY.find((name) => path.includes(`/${name}/`));
  if (!kernel) continue;
  test(`${kernel} admits ${nameOf(path)}`, async (t) => {
    const { verdict, blocked, events } = await conform(path, (await scenarioFor(path))!, kernels[kernel]);
    t.is(verdict, "admitted", JSON.stringify(blocked));
    t.is(events.explained, events.total);
  });
}

/** By mistake: the deviation of the kernel, the kernel, and the scenario that shows it. */
const MISTAKES: Readonly<Record<string, readonly [FunctionTable, "linux-6.18" | "linux-7.2", string]>> = {
  "the file that dup2 replaces is kept": [
    {
      *do_dup2(files, file, fd) {
        yield* this.get_file(file);
        yield* this.spin_unlock(files.file_lock, "&files->file_lock");
        yield* unprobed(this.fd_install(fd, file));
        return fd;
      },
    },
    "linux-7.2",
    "o05-dup2",
  ],
  "close_range leaves the last descriptor": [
    {
      *__range_close(fd, max_fd) {
        for (; fd < max_fd; fd++) {
          const file = yield* this.file_close_fd_locked(fd);
          if (file) yield* this.filp_close(file);
        }
      },
    },
    "linux-7.2",
    "o02-close-range-of-all",
  ],
  "close_range closes what it only has to mark": [
    {
      *__range_cloexec(fd, max_fd) {
        yield* this.__range_close(fd, max_fd);
      },
    },
    "linux-6.18",
    "o03-close-range-cloexec",
  ],
  "a table that is to be unshared stays shared": [
    {
      *close_range(fd, max_fd) {
        yield* this.__range_close(fd, max_fd);
        return 0;
      },
    },
    "linux-7.2",
    "o04-close-range-unshare",
  ],
  "exec closes nothing": [{ *do_close_on_exec(_files) {} }, "linux-6.18", "o06-exec"],
  "exec closes after it has let the memory go, as before 7.2": [execution, "linux-7.2", "o15-exec-of-itself"],
  "exec closes before it lets the memory go, as from 7.2 on": [closeOnExecFirst, "linux-6.18", "o15-exec-of-itself"],
  "a message keeps the file when it has arrived": [{ *scm_destroy(_file) {} }, "linux-7.2", "o08-scm-rights"],
  "a message does not hold the file": [
    {
      *scm_fp_copy(fd) {
        const pointer = yield* this.files_lookup_fd_raw(fd);
        return pointer ? this.file(pointer) : null;
      },
    },
    "linux-7.2",
    "o08-scm-rights",
  ],
  "a socket keeps what is in flight": [{ *unix_release_sock(_sk) {} }, "linux-6.18", "o08-scm-rights"],
  "a file that could not be installed is kept": [
    {
      *scm_detach_fds(file) {
        const fd = yield* this.receive_fd(file, 0);
        if (fd >= 0) yield* this.scm_destroy(file);
        return fd < 0 ? { fd: -1, flags: 8 } : { fd, flags: 0 };
      },
    },
    "linux-6.18",
    "o09-scm-rights-refused",
  ],
  "a mapping does not hold its file": [{ *remove_vma(_vma) {} }, "linux-7.2", "o12-mmap-stays"],
  "a child's mapping does not hold its file": [{ *exit_mmap(_mm) {} }, "linux-7.2", "o13-mmap-in-a-child"],
  "memory goes after descriptors": [
    {
      *do_exit() {
        yield* this.exit_files();
        yield* this.exit_mm();
        yield* this.task_work_run();
      },
    },
    "linux-7.2",
    "o14-mmap-to-the-exit",
  ],
  "whoever inherits a VM may use it": [
    {
      *kvm_vm_ioctl(kvm, ioctl) {
        return ioctl.cmd === "KVM_CREATE_GUEST_MEMFD"
          ? yield* this.kvm_gmem_create(kvm, ioctl.size, ioctl.flags)
          : yield* this.kvm_vm_ioctl_set_memory_region(kvm, ioctl.region);
      },
    },
    "linux-7.2",
    "o10-child-closes",
  ],
};

for (const [mistake, [functions, kernel, scenario]] of Object.entries(MISTAKES)) {
  test(`not admitted: ${mistake}`, async (t) => {
    const path = `${RECORDINGS}/odd-closes/${kernel}/${scenario}.trace.gz`;
    const { verdict, blocked } = await conform(
      path,
      (await scenarioFor(path))!,
      kernels[kernel].with(mistake, functions),
    );
    t.is(verdict, "not admitted", JSON.stringify(blocked));
  });
}
