/** Waiting for RCU readers, and the slab caches that cannot be destroyed before their last object is freed. */
import { operation, pointer, returnsPointer, value } from "./definition.js";

export const __kmem_cache_create_args = operation({
  name: "__kmem_cache_create_args",
  prototype:
    "struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int object_size, struct kmem_cache_args *args, slab_flags_t flags)",
  source: "mm/slab_common.c",
  summary: "Makes a slab cache; the function called by kmem_cache_create, which is a macro from 6.12 on.",
  traits: ["loose"],
  args: [
    value("name", "string", "+0(%di):string", "its name: kvm_gmem_inode_cache for the inodes of guest_memfd"),
    value(
      "object_size",
      "u32",
      "%si:u32",
      "size of an object, which differs from build to build",
      "bytes of a structure",
    ),
  ],
  result: returnsPointer(
    "cache",
    "cache",
    "NULL",
    "the cache, or an older one that it was merged with, or NULL when out of memory",
  ),
  probed: false,
  recorded: true,
});

export const rcu_barrier = operation({
  name: "rcu_barrier",
  prototype: "void rcu_barrier(void)",
  source: "kernel/rcu/tree.c",
  summary: "Waits until every RCU callback that is queued so far has run.",
  traits: ["told untouched"],
  returns: true,
  probed: false,
  recorded: true,
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
  traits: ["to its end"],
  args: [
    pointer("s", "cache", "%di", "the cache; NULL is legal and does nothing"),
    value("name", "string", "s->name:string", "its name: kvm_gmem_inode_cache for the inodes of guest_memfd"),
  ],
  calls: ["rcu_barrier"],
  probed: false,
  recorded: true,
  notes:
    "A cache with sheaves, as from 7.0 on nearly every one is that slub_debug leaves alone, waits for RCU callbacks itself, before it looks for objects.",
});
