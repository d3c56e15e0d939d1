/** guest_memfd itself: creation, bindings, memory, release (virt/kvm/guest_memfd.c). */
import { RETURNED_BY } from "../../../events/index.js";
import type { Frame } from "../calls.js";
import type { CallFailed, Holding } from "../facts.js";
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { File, Inode, KernelObject } from "../objects.js";
import { listed, set, unlisted } from "../transitions.js";
import { detached } from "../waiting-facts.js";
import { moduleHeld } from "./file.js";

const EBADF = 9;

/** Judges a call that failed: it must have given back all that it took, and freed all that it made. */
function failed({ w, e }: Context, call: Frame, result: number): void {
  const fact = {
    type: "call-failed",
    event: e,
    certain: w.since(call.seq),
    operation: call.name,
    entry: call.seq,
    result,
    left: [],
    inodes: [],
    descriptors: [],
    overput: [],
  } satisfies CallFailed;
  const left: Holding[] = [];
  const inodes: KernelObject[] = [];
  // A reference whose put no probe has shown so far is a fact of its own, which waits until a probe shows one.
  for (const holding of w.leftBy(call)) {
    const { target } = holding;
    const by = RETURNED_BY[target.kind];
    if (!by) continue;
    if (target.kind === "inode") w.outlived.add(target.id);
    if (!w.sees(by))
      w.factUnless(by, { ...fact, ...(target.kind === "inode" ? { inodes: [target] } : { left: [holding] }) });
    else if (target.kind === "inode") inodes.push(target);
    else left.push(holding);
  }
  // Inodes that it made live, and no probe showed by which reference.
  const stray = call.born
    .map((id) => w.store.any(id))
    .filter((o): o is Inode => o?.kind === "inode" && o.stage === "live" && !w.outlived.has(o.id));
  if (stray.length > 0) w.facts({ ...fact, certain: false, inodes: stray });
  const descriptors: CallFailed["descriptors"][number][] = [];
  for (const [fd, seq] of pairs(call.reserved)) {
    const reserved = { fd, seq, process: w.descriptors.processOf(e.taskId) };
    if (w.sees("put_unused_fd")) descriptors.push(reserved);
    else w.descriptors.maybeKept(e.taskId, fd, detached({ ...fact, descriptors: [reserved] }));
  }
  const overput = pairs(call.overput).flatMap(([id, seq]) => {
    const target = w.store.any(id);
    return target ? [{ target, seq }] : [];
  });
  w.facts({ ...fact, left, inodes, descriptors, overput });
}

function pairs(flat: readonly number[]): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
}

function created({ w, e }: Context, call: Frame): void {
  const file = w.store.get(call.file, "file");
  if (!file) {
    const files = call.born.flatMap((id) => w.store.get(id, "file") ?? []);
    const descriptors = pairs(call.reserved).map(([fd, seq]) => ({
      fd,
      seq,
      process: w.descriptors.processOf(e.taskId),
    }));
    w.facts({
      type: "call-kept",
      event: e,
      certain: w.since(call.seq) && w.sees("fd_install"),
      operation: call.name,
      left: [],
      files,
      descriptors,
    });
    return;
  }
  const module = moduleHeld(w, call) || file.module;
  w.adopt(call, file.id, ["module", "vm"]);
  let now = w.store.apply(w.follow(file), set({ gmem: true, made: call.seq }));
  const vm = w.store.get(call.subject, "vm");
  if (vm) now = w.store.apply(now, set({ vm: vm.id, vmAddress: vm.address }));
  if (module) now = w.store.apply(now, set({ module }));
  // The module that owns guest_memfd's files: the one whose init set it up, or on which this creation took a reference.
  const owner = w.store.get(w.gmemModule || module, "module");
  if (owner) {
    w.gmemModule = owner.id;
    const held = w.referenceOf(owner, now.id) >= 0;
    w.facts({
      type: "file-made",
      event: e,
      certain: w.since(call.seq) && w.shows("try_module_get") && w.shows("try_module_get_ret"),
      file: now,
      module: w.follow(owner),
      held,
    });
    const inode = w.store.get(now.inode, "inode");
    if (inode && inode.module === 0) w.store.apply(inode, set({ module: owner.id }));
  }
  // They stayed with the call only if events showed that others passed to the file and to its dentry.
  const opened = now.stage === "open";
  const instantiated = (w.store.get(now.dentry, "dentry")?.inode ?? 0) !== 0;
  const left = w
    .leftBy(call)
    .filter(({ target }) =>
      target.kind === "inode" ? instantiated : (target.kind === "mount" || target.kind === "dentry") && opened,
    );
  w.facts({
    type: "call-kept",
    event: e,
    certain: w.since(call.seq),
    operation: call.name,
    left,
    files: [],
    descriptors: [],
  });
  for (const { target } of left) if (target.kind === "inode") w.outlived.add(target.id);
  w.touch(now, e, "created");
}

/** Takes in an operation on a file of guest_memfd, which may be met mid-life, and returns the file. */
function fileOf({ w, e }: Context, address: number, inode = 0): File | undefined {
  if (address === 0) return undefined;
  const last = w.at("file", address);
  if (last?.death && last.gmem) {
    // The memory of files is reused at once: this may be another file, unless it is on the same inode.
    const same = inode !== 0 && w.at("inode", inode)?.id === last.inode && last.inode !== 0;
    const certain = same && w.since(last.death) && w.shows("alloc_empty_file_ret");
    w.facts({ type: "touched-dead", event: e, certain, object: last, operation: e.point!.operation.name });
    if (same) return undefined;
  }
  return w.touch(w.store.apply(w.follow(w.living("file", address, e)), set({ gmem: true })), e);
}

/** Takes in that the memslot of a call is bound to a file at an offset. */
function bound(
  { w, e }: Context,
  call: Frame,
  file: File | undefined,
  offset: string,
  region: Frame | undefined,
): void {
  const before = w.at("memslot", call.address);
  if (before && before.death === 0) {
    // A new slot has its memory: it was deleted unseen, in an unknown way.
    w.facts({
      type: "binding-checked",
      event: e,
      certain: false,
      slot: before,
      file: w.store.get(before.file, "file"),
      how: "bound again before it was unbound",
    });
    const owner = w.store.get(before.vm, "vm");
    if (owner) w.store.apply(owner, unlisted("slots", before.id));
    w.died(before, e);
  }
  const slot = w.store.apply(
    w.follow(w.born("memslot", call.address, e, null)),
    set({ vm: call.subject, file: file?.id ?? 0, offset, slot: region ? region.number : null }),
  );
  const vm = w.store.get(call.subject, "vm");
  if (vm) w.store.apply(vm, listed("slots", slot.id));
  w.touch(slot, e, file ? `bound to ${w.label(file)}` : "bound");
}

export const guestMemfdReducers = {
  kvm_gmem_create: {
    entry({ w, e, frame }) {
      const last = w.at("vm", e.kvm);
      if (last?.death)
        w.facts({
          type: "touched-dead",
          event: e,
          certain: w.since(last.death) && w.vmBirthsShow,
          object: last,
          operation: "kvm_gmem_create",
        });
      const vm = w.touch(w.follow(w.living("vm", e.kvm, e)), e);
      if (frame) frame.subject = vm.id;
    },
    return(c) {
      const { e, frame } = c;
      if (!frame) return;
      if (e.fd < 0) failed(c, frame, e.fd);
      else created(c, frame);
    },
  },
  kvm_gmem_bind: {
    entry({ w, e, frame }) {
      const vm = w.touch(w.follow(w.living("vm", e.kvm, e)), e);
      if (!frame) return;
      frame.subject = vm.id;
      frame.address = e.slot;
      frame.text = String(e.offset);
      if (!e.isFault(2)) frame.file = w.descriptors.fileOf(e.taskId, e.fd)?.id ?? 0;
    },
    return(c) {
      const { w, e, stack, frame } = c;
      if (!frame) return;
      const put = frame.putFiles.map((id) => w.store.get(id, "file")).find((f) => f?.gmem);
      let file = put ?? w.store.get(frame.file, "file");
      // It takes the file by its descriptor (fget, without a probe) and puts it before it returns, also when it fails.
      if (file?.gmem && !put && e.err !== -EBADF && w.sees("fput"))
        file = w.touch(w.store.apply(file, listed("kept", frame.seq)), e, "kept by kvm_gmem_bind");
      if (e.err !== 0) return;
      bound(c, frame, file, frame.text, stack.find("kvm_set_memory_region"));
    },
  },
  kvm_gmem_prepare_memory_region: {
    entry({ w, e, frame }) {
      w.touch(w.follow(w.living("vm", e.kvm, e)), e);
      if (frame) frame.address = e.slot;
    },
    return({ e, stack, frame }) {
      const region = stack.find("kvm_set_memory_region");
      if (frame && region && e.err === 0) region.address = frame.address;
    },
  },
  kvm_gmem_commit_memory_region: {
    entry({ w, e, frame }) {
      const vm = w.touch(w.follow(w.living("vm", e.kvm, e)), e);
      if (!frame) return;
      frame.subject = vm.id;
      frame.address = e.slot;
    },
    return(c) {
      const { w, e, stack, frame } = c;
      if (!frame || e.err !== 0) return;
      const region = stack.find("kvm_set_memory_region");
      bound(c, frame, region && w.store.get(region.file, "file"), region?.text ?? "", region);
    },
  },
  kvm_gmem_unbind: {
    entry({ w, e, frame }) {
      const slot = w.at("memslot", e.slot);
      if (!slot || slot.death) return;
      const file = w.store.get(slot.file, "file");
      const vm = w.store.get(slot.vm, "vm");
      if (vm) w.store.apply(vm, unlisted("slots", slot.id));
      if (frame) frame.file = slot.file;
      w.facts({ type: "binding-checked", event: e, certain: true, slot, file, how: "" });
      w.died(
        w.touch(
          w.store.apply(slot, set({ file: 0 })),
          e,
          file ? `unbound from ${w.label(file)}` : "unbound, its file is gone",
        ),
        e,
      );
    },
    end({ w, e, frame }) {
      const file = w.store.get(frame.file, "file");
      // It takes a file that lives (get_file_active, without a probe) and puts it, on kernels with kvm_gmem_bind: one
      // that prepares and commits a binding unbinds it without a reference on the file.
      const taken = file?.stage === "open" && file.descriptors > 0 && w.sees("kvm_gmem_bind") && w.sees("fput");
      if (taken && !frame.putFiles.includes(file.id))
        w.touch(w.store.apply(file, listed("kept", frame.seq)), e, "kept by kvm_gmem_unbind");
    },
  },
  kvm_gmem_release: {
    entry(c) {
      const { w, e, stack, frame } = c;
      let file = fileOf(c, e.file, e.inode);
      if (!file) return;
      const release = stack.find("__fput");
      if (release && !release.subject) {
        // The file was made before the recording began: this is the first event that shows it to be guest_memfd's.
        release.subject = file.id;
        file = w.store.apply(file, set({ stage: "releasing" }));
      }
      const vm = file.vm ? w.at("vm", file.vmAddress) : undefined;
      if (vm?.death && vm.id === file.vm)
        w.facts({
          type: "touched-dead",
          event: e,
          certain: w.since(vm.birth),
          object: vm,
          operation: "kvm_gmem_release",
        });
      const last = w.at("inode", e.inode);
      // It is the file's own inode, which ends before the file only by a put too many.
      if (last?.death && last.id === file.inode)
        w.facts({
          type: "touched-dead",
          event: e,
          certain: w.since(last.death) && w.since(file.met),
          object: last,
          operation: "kvm_gmem_release",
        });
      else {
        const inode = w.touch(w.follow(w.living("inode", e.inode, e)), e);
        if (inode.module === 0 && w.gmemModule) w.store.apply(inode, set({ module: w.gmemModule }));
        if (file.inode === 0) file = w.store.apply(file, set({ inode: inode.id }));
      }
      if (frame) frame.subject = file.id;
      // Its bindings end: no slot points at it any more (slot->gmem.file = NULL).
      for (const id of w.store.get(file.vm, "vm")?.slots ?? []) {
        const slot = w.store.get(id, "memslot");
        if (slot?.file === file.id) w.touch(w.store.apply(slot, set({ file: 0 })), e, "its file is released");
      }
      // This is the file's last event if no probe shows the release around it.
      if (!release) w.died(w.store.apply(file, set({ stage: "released" })), e);
    },
  },
  kvm_gmem_fallocate: {
    entry(c) {
      const { e, frame } = c;
      const file = fileOf(c, e.file);
      if (frame && file) frame.subject = file.inode;
    },
  },
  kvm_gmem_get_folio: {
    entry({ w, e, frame }) {
      const inode = w.at("inode", e.inode);
      if (!inode || inode.death) return;
      if (frame) frame.subject = inode.id;
      w.touch(inode, e);
    },
  },
  filemap_add_folio: {
    entry({ w, e, stack, frame }) {
      const inode = w.mappings.inodeOf(e.mapping, stack);
      if (!inode || !frame) return;
      frame.subject = w.touch(inode, e).id;
      frame.address = e.folio;
    },
    return({ w, e, frame }) {
      const inode = frame && w.store.get(frame.subject, "inode");
      if (!inode || e.err !== 0) return;
      w.mappings.added(frame.address, inode);
      w.store.apply(inode, set({ pages: inode.pages + 1 }));
    },
  },
  filemap_remove_folio: {
    entry({ w, e }) {
      const inode = w.store.get(w.mappings.removed(e.folio), "inode");
      if (inode) w.touch(w.store.apply(inode, set({ pages: Math.max(0, inode.pages - 1) })), e, "a page less");
    },
  },
  truncate_inode_pages_final: {
    entry({ w, e, stack }) {
      const evicting = stack.find("evict");
      if (evicting?.address) w.mappings.learn(e.mapping, evicting.address);
      const inode = w.mappings.inodeOf(e.mapping, stack);
      if (inode) w.touch(inode, e);
    },
  },
  truncate_inode_pages_range: {
    entry({ w, e, stack }) {
      const inode = w.mappings.inodeOf(e.mapping, stack);
      if (inode) w.touch(inode, e);
    },
  },
} satisfies Reducers;
