import { address, amount, event, flag, kind, observed, pointer, stage, tally } from "./definition.js";

export const inode = kind({
  name: "inode",
  plural: "inodes",
  struct: "struct inode",
  source: "include/linux/fs.h",
  summary: "A file's memory: its pages, its operations, and how often it is linked.",
  count: { name: "i_count" },
  fields: {
    stage: stage(
      ["live", "evicting", "cleared", "destroyed", "freed"],
      "evicting from `evict` on, cleared by `clear_inode`, destroyed by `destroy_inode`, freed by its RCU callback",
      { usual: ["live"] },
    ),
    superblock: pointer("superblock", "the superblock that it is on", { arrow: "on" }),
    nlink: observed("`i_nlink`"),
    pages: amount("pages in its mapping: those added less those removed, from the first that was seen"),
    module: pointer(
      "module",
      "the module on whose behalf it was made: its `fops->owner`, or the one whose init mounted its superblock",
    ),
    ownFree: flag("its memory is handed back by code of guest_memfd (`free_inode`), not of vmlinux", {
      remembered: true,
    }),
    pendingRcu: event("the `call_rcu` that its memory waits for", {
      life: true,
      became: "a wait for an RCU grace period",
    }),
    callbacks: tally("how often its RCU callback ran", { life: true, became: "its RCU callback ran" }),
    frees: tally("how often its `free_inode` ran", { life: true, became: "its memory was handed back" }),
    cache: pointer("cache", "the slab cache that its memory is of, where its making was seen", { arrow: "memory of" }),
    cacheAddress: address("where that cache is, or was", { remembered: true }),
  },
  counted: true,
  arguments: ["inode"],
  facts: ["i_nlink {nlink}", "{stage}", "{pages:page}", "on {superblock}"],
  givenBack: {
    onError: "iput before the call returns",
    onRelease: "iput by the last dput of its dentry (fs/dcache.c)",
  },
  ends: ["iput", "evict", "destroy_inode"],
  drawn: { colour: ["#0072b2", "#58a6dd"], column: 3 },
});
