/** The program's operations on mappings. */
import { EBADF, EINVAL, MMAP_BASE, PAGE_SIZE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Op } from "../simulate/step.js";
import { returning } from "./syscalls.js";
import { forgetMapping, kill, type Mapping, mapping, nameMapping, type Outcome, UNSET, type User } from "./user.js";

/** mmap(2) of anonymous memory: its address, or -1. */
export function* mapMemory(kernel: Kernel, size: number): Op<number> {
  const mm = kernel.mm(kernel.get(kernel.current.mm));
  const pages = Math.ceil(size / PAGE_SIZE);
  if (size <= 0 || pages * PAGE_SIZE > MMAP_BASE - kernel.get(mm.total_vm)) return -1;
  return yield* kernel.vm_unmapped_area(mm, pages);
}

/** A range of a file to map. */
interface Range {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** The kind of mapping: shared or private, writable or executable. */
interface Way {
  readonly shared: boolean;
  readonly prot: number;
}

const SHARED: Way = { shared: true, prot: PROT_READ | PROT_WRITE };
const PRIVATE: Way = { shared: false, prot: PROT_READ | PROT_WRITE };
const EXECUTABLE: Way = { shared: true, prot: PROT_READ | PROT_EXEC };

/** mmap(2) of a file: returns the mapping, or a negative errno. */
function* mapFile(kernel: Kernel, { fd, offset, length }: Range, { shared, prot }: Way): Op<Mapping | number> {
  if (offset % PAGE_SIZE !== 0) return -EINVAL;
  const file = yield* kernel.fget(fd);
  if (!file) return -EBADF;
  const address = yield* kernel.do_mmap(file, length, prot, shared, offset);
  yield* kernel.fput(file);
  yield* kernel.task_work_run();
  return address < 0 ? address : { address, pages: Math.ceil(length / PAGE_SIZE) };
}

function* unmapFile(kernel: Kernel, { address }: Mapping): Op<void> {
  yield* kernel.vm_munmap(address);
  yield* kernel.task_work_run();
}

/** Writes a byte to each page. A signal kills the process; its memory stays mapped until it has exited. */
function* writeToEach(kernel: Kernel, user: User, { address, pages }: Mapping): Op<void> {
  for (let page = 0; page < pages && !kernel.get(user.over); page++) {
    const signal = yield* kernel.handle_mm_fault(address + page * PAGE_SIZE);
    if (signal) yield* kill(user, signal);
  }
}

/** mmap(MAP_SHARED), a byte written to each page, munmap. */
export function* touch(kernel: Kernel, user: User, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, SHARED);
  if (typeof mapped === "number") return mapped;
  yield* writeToEach(kernel, user, mapped);
  if (!kernel.get(user.over)) yield* unmapFile(kernel, mapped);
  return 0;
}

/** mmap(MAP_SHARED) of a mapping that stays, under a name of its own. */
export function* map(kernel: Kernel, user: User, name: string, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, SHARED);
  if (typeof mapped === "number") return mapped;
  yield* nameMapping(kernel, user, name, mapped);
  return 0;
}

export function* mapPrivate(kernel: Kernel, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, PRIVATE);
  if (typeof mapped === "number") return mapped;
  yield* unmapFile(kernel, mapped);
  return 0;
}

/** mmap(PROT_READ | PROT_EXEC, MAP_SHARED), munmap. */
export function* mapExecutable(kernel: Kernel, range: Range): Op<number> {
  const mapped = yield* mapFile(kernel, range, EXECUTABLE);
  if (typeof mapped === "number") return mapped;
  yield* unmapFile(kernel, mapped);
  return 0;
}

/** mprotect(PROT_READ | PROT_EXEC) of a mapping. */
export function* protectExecutable(kernel: Kernel, user: User, name: string): Op<Outcome> {
  const mapped = mapping(kernel, user, name);
  if (!mapped) return UNSET;
  return { result: yield* returning(kernel, kernel.do_mprotect_pkey(mapped.address, EXECUTABLE.prot)) };
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
