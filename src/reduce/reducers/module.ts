/** Modules: their references, and their exit from `kvm_exit` to `free_module`. */
import { ENDED_BY } from "../../../events/index.js";
import type { Frame } from "../calls.js";
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { File, Inode, KernelObject, Module, Mount, ObjectId, Superblock } from "../objects.js";
import { set } from "../transitions.js";
import type { World } from "../world.js";
import { reachable } from "./mount.js";

/** `enum module_state` (include/linux/module.h). */
const MODULE_STATE_LIVE = 0;
const MODULE_STATE_COMING = 1;
/** `refcnt` counts a base reference of the module loader's own (`MODULE_REF_BASE`, kernel/module/main.c). */
export const MODULE_REF_BASE = 1;
/** The module that holds guest_memfd's code. */
const CODE_MODULE = "kvm";

function named({ w, e }: Context, address: number, name: string): Module {
  let module = w.living("module", address, e);
  if (name !== "" && module.name === "") module = w.store.apply(module, set({ name }));
  if (module.name === CODE_MODULE) {
    w.codeModule = address;
    w.codeFreed = false;
    module = w.follow(module);
  }
  return w.touch(module, e);
}

/** Takes in that the init of a module sets up guest_memfd. */
function initialised({ w, e }: Context, address: number): Module {
  let module = w.follow(w.living("module", address, e));
  module = w.bornNow(module, e, module.count);
  module = w.store.apply(module, set({ ownsGmem: true }));
  w.gmemModule = module.id;
  return w.touch(module, e, "its init sets up guest_memfd");
}

function put({ w, e, stack }: Context, target: Module, refcnt: number | null): void {
  let module = target;
  const file = w.releasing(stack);
  const creating = stack.find("kvm_gmem_create");
  let index: number;
  let known = false;
  if (file) {
    index = w.referenceOf(module, file.id);
    known = file.gmem && w.since(file.made);
    if (index < 0 && !known) index = w.referenceOf(module, 0);
    if (index >= 0 && file.gmem) {
      const inode = w.store.get(file.inode, "inode");
      const release = stack.find("__fput")!.seq;
      module = w.store.apply(module, set({ unpinned: release }));
      w.facts({
        type: "module-unpinned",
        event: e,
        certain: w.since(release),
        module,
        file,
        inode,
        remaining: refcnt === null ? null : refcnt - 1 - MODULE_REF_BASE,
      });
    }
  } else {
    index = w.referenceOfCalls(module, stack);
    if (
      index < 0 &&
      creating &&
      w.shows("try_module_get") &&
      w.shows("try_module_get_ret") &&
      w.steadySince(module, creating.seq)
    )
      w.overput(stack, module, e);
    known = creating !== undefined && w.since(creating.seq);
    if (index < 0 && !known) index = w.referenceOf(module, 0);
  }
  const groundless =
    index < 0 && known && w.sees("try_module_get") && w.steadySince(module, file ? file.made : creating!.seq);
  const exhausted = refcnt !== null && refcnt <= lowest(w, index) && module.stage !== "exiting";
  // The last put finds no reference if another one put too often: that was reported then.
  const follows = exhausted && index >= 0 && w.overdrawn.has(module.id);
  if (groundless || (exhausted && !follows)) {
    w.overdrawn.add(module.id);
    const fact = {
      type: "put-without-get",
      event: e,
      certain: true,
      target: module,
      by: file ? w.label(file) : w.callerName(stack, e),
      observed: refcnt,
    } as const;
    if (exhausted) w.facts(fact);
    else w.factOnceShown(fact, "try_module_get", "try_module_get_ret", "kvm_gmem_create_ret");
  }
  w.settle(module, index);
}

/**
 * The count at which a put has no reference to put. delete_module(2) takes the loader's base reference away before it
 * looks, and gives it back if there are users: a count that is printed in between is one too low, and a reference in
 * the ledger outweighs it.
 */
function lowest(w: World, index: number): number {
  const whole = index < 0 && w.shows("__do_sys_delete_module") && !w.calls.isOpen("__do_sys_delete_module");
  return whole ? MODULE_REF_BASE : MODULE_REF_BASE - 1;
}

/**
 * True if a superblock lives, and its end would be seen, or that of its root inode, which ends with it.
 * (`deactivate_super` drops a reference that may not be the last.)
 */
function endWouldShow(w: World, superblock: ObjectId): boolean {
  const known = w.peek(superblock, "superblock");
  if (known?.stage !== "live") return false;
  return (
    w.sees("generic_shutdown_super") ||
    w.sees("kill_anon_super") ||
    (rootOf(w, known) !== undefined && w.sees("destroy_inode"))
  );
}

function mountsOf(w: World, superblock: Superblock): Mount[] {
  return [...w.store.live()].filter((o): o is Mount => o.kind === "mount" && o.superblock === superblock.id);
}

/** The root inode: the first, older than any file and than the mount (fs/libfs.c:pseudo_fs_fill_super). */
function rootOf(w: World, superblock: Superblock): Inode | undefined {
  for (const o of w.store.live()) {
    if (o.kind !== "inode" || o.superblock !== superblock.id || o.birth === 0) continue;
    return o.references.some(({ owner }) => w.peek(owner, "dentry")?.superblock === superblock.id) ? undefined : o;
  }
  return undefined;
}

/** True if a file is not known to have given back its reference on a module. */
function pins(w: World, module: Module, file: File): boolean {
  return w.referenceOf(module, file.id) >= 0;
}

/**
 * True if it is certain that an object lives while a module is freed. A module is freed only without references: an
 * object that lives by a file which seems to pin the module has ended unseen.
 */
function outlives(w: World, module: Module, o: KernelObject, files: readonly File[]): boolean {
  switch (o.kind) {
    case "file":
      return !pins(w, module, o);
    case "inode": {
      const own = files.filter((file) => file.inode === o.id);
      if (own.length > 0) return own.some((file) => !pins(w, module, file));
      if (o.stage !== "live") return false;
      const superblock = w.peek(o.superblock, "superblock");
      return superblock && rootOf(w, superblock)?.id === o.id
        ? outlives(w, module, superblock, files)
        : !reachable(w, o);
    }
    case "superblock": {
      const mounts = mountsOf(w, o);
      const on = files.filter((file) => mounts.some((mount) => mount.id === file.mount));
      if (on.length > 0) return on.some((file) => !pins(w, module, file));
      // It has lost its mount, and its root inode lives: a shutdown takes that along
      // (fs/super.c:generic_shutdown_super).
      return mounts.length > 0 || (rootOf(w, o)?.stage === "live" && w.sees("destroy_inode"));
    }
    case "vm":
      // All its owners ended; an untraced owner may hold it still.
      return (
        o.references.length > 0 &&
        o.references.every(({ owner, left }) => left !== undefined || (owner > 0 && !w.store.any(owner)))
      );
    default:
      return true;
  }
}

/**
 * The objects that need a module: made on its behalf or by its init, and not torn down. An inode that waits for its RCU
 * callback is judged when the callback runs, because a callback can also go unseen.
 */
function needing(w: World, module: Module): { live: KernelObject[]; mounts: Mount[] } {
  const live: KernelObject[] = [];
  const mounts: Mount[] = [];
  const code = module.name === CODE_MODULE;
  for (const o of w.store.live()) {
    if (!o.focus || w.outlived.has(o.id)) continue;
    const mine = code || ("module" in o && o.module === module.id);
    // An object that was met before events were lost may have ended among those.
    if (!mine || !w.since(o.met)) continue;
    if (o.kind === "inode" && o.module !== 0 && (o.stage === "live" || o.stage === "evicting" || o.stage === "cleared"))
      live.push(o);
    else if (
      o.kind === "file" &&
      o.gmem &&
      o.stage !== "released" &&
      (o.stage !== "releasing" || (o.mount !== 0 && w.sees("mntput") && w.store.any(o.inode)))
    )
      live.push(o);
    else if (o.kind === "superblock" && o.module !== 0 && o.stage === "live") live.push(o);
    else if (o.kind === "vm" && code && o.birth && o.stage === "live") live.push(o);
    else if (o.kind === "mount" && o.module !== 0 && o.unmounted === 0) mounts.push(o);
  }
  return { live, mounts };
}

/** Judges what a module made and did not take down, at `free_module` or when its init failed. */
function exited({ w, e }: Context, module: Module, how: "exit" | "failed init", exit: number): void {
  const { live, mounts } = needing(w, module);
  w.refute(module, "kept");
  // An unmount without a probe of its own shows in the superblock's end.
  const shownBySuper = ({ superblock }: Mount): boolean =>
    (superblock !== 0 && w.sees("deactivate_super")) || endWouldShow(w, superblock);
  const mounted = mounts.filter((mount) => w.sees("kern_unmount") || shownBySuper(mount));
  const exiting = { type: "module-exited", event: e, certain: true, module, how, exit, live: [] } as const;
  for (const mount of mounts)
    if (!mounted.includes(mount)) w.factUnless("kern_unmount", { ...exiting, mounts: [mount] });
  const files =
    how === "exit"
      ? [...w.store.live()].filter((o): o is File => o.kind === "file" && o.focus && o.stage !== "released")
      : [];
  const shown = live.filter((o) => (o.kind === "superblock" ? endWouldShow(w, o.id) : w.sees(ENDED_BY[o.kind]!)));
  const certain = how === "exit" ? shown.filter((o) => outlives(w, module, o, files)) : shown;
  // A module is freed without references: a file that is said to pin it has been released unseen.
  const pinning: KernelObject[] = files.filter((file) => pins(w, module, file));
  // The module of guest_memfd's code is not freed before those that depend on it, either.
  const vendor = w.peek(w.gmemModule, "module");
  if (how === "exit" && module.name === CODE_MODULE && vendor && vendor.id !== module.id) pinning.push(vendor);
  w.facts({ ...exiting, certain: pinning.length === 0, live: certain, mounts: mounted });
  if (pinning.length > 0) w.missed(Math.min(...pinning.map(({ met }) => met)), e);
  // Reported once: objects that outlived this module outlive those under it too.
  for (const o of [...live, ...mounts]) w.outlived.add(o.id);
}

export const moduleReducers = {
  try_module_get: {
    entry(c) {
      const { w, e, frame } = c;
      if (e.module === 0) return;
      let module = named(c, e.module, e.name);
      if (!e.isFault(3) && e.state === MODULE_STATE_COMING && module.birth === 0 && module.met === e.seq) {
        module = w.store.apply(module, set({ stage: "coming" }));
        module = w.bornNow(module, e, e.isFault(2) ? null : e.refcnt);
      }
      if (!e.isFault(3) && e.state === MODULE_STATE_LIVE && module.stage === "coming")
        module = w.store.apply(module, set({ stage: "live" }));
      if (!e.isFault(2)) module = w.observe(module, e.refcnt, e);
      if (frame) frame.subject = module.id;
    },
    return({ w, e, stack, frame }) {
      const module = frame && w.store.get(frame.subject, "module");
      if (!module || e.ok === 0) return;
      w.hold(module, w.callOwner(stack), e, "try_module_get");
    },
  },
  module_put: {
    entry(c) {
      const { w, e } = c;
      if (e.module === 0) return;
      const refcnt = e.isFault(2) ? null : e.refcnt;
      let module = named(c, e.module, e.name);
      if (refcnt !== null) module = w.observe(module, refcnt, e);
      put(c, module, refcnt);
    },
  },
  do_init_module: {
    entry(c) {
      const { e } = c;
      named(c, e.module, e.name);
    },
  },
  free_module: {
    entry(c) {
      const { w, e } = c;
      const module = w.at("module", e.module) ?? w.living("module", e.module, e);
      if (module.death) {
        w.facts({ type: "freed-twice", event: e, certain: w.since(module.death), object: module, first: module.death });
        return;
      }
      const touched = w.touch(module, e, "freed");
      if (module.focus) exited(c, touched, "exit", w.exits.get(e.taskId) ?? 0);
      w.exits.delete(e.taskId);
      if (w.gmemModule === module.id) w.gmemModule = 0;
      const freed = w.store.apply(touched, set({ stage: "freed" }));
      w.died(freed, e);
      if (e.module === w.codeModule) w.codeFreed = true;
      if (freed.focus) w.gone.set(freed.id, w.at("module", e.module) ?? freed);
    },
  },
  kvm_init: {
    entry({ w }) {
      // Its code runs, so that the module is loaded, at an address of its own.
      if (w.codeFreed) w.codeModule = 0;
      w.codeFreed = false;
    },
    return(c) {
      const { w, e, frame } = c;
      const module = frame && w.store.get(frame.subject, "module");
      if (!module) return;
      if (e.err === 0) w.store.apply(module, set({ stage: "live" }));
      else {
        exited(c, module, "failed init", 0);
        // No exit will run, so that none runs past an inode that still waits for its callback.
        for (const o of w.store.live()) {
          if (o.kind === "inode" && o.focus && o.module === module.id && o.stage === "destroyed") w.outlived.add(o.id);
        }
      }
    },
  },
  kvm_gmem_init: {
    entry(c) {
      const { e, stack, frame } = c;
      if (e.module === 0) return;
      const module = initialised(c, e.module);
      if (frame) frame.subject = module.id;
      const init: Frame | undefined = stack.find("kvm_init");
      if (init) init.subject = module.id;
    },
  },
  kvm_exit: {
    entry({ w, e }) {
      w.exits.set(e.taskId, e.seq);
      const module = w.store.get(w.gmemModule, "module");
      if (module) w.touch(w.store.apply(module, set({ stage: "exiting" })), e, "its exit begins");
    },
  },
  kvm_gmem_exit: {
    entry({ w, e }) {
      const module = w.store.get(w.gmemModule, "module");
      if (module) w.touch(module, e, "its exit tears guest_memfd down");
    },
  },
} satisfies Reducers;
