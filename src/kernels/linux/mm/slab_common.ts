/** mm/slab_common.c: slab caches from creation to destruction. Allocations are modelled with the objects. */
import { allocate, enter, leave, store } from "../../../simulate/step.js";
import type { FunctionTable } from "../../kernel.js";

export const slabCommon = {
  *kmem_cache_create(name, object_size) {
    yield enter("__kmem_cache_create_args", { name, object_size });
    const pointer = yield allocate("kmem_cache", `kmem_cache_create("${name}")`);
    const s = pointer ? this.structs.at("kmem_cache", pointer) : null;
    if (s) yield store("s->name = name", [s.name, this.words.number(name)]);
    yield leave("__kmem_cache_create_args", s);
    return s;
  },

  *kmem_cache_destroy(s) {
    yield enter("kmem_cache_destroy", { s, name: this.words.word(this.get(s.name)) });
    yield* this.kvfree_rcu_barrier_on_cache(s);
    yield* this.__kmem_cache_shutdown(s);
    yield store("kmem_cache_release(s)", [s.freed, 1]);
  },

  /** Waits for the objects that kfree_rcu has queued; no object of the model is freed by it. */
  *kvfree_rcu_barrier_on_cache(_s) {},

  /** mm/slub.c: looks for objects that are left. A real kernel reports them; what it does next is the same. */
  *__kmem_cache_shutdown(_s) {},
} satisfies FunctionTable;
