/** Inodes, from their allocation to the RCU callback that hands their memory back (fs/inode.c, fs/libfs.c). */
import type { AddressId } from "../../log/batch.js";
import type { View } from "../../log/view.js";
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { Inode, Superblock } from "../objects.js";
import { counted, set, trailOf } from "../transitions.js";
import { mounted } from "./mount.js";
import { backToCache, ofCache } from "./slab.js";
import type { World } from "../world.js";

/** Takes in an inode that an allocator returns: it is new, unless an inner allocator returned it already. */
function allocated({ w, e, stack, frame }: Context, address: AddressId, by: string): Inode | undefined {
  if (address === 0 || w.addresses.isError(address)) {
    if (frame) w.passUp(frame, stack);
    return undefined;
  }
  const owner = w.callOwner(stack);
  const known = w.at("inode", address);
  // The inner allocator's inode is the caller's already if the entry is not in the recording.
  if (known && known.death === 0 && (frame ?? owner)?.born.includes(known.id)) {
    if (frame) w.passUp(frame, stack);
    return w.touch(known, e);
  }
  let inode = w.born("inode", address, e, 0);
  const creating = stack.find("kvm_gmem_create");
  const superblock = frame && w.store.get(frame.subject, "superblock");
  if (superblock) inode = w.store.apply(inode, set({ superblock: superblock.id }));
  if ((creating && by !== "new_inode") || superblock?.module) {
    inode = w.follow(inode);
    const module = superblock?.module || w.gmemModule;
    if (module) inode = w.store.apply(inode, set({ module }));
    if (superblock) w.follow(superblock);
  }
  inode = w.hold(inode, owner, e, by);
  if (owner) owner.born.push(inode.id);
  return w.touch(inode, e, "allocated, i_count 1");
}

/** Takes in the superblock for which an allocator is called. */
function forSuperblock({ w, e, stack, frame }: Context, address: AddressId): Superblock | undefined {
  if (address === 0) return undefined;
  const last = w.at("superblock", address);
  if (last?.death && stack.find("kvm_gmem_create"))
    w.facts({
      type: "touched-dead",
      event: e,
      certain: w.since(last.death) && w.shows("new_inode") && w.shows("kern_mount"),
      object: last,
      operation: e.point!.operation.name,
    });
  const superblock = w.living("superblock", address, e);
  if (frame) frame.subject = superblock.id;
  return w.touch(superblock, e);
}

/** Takes in an operation on an inode, and returns the inode, unless it is to be left alone. */
function known(c: Context, address: AddressId): Inode | undefined {
  const { w, e } = c;
  if (address === 0) return undefined;
  const inode = w.at("inode", address);
  if (inode && inode.death === 0) {
    if (inode.stage !== "destroyed" || !inode.focus || stillItsOwn(c, inode)) return w.touch(inode, e);
    // The memory may be another inode's by now: the callback that handed it back went unseen.
    w.died(inode, e);
    return undefined;
  }
  if (inode?.focus) reused(c, inode);
  return w.everything ? w.living("inode", address, e) : undefined;
}

/** Takes in a step of `destroy_inode` itself, and returns the inode. */
function beingDestroyed({ w, e }: Context, address: number): Inode | undefined {
  const inode = w.at("inode", address);
  return inode && inode.death === 0 ? w.touch(inode, e) : undefined;
}

/**
 * Judges an operation at the address of an inode of guest_memfd that was freed. The slab may have given the memory to
 * an untraced allocation, so only inodes of kernels with a cache for guest_memfd's inodes are judged.
 */
function reused(c: Context, inode: Inode): void {
  const { w, e } = c;
  if (!inode.ownFree) return;
  const certain = w.since(inode.death) && birthsShow(w) && !anothers(c);
  w.facts({ type: "touched-dead", event: e, certain, object: inode, operation: e.point!.operation.name });
}

/**
 * True if an event at the address of an inode that ended shows that it is another by now, whose birth went unseen: it
 * prints a count other than 0, at which the last put left the former. An event without a count is part of a put with
 * one.
 */
function anothers({ w, e, stack }: Context): boolean {
  const { name } = e.point!.operation;
  if (name === "iput" || name === "ihold") return !e.isFault(1) && (e as View<"iput" | "ihold">).i_count > 0;
  return w.sees("iput") && (stack.find("iput") !== undefined || name === "security_inode_init_security_anon");
}

/** True if the allocation of an inode from guest_memfd's own cache would be seen. */
function birthsShow(w: World): boolean {
  return (
    w.shows("alloc_anon_inode") &&
    w.shows("alloc_anon_inode_ret") &&
    (w.shows("kvm_gmem_alloc_inode_ret") || w.shows("new_inode_ret"))
  );
}

/**
 * True if the memory of an inode that waits for its grace period is still its own: no callback has run since, or the
 * birth of any inode that its cache gives the memory to would be seen. (A probe can miss a callback, so that the memory
 * is another's.)
 */
function stillItsOwn({ w, e, stack }: Context, inode: Inode): boolean {
  if (!w.since(inode.pendingRcu)) return false;
  // A put prints the superblock: another inode of one that is guest_memfd's own would have been seen to be made.
  const superblock = w.store.get(inode.superblock, "superblock");
  if (
    e.point!.operation.name === "iput" &&
    superblock?.module &&
    w.shows("alloc_anon_inode_ret") &&
    w.at("superblock", (e as View<"iput">).sb)?.id === superblock.id
  )
    return true;
  // Within the call that destroyed it, no grace period passes.
  const creating = stack.find("kvm_gmem_create");
  if (creating && creating.seq < inode.pendingRcu) return true;
  return (w.sees("i_callback") && w.rcu.ran < inode.pendingRcu) || (inode.ownFree && birthsShow(w));
}

/** Judges an operation that must not come after `destroy_inode` has begun. True if the inode still lives. */
function alive(c: Context, inode: Inode): boolean {
  const { w, e } = c;
  if (inode.stage !== "destroyed") return true;
  // An inode that is not followed is the same one only if a put at zero says so.
  if (!inode.focus && w.strangers && e.point!.operation.name === "iput" && !anothers(c)) return true;
  const certain = stillItsOwn(c, inode) && !anothers(c);
  if (inode.focus)
    w.facts({ type: "touched-dead", event: e, certain, object: inode, operation: e.point!.operation.name });
  return false;
}

function put(c: Context, inode: Inode, observed: number | null): Inode {
  const { w, e, stack } = c;
  const dput = stack.find("dput");
  const dentry = dput && w.store.get(dput.subject, "dentry");
  const creating = stack.find("kvm_gmem_create");
  let index = -1;
  const dropped = dentry?.inode === inode.id ? dentry : undefined;
  if (dropped) {
    index = w.referenceOf(inode, dropped.id);
    w.died(w.touch(dropped, e, "drops its inode"), e);
  }
  if (index < 0) index = w.referenceOfCalls(inode, stack);
  const known =
    creating !== undefined &&
    inode.birth > creating.seq &&
    w.since(creating.seq) &&
    w.sees("ihold") &&
    w.sees("dput") &&
    w.steadySince(inode, creating.seq);
  // The call puts a reference on an inode of its own that passed to another owner, or whose taking has no probe.
  if (index < 0 && !known && creating && inode.birth > creating.seq) {
    w.facts({ type: "put-without-get", event: e, certain: false, target: inode, by: w.callerName(stack, e), observed });
  }
  if (index < 0 && !known) index = w.referenceOf(inode, 0);
  // If dput has no probe, or is inlined (shrinking a dying superblock), the put shows that the dentry dropped it.
  if (index < 0 && !known) index = lastOfDentry(c, inode);
  if (index < 0 && known) w.overput(stack, inode, e);
  if (!inode.focus && observed !== null) w.strangers?.judged(inode.id);
  const atZero = observed !== null && observed <= 0 && (inode.focus || w.strangers !== undefined);
  if ((index < 0 && known) || atZero) {
    w.facts({
      type: "put-without-get",
      event: e,
      certain: true,
      target: inode,
      by: dropped ? w.label(dropped) : w.callerName(stack, e),
      observed,
    });
  }
  return w.settle(inode, index);
}

/** The index of the reference of the inode's dentry, which ends here, or for a root that of the superblock; else -1. */
function lastOfDentry({ w, e }: Context, inode: Inode): number {
  for (let i = inode.references.length - 1; i >= 0; i--) {
    const owner = w.store.any(inode.references[i]!.owner);
    if (owner?.kind === "superblock") return i;
    const dentry = owner?.kind === "dentry" ? owner : undefined;
    if (!dentry) continue;
    w.died(w.touch(dentry, e, "drops its inode"), e);
    return i;
  }
  return -1;
}

function evicted(c: Context, inode: Inode, pages: number): Inode {
  const { w, e } = c;
  if (inode.stage !== "live" && alive(c, inode))
    w.facts({
      type: "freed-twice",
      event: e,
      certain: w.since(inode.met) && w.sees("destroy_inode") && birthsShow(w),
      object: inode,
      first: trailOf(inode).find((s) => w.points.points[s.point]?.operation.name === "evict")?.seq ?? inode.met,
    });
  const now = w.store.apply(w.store.apply(inode, set({ stage: "evicting" })), set({ pages }));
  return w.touch(now, e, `evicted with ${pages} page${pages === 1 ? "" : "s"}`);
}

/** Takes in that an inode's memory is handed back: it ends with the first of its callback and its `free_inode`. */
function handedBack({ w, e }: Context, inode: Inode, by: "callbacks" | "frees", again: number): void {
  if (again > 0) {
    if (inode.focus)
      w.facts({
        type: "freed-twice",
        event: e,
        certain: w.since(inode.met) && (!inode.ownFree || birthsShow(w)),
        object: inode,
        first: inode.death,
      });
    return;
  }
  const module = w.gone.get(inode.module);
  if (module && inode.met < module.death && inode.ownFree && !w.outlived.has(inode.id)) {
    // The exit destroyed the cache that the memory goes back to: it ran to its end while the inode waited.
    w.outlived.add(inode.id);
    w.facts({
      type: "module-exited",
      event: e,
      certain: w.since(module.death),
      module,
      how: "exit",
      exit: module.death,
      live: [inode],
      mounts: [],
    });
  }
  let now = w.store.apply(
    w.store.apply(w.touch(inode, e, "memory handed back"), counted(by, 1)),
    set({ pendingRcu: 0 }),
  );
  now = w.store.apply(now, set({ stage: "freed" }));
  w.rcu.done(now);
  w.died(now, e);
}

export const inodeReducers = {
  alloc_anon_inode: {
    entry: (c) => void forSuperblock(c, c.e.sb),
    return: (c) => void allocated(c, c.e.inode, "alloc_anon_inode"),
  },
  new_inode: {
    entry(c) {
      const { e, stack, frame } = c;
      const superblock = forSuperblock(c, e.sb);
      const mounting = stack.find("kern_mount");
      if (superblock && mounting && frame) frame.subject = mounted(c, superblock, mounting).id;
    },
    return: (c) => void allocated(c, c.e.inode, "new_inode"),
  },
  kvm_gmem_alloc_inode: {
    entry(c) {
      const { w, e } = c;
      const superblock = forSuperblock(c, e.sb);
      if (superblock && !superblock.module && w.gmemModule)
        w.store.apply(
          w.follow(superblock),
          set({ fsName: superblock.fsName, magic: superblock.magic, module: w.gmemModule }),
        );
    },
    return(c) {
      const { w, e } = c;
      const inode = allocated(c, e.inode, "kvm_gmem_alloc_inode");
      if (inode) ofCache(w, w.store.apply(inode, set({ ownFree: true })));
    },
  },
  anon_inode_make_secure_inode: { return: (c) => passed(c, c.e.inode) },
  alloc_anon_secure_inode: { return: (c) => passed(c, c.e.inode) },
  kvm_gmem_inode_make_secure_inode: { return: (c) => passed(c, c.e.inode) },
  security_inode_init_security_anon: {
    entry: (c) => void known(c, c.e.inode),
  },
  ihold: {
    entry(c) {
      const { w, e, stack } = c;
      let inode = known(c, e.inode);
      if (!inode || !alive(c, inode)) return;
      if (!e.isFault(1)) inode = w.observe(inode, e.i_count, e);
      w.hold(inode, w.callOwner(stack), e, "ihold");
    },
  },
  iput: {
    entry(c) {
      const { w, e, stack, frame } = c;
      const sb = e.sb;
      let inode = known(c, e.inode);
      if (inode?.stage === "destroyed" && inode.superblock && sb && w.at("superblock", sb)?.id !== inode.superblock) {
        // The memory is that of another superblock's inode: the callback went unseen.
        w.died(inode, e);
        return;
      }
      if (!inode) {
        // It may be an inode of guest_memfd's own superblock that was made before the recording began.
        const superblock = e.inode && sb ? w.at("superblock", sb) : undefined;
        if (!superblock || superblock.death || !superblock.module) return;
        const gone = w.at("inode", e.inode);
        if (gone?.death && gone.superblock === superblock.id && !gone.ownFree) {
          const certain = w.since(gone.death) && gone.callbacks + gone.frees > 0 && birthsShow(w) && !anothers(c);
          w.facts({ type: "touched-dead", event: e, certain, object: gone, operation: "iput" });
          if (certain) return;
        }
        inode = w.touch(w.store.apply(w.follow(w.living("inode", e.inode, e)), set({ superblock: superblock.id })), e);
      }
      if (frame) frame.subject = inode.id;
      const observed = e.isFault(1) ? null : e.i_count;
      if (!alive(c, inode)) {
        const certain = stillItsOwn(c, inode) && !anothers(c);
        if (inode.focus)
          w.facts({ type: "put-without-get", event: e, certain, target: inode, by: w.callerName(stack, e), observed });
        if (inode.references.length === 0) w.overput(stack, inode, e);
        return;
      }
      if (!e.isFault(2) && inode.nlink !== e.i_nlink) inode = w.store.apply(inode, set({ nlink: e.i_nlink }));
      if (observed !== null) inode = w.observe(inode, observed, e);
      put(c, inode, observed);
    },
  },
  evict: {
    entry(c) {
      const { w, e, frame } = c;
      const inode = known(c, e.inode);
      if (frame) frame.address = e.inode;
      if (!inode) return;
      if (frame) frame.subject = inode.id;
      w.codeNeeded(inode, e);
      w.refute(inode, "kept");
      evicted(c, inode, Number(e.nrpages));
    },
  },
  clear_inode: {
    entry(c) {
      const { w, e } = c;
      const inode = known(c, e.inode);
      if (inode && alive(c, inode)) w.store.apply(inode, set({ stage: "cleared" }));
    },
  },
  destroy_inode: {
    entry(c) {
      const { w, e, frame } = c;
      const inode = known(c, e.inode);
      if (!inode) {
        w.rcu.pendingAddress(e.inode);
        return;
      }
      if (frame) frame.subject = inode.id;
      if (inode.stage === "destroyed") {
        if (inode.focus)
          w.facts({
            type: "freed-twice",
            event: e,
            certain: stillItsOwn(c, inode),
            object: inode,
            first: inode.pendingRcu,
          });
        return;
      }
      const now = w.store.apply(w.store.apply(inode, set({ stage: "destroyed" })), set({ pendingRcu: e.seq }));
      w.rcu.pending(w.touch(now, e, "waits for an RCU grace period"));
    },
  },
  __destroy_inode: { entry: (c) => void beingDestroyed(c, c.e.inode) },
  kvm_gmem_destroy_inode: {
    entry(c) {
      const { w, e, stack } = c;
      const inode = beingDestroyed(c, e.inode);
      if (inode && !inode.ownFree) w.store.apply(inode, set({ ownFree: true }));
      if (inode?.stage !== "live" || !(stack.find("alloc_anon_inode") ?? stack.find("new_inode"))) return;
      // Its allocator could not finish it (fs/inode.c:alloc_inode): no other code has seen it, so that it is freed
      // without a grace period.
      const now = w.settle(inode, w.referenceOfCalls(inode, stack));
      w.store.apply(w.touch(now, e, "given up by its allocator"), set({ stage: "destroyed" }));
    },
  },
  i_callback: {
    entry(c) {
      const { w, e } = c;
      const inode = w.rcu.inodeOf(e.head, e.seq);
      if (inode) handedBack(c, inode, "callbacks", inode.callbacks);
    },
  },
  free_inode_nonrcu: {
    entry: (c) => freed(c, c.e.inode),
  },
  kvm_gmem_free_inode: {
    entry: (c) => freed(c, c.e.inode),
  },
} satisfies Reducers;

/** Takes in a `free_inode`, which runs from the RCU callback, and shows the end where the callback has no probe. */
function freed(c: Context, address: AddressId): void {
  const { w, e } = c;
  w.rcu.learn(address);
  const inode = w.at("inode", address);
  if (!inode) return;
  if (inode.cache) backToCache(c, inode);
  if (inode.death === 0 || inode.frees > 0) {
    if (inode.stage === "destroyed" || inode.death) handedBack(c, inode, "frees", inode.frees);
    return;
  }
  w.remember(w.store.apply(w.store.apply(inode, counted("frees", 1)), set({ pendingRcu: 0 })));
  w.observer.touched?.(inode, e, "");
}

/** Takes in the return of a function that passes on the inode of an allocator inside it. */
function passed(c: Context, address: AddressId): void {
  const { w, stack, frame } = c;
  if (frame) w.passUp(frame, stack);
  if (!w.addresses.isError(address)) known(c, address);
}
