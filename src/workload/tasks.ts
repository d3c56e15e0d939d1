/** Processes and threads: how they begin, and how they end. */
import type { Kernel } from "../kernels/kernel.js";
import type { Line } from "../scenario/types.js";
import { add, create, sleep, spawn, store, when, type Op } from "../simulate/step.js";
import type { User } from "./user.js";

/** A child with a copy of every descriptor, which sleeps and exits. */
export function* fork(kernel: Kernel, user: User, ms: number): Op<number> {
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
export function* go(kernel: Kernel, user: User, line: Line): Op<void> {
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