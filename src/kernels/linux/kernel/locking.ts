/** kernel/locking: mutexes, spinlocks and semaphores for readers and writers. */
import { store, when } from "../../../simulate/step.js";
import type { FunctionTable } from "../../kernel.js";

/**
 * Locks. A lock's cell holds 0 if it is free, else its owner's pointer; that of a lock for readers holds -1 if it is
 * held to write, else the count of readers.
 */
export const locking = {
  *mutex_lock(lock, name) {
    yield when(
      "mutex_lock",
      `mutex_lock(${name})`,
      { cell: lock, is: "=", value: 0 },
      { type: "set", cell: lock, value: this.current.pointer },
    );
  },
  *mutex_unlock(lock, name) {
    yield when(
      "mutex_unlock",
      `mutex_unlock(${name})`,
      { cell: lock, is: "=", value: this.current.pointer },
      { type: "set", cell: lock, value: 0 },
    );
  },
  /** No task sleeps with it held, so waiting until it is free is enough. */
  *spin_lock(lock, name) {
    const unlocked = { cell: lock, is: "=", value: 0 } as const;
    yield when(undefined, `spin_lock(${name})`, unlocked, { type: "set", cell: lock, value: 1 });
  },
  *spin_unlock(lock, name) {
    yield store(`spin_unlock(${name})`, [lock, 0]);
  },
  *mmap_read_lock({ mmap_lock }) {
    const guard = { cell: mmap_lock, is: ">=", value: 0 } as const;
    yield when("down_read", "mmap_read_lock(mm)", guard, { type: "add", cell: mmap_lock, value: 1, unless: undefined });
  },
  *mmap_read_unlock({ mmap_lock }) {
    const guard = { cell: mmap_lock, is: ">=", value: 1 } as const;
    yield when("up_read", "mmap_read_unlock(mm)", guard, {
      type: "add",
      cell: mmap_lock,
      value: -1,
      unless: undefined,
    });
  },
  *mmap_write_lock({ mmap_lock }) {
    const guard = { cell: mmap_lock, is: "=", value: 0 } as const;
    yield when("down_write", "mmap_write_lock(mm)", guard, { type: "set", cell: mmap_lock, value: -1 });
  },
  *mmap_write_unlock({ mmap_lock }) {
    const guard = { cell: mmap_lock, is: "=", value: -1 } as const;
    yield when("up_write", "mmap_write_unlock(mm)", guard, { type: "set", cell: mmap_lock, value: 0 });
  },
  *filemap_invalidate_lock(inode) {
    yield when(
      "down_write",
      "filemap_invalidate_lock(inode->i_mapping)",
      { cell: inode.invalidate_lock, is: "=", value: 0 },
      { type: "set", cell: inode.invalidate_lock, value: -1 },
    );
  },
  *filemap_invalidate_unlock(inode) {
    yield when(
      "up_write",
      "filemap_invalidate_unlock(inode->i_mapping)",
      { cell: inode.invalidate_lock, is: "=", value: -1 },
      { type: "set", cell: inode.invalidate_lock, value: 0 },
    );
  },
  *filemap_invalidate_lock_shared(inode) {
    yield when(
      "down_read",
      "filemap_invalidate_lock_shared(inode->i_mapping)",
      { cell: inode.invalidate_lock, is: ">=", value: 0 },
      { type: "add", cell: inode.invalidate_lock, value: 1, unless: undefined },
    );
  },
  *filemap_invalidate_unlock_shared(inode) {
    yield when(
      "up_read",
      "filemap_invalidate_unlock_shared(inode->i_mapping)",
      { cell: inode.invalidate_lock, is: ">=", value: 1 },
      { type: "add", cell: inode.invalidate_lock, value: -1, unless: undefined },
    );
  },
} satisfies FunctionTable;
