/** What the program maps into its memory. */
import { EBADF, EINVAL, MMAP_BASE, PAGE_SIZE } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Op } from "../simulate/step.js";
import { forgetMapping, kill, type Mapping, mapping, nameMapping, type Outcome, UNSET, type User } from "./user.js";

/** mmap(2) of anonymous memory: its address, or -1. */
export function* mapMemory(kernel: Kernel, size: number): Op<number> {
  const mm = kernel.mm(kernel.get(kernel.current.mm));
  const pages = Math.ceil(size / PAGE_SIZE);
  if (size <= 0 || pages * PAGE_SIZE > MMAP_BASE - kernel.get(mm.total_vm)) return -1;
  return yield* kernel.vm_unmapped_area(mm, pages);
}

/** A range of a file that a mapping is asked for. */
interface Range {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** mmap(2) of a file, shared or private: where it is mapped, or an error. */
function* mapFile(kernel: Kernel, { fd, offset, length }: Range, shared: boolean): Op<Mapping | number> {
  if (offset % PAGE_SIZE !== 0) return -EINVAL;
  const file = yield* kernel.fget(fd);
  if (!file) return -EBADF;
  const address = yield* kernel.do_mmap(file, length, shared, offset);
  yield* kernel.fput(file);
  yield* kernel.task_work_run();
  return address < 0 ? address : { address, pages: Math.ceil(length / PAGE_SIZE) };
}

function* unmapFile(kernel: Kernel, { address }: Mapping): Op<void> {
  yield* kernel.vm_munmap(address);
  yield* kernel.task_work_run();
}

/** A byte written to each page. One that is not there ends the process, whose memory stays mapped until it is gone. */
function* writeToEach(kernel: Kernel, user: User, { address, pages }: Mapping): Op<void> {
  for (let page = 0; page < pages && !kernel.get(user.over); page++) {
    const signal = yield* kernel.handle_mm_fault(address + page * PAGE_SIZE);
    if (signal) yield* kill(user, signal);
  }
}

/** mmap(MAP_SHARED), a byte written to each page, munmap. */
export function* touch(kernel: Kernel, user: User, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, true);
  if (typeof mapped === "number") return mapped;
  yield* writeToEach(kernel, user, mapped);
  if (!kernel.get(user.over)) yield* unmapFile(kernel, mapped);
  return 0;
}

/** A mapping that stays, by a name of its own. */
export function* map(kernel: Kernel, user: User, name: string, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, true);
  if (typeof mapped === "number") return mapped;
  yield* nameMapping(kernel, user, name, mapped);
  return 0;
}

export function* mapPrivate(kernel: Kernel, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, false);
  if (typeof mapped === "number") return mapped;
  yield* unmapFile(kernel, mapped);
  return 0;
}

export function* poke(kernel: Kernel, user: User, name: string): Op<Outcome> {
  const mapped = mapping(kernel, user, name);
  if (!mapped) return UNSET;
  yield* writeToEach(kernel, user, mapped);
  return { result: 0 };
}

export function* unmap(kernel: Kernel, user: User, name: string): Op<Outcome> {
  const mapped = mapping(kernel, user, name);
  if (!mapped) return UNSET;
  yield* unmapFile(kernel, mapped);
  yield* forgetMapping(user, mapped);
  return { result: 0 };
}
