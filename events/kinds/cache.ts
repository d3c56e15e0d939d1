import { addresses, event, kind, pointer, text } from "./definition.js";

export const cache = kind({
  name: "cache",
  plural: "slab caches",
  struct: "struct kmem_cache",
  source: "mm/slab.h",
  summary:
    "A slab cache that guest_memfd's init made. Its count says how many are one: the kernel merges what is alike.",
  count: { name: "refcount" },
  fields: {
    name: text("its name"),
    module: pointer("module", "the module on whose behalf it was made", { arrow: "of" }),
    destroyed: event("its `kmem_cache_destroy`", { became: "destroyed" }),
    left: addresses("where the inodes of it were that had not been handed back by then", { remembered: true }),
    barrier: event("the `rcu_barrier` inside of that", { remembered: true }),
  },
  named: { field: "name", inLabel: true, fromBirth: true },
  counted: false,
  arguments: ["s"],
  facts: ["of {module}"],
  drawn: { column: 4 },
});
