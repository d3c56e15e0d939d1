/**
 * Locks, and deferred work. The standard probes leave them out: they are far too many, and kreel needs none of them to
 * follow a recording. Simulated kernels take them as steps like any other, and a search over interleavings depends on
 * them.
 */
import { operation, pointer } from "./definition.js";

const lock = pointer("lock", "other", "%di", "the lock: kvm->slots_lock");
const semaphore = pointer("sem", "other", "%di", "the lock: invalidate_lock of an inode's mapping");

export const mutex_lock = operation({
  name: "mutex_lock",
  prototype: "void mutex_lock(struct mutex *lock)",
  source: "kernel/locking/mutex.c",
  summary: "Waits until a mutex is free, and holds it.",
  args: [lock],
  probed: false,
});

export const mutex_unlock = operation({
  name: "mutex_unlock",
  prototype: "void mutex_unlock(struct mutex *lock)",
  source: "kernel/locking/mutex.c",
  summary: "Lets a mutex go.",
  args: [lock],
  probed: false,
});

export const down_read = operation({
  name: "down_read",
  prototype: "void down_read(struct rw_semaphore *sem)",
  source: "kernel/locking/rwsem.c",
  summary: "Waits until no writer holds the lock, and shares it with other readers.",
  args: [semaphore],
  probed: false,
});

export const up_read = operation({
  name: "up_read",
  prototype: "void up_read(struct rw_semaphore *sem)",
  source: "kernel/locking/rwsem.c",
  summary: "Ends one reading.",
  args: [semaphore],
  probed: false,
});

export const down_write = operation({
  name: "down_write",
  prototype: "void down_write(struct rw_semaphore *sem)",
  source: "kernel/locking/rwsem.c",
  summary: "Waits until no reader or writer holds the lock, and holds it alone.",
  args: [semaphore],
  probed: false,
});

export const up_write = operation({
  name: "up_write",
  prototype: "void up_write(struct rw_semaphore *sem)",
  source: "kernel/locking/rwsem.c",
  summary: "Ends the writing.",
  args: [semaphore],
  probed: false,
});

export const call_rcu = operation({
  name: "call_rcu",
  prototype: "void call_rcu(struct rcu_head *head, rcu_callback_t func)",
  source: "kernel/rcu/tree.c",
  summary: "Has a function run once every reader that is inside now has left.",
  args: [
    pointer(
      "head",
      "rcu_head",
      "%di",
      "the head inside what will be freed; the function, i_callback for inodes, is told it",
    ),
  ],
  probed: false,
});

export const synchronize_rcu = operation({
  name: "synchronize_rcu",
  prototype: "void synchronize_rcu(void)",
  source: "kernel/rcu/tree.c",
  summary: "Waits until every reader that is inside now has left.",
  probed: false,
});

export const task_work_add = operation({
  name: "task_work_add",
  prototype:
    "int task_work_add(struct task_struct *task, struct callback_head *work, enum task_work_notify_mode notify)",
  source: "kernel/task_work.c",
  summary: "Has a task run something before it returns to user space, or while it exits: the end of a file, for one.",
  args: [
    pointer("task", "other", "%di", "the task"),
    pointer("work", "other", "%si", "the callback head: inside a file for ____fput"),
  ],
  probed: false,
});

export const task_work_run = operation({
  name: "task_work_run",
  prototype: "void task_work_run(void)",
  source: "kernel/task_work.c",
  summary: "Runs what was put off for the current task, the latest first.",
  calls: ["____fput", "__fput"],
  probed: false,
});
