/** The program that carries a scenario out on a simulated kernel: each operation is one or a few system calls. */
import { errnoName } from "../base/errno.js";
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, KVM_MEM_GUEST_MEMFD } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Line } from "../scenario/types.js";
import { enter, sleep, store, when, type Op } from "../simulate/step.js";
import { closeOnExec, dupFrom, dupMany, dupOver, receive, send, socket, write } from "./descriptors.js";
import { refcnt, setFileMax, setNofile, stat, statfs, statusFlags } from "./inspect.js";
import { map, mapExecutable, mapMemory, mapPrivate, poke, protectExecutable, touch, unmap } from "./mappings.js";
import {
  armed,
  createGuestMemfd,
  createVm,
  fallocate,
  ftruncate,
  load,
  returning,
  setMemoryRegion,
} from "./syscalls.js";
import { child, execSelf, execveat, fork, forkAndExec, go, vforkAndExec } from "./tasks.js";
import { assign, type Outcome, type User, userOf, variable } from "./user.js";

const RCU_WAIT_MS = 300;

/** One line of a scenario, with the marks around it; does nothing once the program that reads them has ended. */
export function* carryOut(kernel: Kernel, line: Line): Op<void> {
  const user = userOf(kernel);
  if (kernel.get(user.over)) return;
  yield enter("tracing_mark_write", { text: `op: ${line.marker}` });
  const { result, unset, extra } = yield* outcomeOf(kernel, user, line);
  if (kernel.get(user.over)) return;
  const code = unset ? "-1 0" : result < 0 ? `-1 ${errnoName(result)}` : String(result);
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
      return {
        result: yield* assign(
          kernel,
          user,
          o.name,
          yield* armed(kernel, line.fail, (k) => createGuestMemfd(k, variable(k, user, o.vm), o.size, o.flags)),
        ),
      };
    case "bind": {
      const gmem = variable(kernel, user, o.gmem);
      const region = {
        slot: o.slot >>> 0,
        flags: KVM_MEM_GUEST_MEMFD,
        guest_phys_addr: o.gpa,
        memory_size: o.size,
        userspace_addr: yield* mapMemory(kernel, o.size),
        guest_memfd_offset: o.offset,
        guest_memfd: gmem,
      };
      return { result: yield* armed(kernel, line.fail, (k) => setMemoryRegion(k, variable(k, user, o.vm), region)) };
    }
    case "unbind": {
      const region = {
        slot: o.slot >>> 0,
        flags: 0,
        guest_phys_addr: 0,
        memory_size: 0,
        userspace_addr: 0,
        guest_memfd_offset: 0,
        guest_memfd: 0,
      };
      return { result: yield* armed(kernel, line.fail, (k) => setMemoryRegion(k, variable(k, user, o.vm), region)) };
    }
    case "dup":
      return {
        result: yield* assign(kernel, user, o.name, yield* returning(kernel, kernel.dup(variable(kernel, user, o.of)))),
      };
    case "dup2":
      return { result: yield* dupOver(kernel, variable(kernel, user, o.of), variable(kernel, user, o.name)) };
    case "dupto":
      return yield* named(kernel, user, o.name, dupOver(kernel, variable(kernel, user, o.of), o.fd));
    case "dupfd":
      return yield* named(kernel, user, o.name, dupFrom(kernel, variable(kernel, user, o.of), o.from));
    case "dupmany":
      return yield* dupMany(kernel, variable(kernel, user, o.of), o.times);
    case "closerange":
      return { result: yield* returning(kernel, kernel.close_range(o.first, o.last, o.flags)) };
    case "cloexec":
      return { result: yield* closeOnExec(kernel, variable(kernel, user, o.of)) };
    case "unsharefiles":
      yield* returning(kernel, kernel.unshare_files());
      return { result: 0 };
    case "socket":
      return { result: yield* socket(kernel, user, o.name) };
    case "send":
      return { result: yield* send(kernel, user, variable(kernel, user, o.socket), variable(kernel, user, o.of)) };
    case "recv":
      return yield* receive(kernel, user, variable(kernel, user, o.socket), o.name);
    case "close":
      return { result: yield* returning(kernel, kernel.close(variable(kernel, user, o.of))) };
    case "allocate":
      return {
        result: yield* returning(
          kernel,
          fallocate(kernel, variable(kernel, user, o.of), FALLOC_FL_KEEP_SIZE, o.offset, o.length),
        ),
      };
    case "punch":
      return {
        result: yield* returning(
          kernel,
          fallocate(
            kernel,
            variable(kernel, user, o.of),
            FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
            o.offset,
            o.length,
          ),
        ),
      };
    case "touch":
      return { result: yield* touch(kernel, user, { ...o, fd: variable(kernel, user, o.of) }) };
    case "map":
      return { result: yield* map(kernel, user, o.name, { ...o, fd: variable(kernel, user, o.of) }) };
    case "mapprivate":
      return { result: yield* mapPrivate(kernel, { ...o, fd: variable(kernel, user, o.of) }) };
    case "mapexec":
      return { result: yield* mapExecutable(kernel, { ...o, fd: variable(kernel, user, o.of) }) };
    case "protectexec":
      return yield* protectExecutable(kernel, user, o.name);
    case "poke":
      return yield* poke(kernel, user, o.name);
    case "unmap":
      return yield* unmap(kernel, user, o.name);
    case "truncate":
      return { result: yield* returning(kernel, ftruncate(kernel, variable(kernel, user, o.of), o.size)) };
    case "write":
      return { result: yield* write(kernel, user, variable(kernel, user, o.of)) };
    case "stat":
      return yield* stat(kernel, variable(kernel, user, o.of), line.marker);
    case "statfs":
      return yield* statfs(kernel, variable(kernel, user, o.of));
    case "getfl":
      return yield* statusFlags(kernel, variable(kernel, user, o.of));
    case "execveat":
      return { result: yield* execveat(kernel, variable(kernel, user, o.of)) };
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
    case "exec":
      return { result: yield* forkAndExec(kernel, user, o.ms) };
    case "vfork":
      return { result: yield* vforkAndExec(kernel, user, o.ms) };
    case "execself":
      yield* execSelf(kernel, user, variable(kernel, user, o.of));
      return { result: 0 };
    case "child":
      return { result: yield* child(kernel, user, line) };
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

/** A system call that returns a descriptor, to which the program gives a name. */
function* named(kernel: Kernel, user: User, name: string, call: Op<number>): Op<Outcome> {
  return { result: yield* assign(kernel, user, name, yield* call) };
}
