/** Explains each rule to readers of a report who do not know kreel's README. */
import type { RuleName } from "../check/finding.js";

export interface RuleWords {
  /** One sentence. */
  readonly summary: string;
  /** How to read the finding, and where to look. */
  readonly help: string;
}

const LEAK =
  "The report names the get, who held the reference last, and the put that is not there. Look at the way out that the call took: what it took before it failed has to be given back on it.";

export const RULE_WORDS: Readonly<Record<RuleName, RuleWords>> = {
  "leaked-inode": { summary: "The last owner of an inode is gone, a reference on it is not.", help: LEAK },
  "leaked-file": {
    summary: "The last descriptor of a file is closed, a reference on the file is left.",
    help: `${LEAK} A bind or an unbind takes the file for its own duration only.`,
  },
  "leaked-descriptor": {
    summary: "A call ended and left a descriptor reserved without a file.",
    help: "get_unused_fd_flags reserves a descriptor; fd_install fills it, or put_unused_fd gives it back. One of the two has to follow on every way out.",
  },
  "leaked-mount": {
    summary: "A mount is left when the module that mounted it is gone, or a reference on it when its owner is.",
    help: `${LEAK} What kern_mount mounted, the exit of the module unmounts with kern_unmount.`,
  },
  "leaked-vm": { summary: "The last owner of a VM is gone, a reference on it is not.", help: LEAK },
  "leaked-module-reference": {
    summary: "The last owner of a reference on a module is gone, the reference is not.",
    help: `${LEAK} The module cannot be unloaded any more.`,
  },
  "missing-module-reference": {
    summary: "A file of guest_memfd can be used and holds no reference on the module whose code it reaches.",
    help: "Nothing keeps the module from being unloaded while its code can still be called. Take a reference before the file is made; fops->owner has to be the module whose code it is.",
  },
  "refcount-underflow": {
    summary: "A reference was put that was not held, or an object ended while references on it are held.",
    help: "Somewhere one put is too many: on an error path that a callee has cleaned up already, or after a hand-over to an object that gives the reference back itself.",
  },
  "use-after-free": {
    summary: "An operation on an object, or on code, that is gone.",
    help: "The report names the event that ended it and the one that used it. The user held no reference, or one that was put too early.",
  },
  "double-free": {
    summary: "An object was freed twice within one lifetime.",
    help: "Both events are in the report. One of the two ways that free it has to leave it to the other.",
  },
  "module-exit-in-use": {
    summary: "A module's exit ran to its end while objects that it made, or whose teardown it owns, still live.",
    help: "What still lives calls code that is gone when it is torn down. It has to hold a reference on the module for as long as it needs its code, or the exit has to wait for it.",
  },
  "dangling-binding": {
    summary: "A memslot and a file of guest_memfd disagree on whether they are bound.",
    help: "A slot that goes has to be unbound, and a file that goes has to forget its slots, under the locks that keep the two from passing each other.",
  },
  "unbalanced-error-path": {
    summary: "An operation failed and still changed a count.",
    help: "An error path gives back all that was taken and no more. The report lists what is over and what is short, with the events.",
  },
  "cache-destroyed-in-use": {
    summary: "A slab cache is destroyed while an inode of it lives or waits for RCU.",
    help: 'The kernel says so itself where it looks ("Objects remaining"), and an inode that is handed back later goes to a cache that is gone. rcu_barrier has to stand between the last eviction and kmem_cache_destroy, on error paths too: not every cache waits by itself.',
  },
  "module-unpinned-early": {
    summary: "The module's last reference is dropped while its code is still to run.",
    help: "By itself it does no harm. If the module is unloaded between here and the end of the teardown, code runs that is gone; a recording in which that happened has an error that says so.",
  },
};
