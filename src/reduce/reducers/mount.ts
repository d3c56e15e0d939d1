/** Mounts and superblocks: `kern_mount` to `kill_anon_super` (fs/namespace.c, fs/super.c). */
import type { Frame } from "../calls.js";
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { File, Inode, Mount, Superblock } from "../objects.js";
import { observed, set } from "../transitions.js";
import type { World } from "../world.js";
import { released } from "./file.js";

/** Takes in an inode of a superblock inside `kern_mount`: the first is its root, and the superblock is new. */
export function mounted(c: Context, superblock: Superblock, mounting: Frame): Superblock {
  const { w, e } = c;
  if (mounting.other || superblock.birth > mounting.seq) return superblock;
  // A superblock that lived at the address before is over, seen to end or not.
  let sb = superblock.birth ? w.born("superblock", superblock.address, e, 1) : superblock;
  const module = mountingModule(c);
  if (module || superblock.focus) sb = w.follow(sb);
  // s_active is 1, the file system context's, until the mount has its own (fs/super.c:alloc_super).
  sb = w.bornNow(sb, e, 1);
  sb = w.store.apply(sb, set({ fsName: mounting.text, magic: mounting.number || null, module }));
  mounting.other = sb.id;
  return w.touch(sb, e, `superblock of ${mounting.text || "?"}`);
}

/** The module whose init the stack is inside of, or whose file is being created: it owns what is mounted then. */
function mountingModule({ w, stack }: Context): number {
  return (
    stack.find("kvm_gmem_init")?.subject ||
    stack.find("kvm_init")?.subject ||
    (stack.find("kvm_gmem_create") ? w.gmemModule : 0)
  );
}

function known({ w, e, stack }: Context, address: number): Mount | undefined {
  if (address === 0) return undefined;
  const mount = w.at("mount", address);
  if (mount && mount.death === 0) return w.touch(mount, e);
  return stack.find("kvm_gmem_create") || w.everything ? w.living("mount", address, e) : undefined;
}

function put({ w, e, stack }: Context, mount: Mount): Mount {
  const file = w.releasing(stack);
  let index = file && file.mount === mount.id ? w.referenceOf(mount, file.id) : -1;
  if (index < 0) index = w.referenceOfCalls(mount, stack);
  if (index < 0) index = w.referenceOf(mount, 0);
  if (index < 0 && file?.gmem && file.mount === mount.id && w.since(file.made) && w.sees("mntget"))
    w.facts({ type: "put-without-get", event: e, certain: true, target: mount, by: w.label(file), observed: null });
  return w.settle(mount, index);
}

/** True if the file's dentry was put, as far as the recording can show: `__fput` puts only the mount after that. */
function dentryPut(w: World, file: File): boolean {
  const dentry = w.store.get(file.dentry, "dentry");
  return dentry === undefined || w.referenceOf(dentry, file.id) < 0 || !w.sees("dput");
}

function superblockOf({ w, e }: Context, address: number): Superblock | undefined {
  const superblock = address ? w.at("superblock", address) : undefined;
  return superblock && superblock.death === 0 ? w.touch(superblock, e) : undefined;
}

/** True if a living dentry holds the inode, by which, or by a file of which, it can still be reached. */
export function reachable(w: World, inode: Inode): boolean {
  return inode.references.some(({ owner }) => w.peek(owner, "dentry") !== undefined);
}

function inodesOf(w: World, superblock: Superblock): Inode[] {
  const inodes: Inode[] = [];
  for (const o of w.store.live())
    if (
      o.kind === "inode" &&
      o.focus &&
      o.superblock === superblock.id &&
      o.stage === "live" &&
      w.since(o.met) &&
      !w.outlived.has(o.id)
    )
      inodes.push(o);
  return inodes;
}

export const mountReducers = {
  kern_mount: {
    entry(c) {
      const { w, e, frame } = c;
      const module = mountingModule(c);
      let type = w.living("fs_type", e.type, e);
      type = w.store.apply(type, set({ name: e.name, module }));
      if (module) type = w.follow(type);
      w.touch(type, e);
      if (!frame) return;
      frame.text = e.name;
      frame.subject = type.id;
    },
    return(c) {
      const { w, e, stack, frame } = c;
      const root = frame && w.store.get(frame.born.find((id) => w.store.any(id)?.kind === "inode") ?? 0, "inode");
      const unheld = root ? w.referenceOfCalls(root, stack, frame) : -1;
      // It is the root dentry's, and so the superblock's: where d_make_root is inlined, no probe shows it being passed.
      if (root && unheld >= 0 && frame.other) w.pass(root, root.references[unheld]!.owner, frame.other);
      if (frame) w.passUp(frame, stack);
      if (e.mnt === 0 || w.addresses.isError(e.mnt)) return;
      const module = mountingModule(c);
      const early = w.at("mount", e.mnt);
      let mount =
        early && early.death === 0 && frame && early.met > frame.seq
          ? w.bornNow(early, e, 0)
          : w.born("mount", e.mnt, e, 0);
      const superblock = frame && w.store.get(frame.other, "superblock");
      mount = w.store.apply(mount, set({ superblock: superblock?.id ?? 0, fsName: frame?.text ?? "", module }));
      if (module) mount = w.follow(mount);
      mount = w.holdBy(mount, module, e, "kern_mount");
      mount = w.touch(mount, e, `mounted ${frame?.text ?? ""}`);
      if (superblock)
        w.touch(
          w.holdBy(w.store.apply(superblock, observed(0, 0)), mount.id, e, "vfs_create_mount"),
          e,
          "s_active 1, held by the mount",
        );
    },
  },
  init_pseudo: {
    entry({ e, stack }) {
      const mounting = stack.find("kern_mount");
      if (mounting) mounting.number = Number(e.magic);
    },
  },
  vfs_create_mount: {
    return({ w, e, stack, frame }) {
      if (frame) w.passUp(frame, stack);
      if (!stack.find("kern_mount") || w.addresses.isError(e.mnt) || e.mnt === 0) return;
      w.born("mount", e.mnt, e, 0);
    },
  },
  mntget: {
    entry(c) {
      const { w, e, stack } = c;
      const mount = known(c, e.mnt);
      if (mount) w.hold(mount, w.callOwner(stack), e, "mntget");
    },
  },
  mntput: {
    entry(c) {
      const { w, e, stack, frame } = c;
      if (stack.find("__fput")) w.sight.sawInside("__fput", "mntput");
      const last = w.at("mount", e.mnt);
      const mount = last && last.death === 0 ? known(c, e.mnt) : undefined;
      if (!mount) return;
      if (frame) frame.subject = mount.id;
      put(c, mount);
      // It is the last put of __fput.
      const file = w.releasing(stack);
      if (!file || file.mount !== mount.id || !dentryPut(w, file)) return;
      if (file.birth) w.strangers?.released(stack, mount, w.label(file), e);
      released(c, file);
    },
  },
  kern_unmount: {
    entry({ w, e, frame }) {
      const mount = w.at("mount", e.mnt);
      if (!mount) return;
      if (mount.death || mount.unmounted) {
        if (mount.focus) w.observer.touched?.(mount, e, "unmounted again");
        w.facts({
          type: "freed-twice",
          event: e,
          certain: w.since(mount.unmounted || mount.death) && w.shows("kern_mount_ret"),
          object: mount,
          first: mount.unmounted || mount.death,
        });
        return;
      }
      if (frame) frame.subject = mount.id;
      const now = w.store.apply(mount, set({ unmounted: e.seq }));
      w.touch(w.settle(now, w.referenceOf(now, now.module)), e, "unmounted");
    },
  },
  deactivate_super: {
    entry(c) {
      const { w, e, stack, frame } = c;
      const superblock = superblockOf(c, e.sb);
      if (!superblock || stack.find("kern_mount")) return;
      if (frame) frame.subject = superblock.id;
      let sb = superblock;
      // The last mount of the superblock is in cleanup_mnt, which frees it.
      for (const reference of superblock.references) {
        const mount = w.store.get(reference.owner, "mount");
        if (!mount) continue;
        sb = w.settle(sb, w.referenceOf(sb, mount.id));
        w.refute(mount, "kept");
        w.died(w.touch(mount, e, "gone"), e);
      }
    },
  },
  kill_anon_super: {
    entry(c) {
      const { w, e } = c;
      const superblock = superblockOf(c, e.sb);
      if (superblock) w.store.apply(superblock, set({ stage: "shutting down" }));
    },
  },
  generic_shutdown_super: {
    entry(c) {
      const { w, e, frame } = c;
      const superblock = superblockOf(c, e.sb);
      if (!superblock) return;
      if (frame) frame.subject = superblock.id;
      w.touch(w.store.apply(superblock, set({ stage: "shutting down" })), e, "shut down");
    },
    end({ w, e, frame }) {
      const superblock = w.store.get(frame.subject, "superblock");
      if (!superblock) return;
      if (superblock.focus && superblock.module) {
        const inodes = inodesOf(w, superblock);
        // A dentry or a file that still leads to the inode holds the mount, and so the superblock: its end went unseen.
        const kept = inodes.filter((inode) => !reachable(w, inode));
        if (kept.length < inodes.length) w.missed(Math.min(...inodes.map(({ met }) => met)), e);
        w.facts({ type: "superblock-gone", event: e, certain: w.sees("evict"), superblock, inodes: kept });
      }
      for (const o of w.store.live()) {
        if (o.kind !== "mount" || o.superblock !== superblock.id) continue;
        w.refute(o, "kept");
        w.died(w.touch(o, e, "gone with its superblock"), e);
      }
      w.died(w.store.apply(superblock, set({ stage: "dead" })), e);
    },
  },
} satisfies Reducers;
