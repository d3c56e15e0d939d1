/** Files: made by `alloc_file_pseudo`, released by `__fput` (fs/file_table.c), which gives back all that they hold. */
import { RETURNED_BY } from "../../../events/index.js";
import type { Frame } from "../calls.js";
import type { Context, ReturnContext } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { File, Kind } from "../objects.js";
import { set, trailOf } from "../transitions.js";
import type { World } from "../world.js";

/** Takes in the return of a call that made a file of a KVM object: the module reference that it took is the file's. */
function made({ w, e, stack, frame }: Context, address: number): File | undefined {
  const file = address && !w.addresses.isError(address) ? w.at("file", address) : undefined;
  if (frame && file && file.death === 0) {
    const module = moduleHeld(w, frame);
    w.adopt(frame, file.id, ["module"]);
    if (module) w.store.apply(file, set({ module }));
  }
  if (frame) w.passUp(frame, stack);
  return file && file.death === 0 ? w.touch(w.at("file", address)!, e) : undefined;
}

/** The module on which a call holds a reference. */
export function moduleHeld(w: World, frame: Frame): number {
  for (const { target } of w.leftBy(frame)) if (target.kind === "module") return target.id;
  return 0;
}

/**
 * True if a release that kept a reference on this kind of object shows a mistake. It does not on a mount once `__fput`
 * was seen to put one, which it does for every file; nor on the VM of a VM's own file while the put may be inlined into
 * `kvm_vm_release`, which is in the same source file (virt/kvm/kvm_main.c).
 */
function showsMistake(w: World, file: File, kind: Kind): boolean {
  if (kind === "mount") return !w.sight.showsInside("__fput", "mntput");
  if (kind === "vm" && !file.gmem) return w.sight.showsInside("kvm_vm_release", "kvm_put_kvm");
  return true;
}

/** Takes in the end of `__fput`: references that the file still holds are never given back. */
export function released({ w, e }: Context, file: File): void {
  if (file.gmem) {
    // A descriptor may have gone unseen (another task, another system call): a put too many must have been seen.
    const early = file.descriptors > 0 && !file.shared && w.overdrawn.has(file.id);
    const descriptors = early ? w.descriptors.of(file) : [];
    const certain = w.since(file.made) && (!early || (w.sees("filp_close") && w.sees("file_close_fd")));
    w.facts({ type: "file-released", event: e, certain, file, descriptors });
  }
  if (file.focus) {
    const certain = w.since(file.made || file.birth);
    const left = w
      .heldBy(file.id, [file.module, file.vm, file.dentry, file.mount])
      .filter(({ target }) => target.focus);
    if (left.length === 0) w.facts({ type: "owner-gone", event: e, certain, owner: file, left });
    for (const holding of left) {
      w.factUnless(RETURNED_BY[holding.target.kind]!, {
        type: "owner-gone",
        event: e,
        certain: certain && showsMistake(w, file, holding.target.kind),
        owner: file,
        left: [holding],
      });
    }
  }
  w.died(w.store.apply(file, set({ stage: "released" })), e);
}

/**
 * True if a put inside a call puts a reference of another owner: a creation gives the reference of the file that it
 * installs to the descriptor (fd_install), and a bind or an unbind takes one and puts one (fget, get_file_active).
 */
function putsTooOften({ stack }: Context, file: File): boolean {
  const creating = stack.find("kvm_gmem_create");
  if (creating && creating.file === file.id) return true;
  return ["kvm_gmem_bind", "kvm_gmem_unbind"].some((user) => stack.find(user)?.putFiles.includes(file.id));
}

/** True for a file of a pseudo file system whose birth was seen. */
const wasOpened = (file: File | undefined): boolean => file !== undefined && file.birth !== 0 && file.mount !== 0;

/** Takes in a failure of `alloc_file_pseudo`: its caller still has the inode, and has to put it. */
function refusedInode({ w, e, stack }: ReturnContext<"alloc_file_pseudo">, call: Frame): void {
  const inode = w.store.get(call.subject, "inode");
  if (inode?.birth && !inode.focus && !w.callOwner(stack))
    w.strangers?.refused(stack, inode.id, call.seq, w.addresses.errno(e.file));
}

export const fileReducers = {
  alloc_empty_file: {
    return({ w, e, stack, frame }) {
      if (frame) w.passUp(frame, stack);
      if (e.file === 0 || w.addresses.isError(e.file)) return;
      let file = w.born("file", e.file, e, null);
      if (stack.find("kvm_gmem_create")) file = w.follow(w.store.apply(file, set({ gmem: true })));
      const owner = w.callOwner(stack);
      owner?.born.push(file.id);
      w.touch(file, e, "allocated, f_count 1");
    },
  },
  alloc_file_pseudo: {
    entry({ w, e, stack, frame }) {
      if (!frame) return;
      frame.text = e.name;
      const inode = w.at("inode", e.inode);
      if (inode && inode.death === 0) frame.subject = w.touch(inode, e).id;
      const creating = stack.find("kvm_gmem_create");
      if (!creating && !w.everything) return;
      // The mount that guest_memfd uses: its own, or that of the anonymous inodes.
      const mount = w.living("mount", e.mnt, e);
      frame.other = w.touch(creating ? w.follow(mount) : mount, e).id;
    },
    return(c) {
      const { w, e, stack, frame } = c;
      const found = e.file && !w.addresses.isError(e.file) ? w.at("file", e.file) : undefined;
      let file = found && found.death === 0 ? found : undefined;
      // This is the birth if alloc_empty_file has no probe: any file at the address before is over.
      if (
        frame &&
        e.file &&
        !w.addresses.isError(e.file) &&
        !(file && frame.born.includes(file.id)) &&
        !w.shows("alloc_empty_file_ret")
      ) {
        file = w.born("file", e.file, e, null);
        if (stack.find("kvm_gmem_create")) file = w.follow(w.store.apply(file, set({ gmem: true })));
        w.callOwner(stack)?.born.push(file.id);
      }
      if (frame && w.strangers && w.addresses.isError(e.file)) refusedInode(c, frame);
      if (frame && file) {
        const dentry = frame.born.find((id) => w.store.any(id)?.kind === "dentry") ?? 0;
        w.adopt(frame, file.id, ["dentry", "mount"]);
        const gmem = stack.find("kvm_gmem_create") !== undefined;
        w.touch(
          w.store.apply(
            file,
            set({ stage: "open", name: frame.text, inode: frame.subject, dentry, mount: frame.other, gmem }),
          ),
          e,
          "opened",
        );
      }
    },
  },
  anon_inode_getfile: {
    entry({ e, frame }) {
      if (!frame) return;
      frame.text = e.name;
      frame.address = e.priv;
    },
    return(c) {
      const { w, e, frame } = c;
      const file = made(c, e.file);
      if (!file || frame?.text !== "kvm-vm") return;
      // The file of a VM: the reference that the VM was born with is the file's.
      const vm = w.living("vm", frame.address, e);
      w.store.apply(
        w.store.apply(w.follow(file), set({ vm: vm.id, vmAddress: vm.address })),
        set({ stage: "open", name: "kvm-vm", inode: file.inode, dentry: file.dentry, mount: file.mount, gmem: false }),
      );
      w.touch(w.pass(w.follow(vm), 0, file.id), e, "its first reference is its file's");
    },
  },
  anon_inode_create_getfile: { return: (c) => void made(c, c.e.file) },
  kvm_gmem_inode_create_getfile: { return: (c) => void made(c, c.e.file) },
  fput: {
    entry(c) {
      const { w, e, stack, frame } = c;
      const last = w.at("file", e.file);
      if (!last || last.death) {
        // A file of guest_memfd that is gone: files are reused at once, but every one of them is allocated under a
        // probe.
        if (last?.focus && last.gmem && stack.find("kvm_gmem_bind"))
          w.facts({
            type: "touched-dead",
            event: e,
            certain:
              w.since(last.death) && last.death > stack.find("kvm_gmem_bind")!.seq && w.shows("alloc_empty_file_ret"),
            object: last,
            operation: "fput",
          });
        return;
      }
      if (frame) frame.subject = last.id;
      if (putsTooOften(c, last)) w.overdrawn.add(last.id);
      for (const user of ["kvm_gmem_bind", "kvm_gmem_unbind", "kvm_set_memory_region"])
        stack.find(user)?.putFiles.push(last.id);
      w.touch(last, e);
    },
  },
  filp_close: {
    entry({ w, e }) {
      const file = w.at("file", e.file);
      if (!file || file.death) return;
      w.touch(w.descriptors.closedUnnamed(file, e), e, "a descriptor closed");
    },
  },
  __fput: {
    entry({ w, e, frame }) {
      const last = w.at("file", e.file);
      // Files are reused at once: one on another inode is another file, whose birth went unseen.
      const same = last?.inode !== 0 && w.at("inode", e.inode)?.id === last?.inode;
      const isGone = last !== undefined && (last.death !== 0 || last.stage === "releasing");
      // A file that is not followed is judged if it is of a pseudo file system: those all come from `alloc_empty_file`.
      const isJudged = last?.focus ? same || e.isFault(1) : w.strangers !== undefined && same && wasOpened(last);
      if (isGone && isJudged) {
        if (!last.focus) w.strangers?.judged(last.id);
        w.facts({
          type: "freed-twice",
          event: e,
          certain: same && w.since(last.birth) && w.shows("alloc_empty_file_ret"),
          object: last,
          first:
            trailOf(last).find((s) => w.points.points[s.point]?.operation.name === "__fput")?.seq ||
            last.death ||
            last.met,
        });
        return;
      }
      const found = w.at("inode", e.inode);
      const inode = found && found.death === 0 ? found : undefined;
      if ((!last || last.death) && !inode?.focus && !w.everything) return;
      let file = last && last.death === 0 && last.stage !== "releasing" ? last : w.met("file", e.file, e);
      if (inode && file.inode === 0) file = w.store.apply(file, set({ inode: inode.id }));
      if (inode?.focus) file = w.follow(file);
      if (frame) frame.subject = file.id;
      w.refute(file, "kept");
      w.touch(w.store.apply(file, set({ stage: "releasing" })), e, "released");
    },
    end(c) {
      const { w, frame } = c;
      if (!frame.subject) return;
      const file = w.store.get(frame.subject, "file");
      if (file) released(c, file);
    },
  },
} satisfies Reducers;
