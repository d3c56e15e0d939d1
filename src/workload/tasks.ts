/** Processes and threads: how they begin, and how they end. */
import { CLONE_FILES, CLONE_THREAD, CLONE_VFORK, CLONE_VM, ENOEXEC } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Line } from "../scenario/types.js";
import { add, change, sleep, spawn, store, when, type Op } from "../simulate/step.js";
import type { Task } from "../simulate/structs.js";
import { returning } from "./syscalls.js";
import { copyOf, REPLACED, type User } from "./user.js";

/** Programs that any scenario can start; those of its threads and children follow. */
export const PROGRAMS = { sleeps: 0, execs: 1 } as const;

/** Numbers of a record of `user.threads`: the line that starts a program, the program, and its task's name. */
const RECORD = 3;

/** A child with a copy of every descriptor and mapping, which sleeps and exits. */
export function* fork(kernel: Kernel, user: User, ms: number): Op<number> {
  yield* begin(kernel, user, 0, PROGRAMS.sleeps, ms);
  return 0;
}

/** A child that executes another program first, which closes its close-on-exec descriptors; it sleeps and exits. */
export function* forkAndExec(kernel: Kernel, user: User, ms: number): Op<number> {
  yield* begin(kernel, user, 0, PROGRAMS.execs, ms);
  return 0;
}

/** The same in the parent's memory: the parent waits until the child has executed the other program. */
export function* vforkAndExec(kernel: Kernel, user: User, ms: number): Op<number> {
  const task = yield* begin(kernel, user, CLONE_VM | CLONE_VFORK, PROGRAMS.execs, ms);
  yield when(undefined, "wait_for_vfork_done(p, &vfork)", { cell: task.vfork_done, is: "=", value: 1 });
  return 0;
}

/** A child that carries out an operation and exits, and the wait for it. */
export function* child(kernel: Kernel, user: User, line: Line): Op<number> {
  for (const { program } of startedBy(kernel, user, line)) {
    const task = yield* begin(kernel, user, 0, program, 0);
    yield when(undefined, "waitpid(2)", { cell: task.exit_state, is: "=", value: 1 });
  }
  return 0;
}

function* begin(kernel: Kernel, user: User, flags: number, program: number, ms: number): Op<Task> {
  const task = yield* kernel.copy_process(flags);
  const copy = yield* copyOf(kernel, user);
  yield store("copy_process()", [task.user, copy.pointer], [task.parent, user.pointer], [task.sleeps, ms]);
  yield add(user.children, 1, "wake_up_new_task(p)");
  yield spawn(program, task.pointer, "fork(2)");
  return task;
}

/** The rest of a child's program: it sleeps and exits. */
export function* sleepAndExit(kernel: Kernel): Op<void> {
  yield sleep(kernel.get(kernel.current.sleeps), "usleep(3)");
  yield* exit(kernel);
}

/** execve(2): the segments that follow are another program. */
export function* exec(kernel: Kernel): Op<void> {
  yield* kernel.begin_new_exec();
  yield* kernel.task_work_run();
}

/**
 * execveat(AT_EMPTY_PATH): the process would become the program that the descriptor's file is. No file that a scenario
 * names is one.
 */
export function* execveat(kernel: Kernel, fd: number): Op<number> {
  const file = yield* returning(kernel, kernel.do_open_execat(fd));
  if (typeof file === "number") return file;
  yield* returning(kernel, kernel.fput(file));
  return -ENOEXEC;
}

/** The process becomes a program that closes a descriptor and exits; no further line is carried out. */
export function* execSelf(kernel: Kernel, user: User, fd: number): Op<void> {
  yield store("execve(2)", [user.over, REPLACED]);
  yield* exec(kernel);
  yield* kernel.close(fd);
}

/** Ends the task, and lets the parent that waits for it go on. */
export function* exit(kernel: Kernel): Op<void> {
  yield* kernel.do_exit();
  const parent = kernel.get(kernel.current.parent);
  if (parent)
    yield change(
      "exit_notify(tsk)",
      { type: "set", cell: kernel.current.exit_state, value: 1 },
      { type: "add", cell: kernel.user(parent).children, value: -1, unless: undefined },
    );
}

/** Starts the threads that were queued, and joins them. */
export function* go(kernel: Kernel, user: User, line: Line): Op<void> {
  for (const { program, comm } of startedBy(kernel, user, line)) {
    const task = yield* kernel.copy_process(CLONE_VM | CLONE_FILES | CLONE_THREAD);
    yield store("copy_process()", [task.comm, comm], [task.user, user.pointer], [task.clear_child_tid, user.running]);
    yield add(user.running, 1, "pthread_create(3)");
    yield spawn(program, task.pointer, "clone(2)");
  }
  yield when(undefined, "pthread_join(3)", { cell: user.running, is: "=", value: 0 });
}

/** The programs that a line starts, each with its task's name. */
function startedBy(kernel: Kernel, user: User, line: Line): { readonly program: number; readonly comm: number }[] {
  const threads = kernel.list(user.threads);
  const started: { program: number; comm: number }[] = [];
  for (let k = 0; k < threads.length; k += RECORD)
    if (threads[k] === line.line) started.push({ program: threads[k + 1]!, comm: threads[k + 2]! });
  return started;
}
