/** VMs: `users_count`, from `KVM_CREATE_VM` to `kvm_destroy_vm` (virt/kvm/kvm_main.c). */
import type { Context } from "../context.js";
import type { Reducers } from "../handlers.js";
import type { Vm } from "../objects.js";
import { listed, set, unlisted } from "../transitions.js";

/** A flag of a memslot (include/uapi/linux/kvm.h). */
const KVM_MEM_GUEST_MEMFD = 4;

/** Takes in an operation on a VM, and returns the VM; one that was destroyed is reported instead. */
function known({ w, e }: Context, address: number): Vm | undefined {
  const last = w.at("vm", address);
  if (last?.death) {
    w.facts({
      type: "touched-dead",
      event: e,
      certain: w.since(last.death) && w.vmBirthsShow,
      object: last,
      operation: e.point!.operation.name,
    });
    return undefined;
  }
  return w.touch(w.follow(w.living("vm", address, e)), e);
}

function put({ w, e, stack }: Context, vm: Vm): void {
  const file = w.releasing(stack);
  let index = -1;
  let groundless = false;
  if (file) {
    index = w.referenceOf(vm, file.id);
    groundless = index < 0 && file.gmem && w.since(file.made) && w.sees("kvm_get_kvm") && w.steadySince(vm, file.made);
  } else {
    index = w.referenceOfCalls(vm, stack);
    const creating = stack.find("kvm_gmem_create");
    groundless =
      index < 0 &&
      creating !== undefined &&
      w.since(creating.seq) &&
      w.sees("kvm_get_kvm") &&
      w.steadySince(vm, creating.seq);
    if (groundless) w.overput(stack, vm, e);
  }
  if (index < 0 && !groundless) index = w.referenceOf(vm, 0);
  if (
    groundless ||
    (vm.count !== null &&
      vm.count <= 0 &&
      vm.unprobed === 0 &&
      w.since(vm.birth) &&
      w.sees("kvm_get_kvm") &&
      w.steadySince(vm, vm.birth))
  ) {
    const by = file ? w.label(file) : w.callerName(stack, e);
    w.factOnceShown(
      { type: "put-without-get", event: e, certain: true, target: vm, by, observed: null },
      "kvm_gmem_create_ret",
      "kvm_destroy_vm",
    );
  }
  const now = w.settle(vm, index);
  // The last put destroys the VM at once (virt/kvm/kvm_main.c:kvm_put_kvm).
  if (now.count !== null && now.count <= 0) w.ending.set(stack, now.id);
}

export const vmReducers = {
  kvm_arch_init_vm: {
    entry({ e, frame }) {
      if (!frame) return;
      frame.address = e.kvm;
      frame.text = String(e.type);
    },
    return({ w, e, frame }) {
      if (!frame || e.err !== 0) return;
      let vm = w.follow(w.born("vm", frame.address, e, 0));
      vm = w.holdBy(w.store.apply(vm, set({ type: frame.text })), 0, e, "kvm_create_vm");
      w.touch(vm, e, "created, users_count 1");
    },
  },
  kvm_get_kvm: {
    entry(c) {
      const { w, e, stack } = c;
      const vm = known(c, e.kvm);
      if (vm) w.hold(vm, w.callOwner(stack), e, "kvm_get_kvm");
    },
  },
  kvm_put_kvm: {
    entry(c) {
      const { w, e, stack, frame } = c;
      if (stack.find("kvm_vm_release")) w.sight.sawInside("kvm_vm_release", "kvm_put_kvm");
      const vm = known(c, e.kvm);
      if (!vm) return;
      if (frame) frame.subject = vm.id;
      put(c, vm);
    },
  },
  kvm_put_kvm_no_destroy: {
    entry(c) {
      const { e } = c;
      const vm = known(c, e.kvm);
      if (vm) put(c, vm);
    },
  },
  kvm_destroy_vm: {
    entry({ w, e, frame }) {
      const last = w.at("vm", e.kvm);
      if (last && (last.death || last.stage !== "live")) {
        w.facts({
          type: "freed-twice",
          event: e,
          certain: w.since(last.death || last.met) && w.vmBirthsShow,
          object: last,
          first: last.death || last.met,
        });
        return;
      }
      const vm = w.follow(w.living("vm", e.kvm, e));
      if (frame) frame.subject = vm.id;
      // It is destroyed at 0: below that, a reference was taken unseen.
      if (vm.count !== null && vm.count < 0) w.rose(vm, e);
      const holders = vm.references.flatMap((reference) => {
        const owner = w.store.get(reference.owner, "file");
        return owner && owner.stage === "open" ? [{ owner, reference }] : [];
      });
      // More was put than taken only if the puts in the recording add up to that; else some puts went unseen.
      const overdrawn = vm.count === 0;
      w.facts({
        type: "ended-while-held",
        event: e,
        certain: w.since(vm.birth) && overdrawn && w.sees("__fput"),
        object: vm,
        holders,
      });
      if (vm.references.length > 0) w.refute(vm, "kept");
      if (holders.length > 0 && !overdrawn) w.missed(vm.birth || vm.met, e);
      w.touch(w.store.apply(vm, set({ stage: "destroying" })), e, "destroyed");
    },
    end({ w, e, frame }) {
      const vm = w.store.get(frame.subject, "vm");
      if (!vm) return;
      for (const id of vm.slots.slice()) {
        const slot = w.store.get(id, "memslot");
        if (!slot) continue;
        // Destroying the VM unbinds every slot that still exists; a released file left none bound (kvm_gmem_release).
        const file = w.store.get(slot.file, "file");
        w.facts({
          type: "binding-checked",
          event: e,
          certain: w.since(slot.birth) && w.sees("kvm_gmem_unbind"),
          slot,
          file,
          how: file ? "deleted and never unbound" : "",
        });
        w.died(slot, e);
      }
      w.died(w.store.apply(vm, set({ stage: "destroyed" })), e);
    },
  },
  kvm_arch_destroy_vm: {
    entry({ w, e }) {
      const vm = w.at("vm", e.kvm);
      if (!vm || vm.death) return;
      w.refute(vm, "kept");
      w.touch(vm, e);
    },
  },
  kvm_vm_release: {
    entry({ w, e, stack }) {
      const file = w.releasing(stack);
      if (file) w.touch(w.follow(file), e, "VM file released");
    },
  },
  kvm_set_memory_region: {
    entry(c) {
      const { w, e, frame } = c;
      const vm = known(c, e.kvm);
      if (!frame || !vm) return;
      frame.subject = vm.id;
      frame.number = e.slot;
      // Size 0 deletes the slot (KVM_SET_USER_MEMORY_REGION in Documentation/virt/kvm/api.rst).
      frame.text = e.size === 0n ? "delete" : String(e.gmem_offset);
      if (e.flags & KVM_MEM_GUEST_MEMFD && !e.isFault(6))
        frame.file = w.descriptors.fileOf(e.taskId, e.gmem_fd)?.id ?? 0;
    },
    return({ w, e, frame }) {
      if (!frame) return;
      // A prepared binding keeps the file until here (fget in kvm_gmem_prepare_memory_region, without a probe).
      const file = frame.address === 0 ? undefined : w.store.get(frame.file, "file");
      if (file?.gmem && !frame.putFiles.includes(file.id) && w.sees("fput"))
        w.touch(w.store.apply(file, listed("kept", frame.seq)), e, "kept by kvm_set_memory_region");
      if (e.err === 0 && frame.text === "delete") {
        const vm = w.store.get(frame.subject, "vm");
        for (const id of vm?.slots ?? []) {
          const slot = w.store.get(id, "memslot");
          if (slot?.slot !== frame.number) continue;
          // On kernels with kvm_gmem_bind, unbinding takes a reference on a file that lives and puts it: the put shows
          // as much as kvm_gmem_unbind would. A released file left no binding (kvm_gmem_release).
          const file = w.store.get(slot.file, "file");
          const how = !file || frame.putFiles.includes(slot.file) ? "" : "deleted and never unbound";
          const fact = { type: "binding-checked", event: e, certain: w.since(slot.birth), slot, file, how } as const;
          if (w.shows("kvm_gmem_bind") && w.sees("fput") && file?.stage === "open") w.facts(fact);
          else w.factUnless("kvm_gmem_unbind", fact);
          w.store.apply(vm!, unlisted("slots", id));
          w.died(slot, e);
          break;
        }
      }
    },
  },
} satisfies Reducers;
