/** Waiting for readers, and the slab caches that cannot go before their last object. */
import { operation, pointer, value } from "./definition.js";

export const rcu_barrier = operation({
  name: "rcu_barrier",
  prototype: "void rcu_barrier(void)",
  source: "kernel/rcu/tree.c",
  summary: "Waits until every RCU callback that is queued so far has run.",
  probed: false,
});

export const synchronize_srcu = operation({
  name: "synchronize_srcu",
  prototype: "void synchronize_srcu(struct srcu_struct *ssp)",
  source: "kernel/rcu/srcutree.c",
  summary: "Waits until every reader of one SRCU domain that was inside has left.",
  args: [pointer("srcu", "other", "%di", "the domain: kvm->srcu while memslots change")],
  probed: false,
});

export const kmem_cache_destroy = operation({
  name: "kmem_cache_destroy",
  prototype: "void kmem_cache_destroy(struct kmem_cache *s)",
  source: "mm/slab_common.c",
  summary: "Destroys a slab cache. Objects that are still allocated are reported, and the cache stays.",
  args: [
    pointer("cache", "other", "%di", "the cache; NULL is legal and does nothing"),
    value("name", "string", "s->name:string", "its name: kvm_gmem_inode_cache for the inodes of guest_memfd"),
  ],
  calls: ["rcu_barrier"],
  probed: false,
});
