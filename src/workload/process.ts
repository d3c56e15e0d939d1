/** The program that carries a scenario out, on a simulated kernel: each operation is a system call or a few. */
import { errnoName } from "../check/errno.js";
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, KVM_MEM_GUEST_MEMFD } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Line } from "../scenario/types.js";
import { change, enter, sleep, store, when, type Op } from "../simulate/step.js";
import { notWritable, refcnt, setFileMax, setNofile, stat } from "./inspect.js";
import { armed, createGuestMemfd, createVm, fallocate, ftruncate, load, mapMemory, onFile, returning, setMemoryRegion, touch } from "./syscalls.js";
import { fork, go } from "./tasks.js";
import type { Outcome, User } from "./user.js";

const RCU_WAIT_MS = 300;

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