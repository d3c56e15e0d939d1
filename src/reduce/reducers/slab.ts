/**
 * Slab caches (mm/slab_common.c): the one that guest_memfd's init makes, for its inodes. It is known by its maker and
 * its address, not by its name.
 */
import type { AddressId } from "../../log/batch.js";
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { Cache, Inode, Module } from "../objects.js";
import { observed, set } from "../transitions.js";
import type { World } from "../world.js";

/**
 * The events that show guest_memfd's cache handing out an inode and getting it back: without either, it is not judged.
 */
const HANDED_OUT = "kvm_gmem_alloc_inode_ret";
const HANDED_BACK = "kvm_gmem_free_inode";

/** Takes in an inode of guest_memfd's own allocator: its memory is of the cache that guest_memfd's init made. */
export function ofCache(w: World, inode: Inode): void {
  const module = w.store.get(inode.module || w.gmemModule, "module");
  const cache = module && w.store.get(module.cache, "cache");
  if (cache) w.store.apply(w.follow(inode), set({ cache: cache.id, cacheAddress: cache.address }));
}

/**
 * Takes in a `free_inode`, which hands an inode's memory back to its cache. It proves that the inode still waited when
 * the cache was destroyed; no earlier event does, as a probe can also miss a callback.
 */
export function backToCache({ w, e }: Context, inode: Inode): void {
  const cache = w.at("cache", inode.cacheAddress);
  if (cache && cache.id === inode.cache && cache.death !== 0 && inode.frees === 0) {
    const { destroyed } = cache;
    w.facts({ type: "cache-destroyed", event: e, certain: w.since(cache.birth), cache, destroyed, inodes: [inode] });
  }
  // Its destruction went unseen.
  if (inode.death === 0 && inode.stage !== "destroyed") w.store.apply(inode, set({ cache: 0, cacheAddress: 0 }));
}

/** True if no inode that it handed out can have been missed. */
function knownWhole(w: World, cache: Cache): boolean {
  return w.since(cache.birth) && w.store.get(cache.module, "module")?.cache === cache.id;
}

/** The addresses of a cache's inodes whose memory was not handed back. */
function inodesOf(w: World, cache: Cache): AddressId[] {
  const addresses: AddressId[] = [];
  for (const o of w.store.live()) if (o.kind === "inode" && o.cache === cache.id) addresses.push(o.address);
  return addresses;
}

function made({ w, e }: Context, module: Module, address: AddressId, name: string, again: boolean): void {
  const cache = w.store.apply(w.follow(w.born("cache", address, e, 1)), set({ name, module: module.id }));
  w.touch(cache, e, "made");
  // If it made several, no event says which one the inodes are of.
  w.store.apply(module, set({ cache: again ? 0 : cache.id }));
}

/** Judges a cache that has looked for remaining objects, after it waited for all that it waits for. */
function destroyed({ w, e }: Context, cache: Cache): void {
  const { destroyed } = cache;
  const left = cache.left.flatMap((address) => w.at("inode", address) ?? []).filter((o) => o.cache === cache.id);
  const living = left.filter(({ death, stage }) => death === 0 && stage !== "destroyed");
  const waiting = left.some(({ death, stage }) => death === 0 && stage === "destroyed");
  // Without a barrier, their callbacks ran before the look only by chance.
  const unawaited = cache.barrier === 0 ? left.filter(({ death, frees }) => death !== 0 && frees > 0) : [];
  const inodes = [...living, ...unawaited];
  const fact = { type: "cache-destroyed", event: e, certain: knownWhole(w, cache), cache, destroyed, inodes } as const;
  const rests = [HANDED_OUT, HANDED_BACK, "destroy_inode", ...(unawaited.length > 0 ? ["rcu_barrier"] : [])];
  // Events that the recording has not shown so far may be missing here, and waiting inodes may be handed back already.
  if (!rests.every((event) => w.shows(event)) || (inodes.length === 0 && waiting)) w.facts({ ...fact, certain: false });
  if (inodes.length > 0 || !waiting) w.factOnceShown(fact, ...rests);
  w.died(cache, e);
}

export const slabReducers = {
  __kmem_cache_create_args: {
    entry({ e, frame }) {
      if (frame && !e.isFault(0)) frame.text = e.name;
    },
    return(c) {
      const { w, e, stack, frame } = c;
      if (e.cache === 0 || w.addresses.isError(e.cache)) return;
      const init = stack.find("kvm_gmem_init");
      const module = init && w.store.get(init.subject, "module");
      if (init && module) {
        made(c, module, e.cache, frame?.text ?? "", init.number > 0);
        init.number++;
        return;
      }
      const merged = w.at("cache", e.cache);
      if (!merged || merged.death) return;
      w.touch(w.store.apply(merged, observed(merged.count! + 1, 0)), e, "another is merged into it");
    },
  },
  kmem_cache_destroy: {
    entry({ w, e, frame }) {
      const cache = w.at("cache", e.s);
      if (!cache || cache.death || cache.destroyed) return;
      const count = cache.count! - 1;
      const now = w.store.apply(cache, observed(count, 0));
      if (count > 0) return void w.touch(now, e, "stays: others are merged into it");
      w.touch(w.store.apply(now, set({ destroyed: e.seq, left: inodesOf(w, now) })), e, "destroyed");
      if (frame) frame.subject = cache.id;
    },
    /**
     * The next event of its task comes after its look for remaining objects, and after all waits before the look.
     */
    end(c) {
      const { w, frame } = c;
      const cache = w.store.get(frame.subject, "cache");
      if (cache) destroyed(c, cache);
    },
  },
  rcu_barrier: {
    entry({ w, e, stack }) {
      const cache = w.store.get(stack.find("kmem_cache_destroy")?.subject ?? 0, "cache");
      if (!cache || cache.barrier) return;
      w.touch(w.store.apply(cache, set({ barrier: e.seq })), e, "waits for RCU callbacks");
    },
  },
} satisfies Reducers;
