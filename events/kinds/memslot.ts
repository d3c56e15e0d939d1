import { kind, observed, pointer, text } from "./definition.js";

export const memslot = kind({
  name: "memslot",
  plural: "memslots",
  struct: "struct kvm_memory_slot",
  source: "include/linux/kvm_host.h",
  summary: "A range of a guest's memory; bound to a guest_memfd, it points to the file and holds no reference on it.",
  count: { name: "count" },
  fields: {
    vm: pointer("vm", "the VM that it is a slot of", { near: true, arrow: "of" }),
    slot: observed("its number"),
    file: pointer("file", "the guest_memfd that it is bound to", {
      near: true,
      life: true,
      arrow: "bound at offset {offset}",
    }),
    offset: text("where in the file it begins, in bytes", { blank: "0" }),
  },
  counted: true,
  arguments: ["slot"],
  facts: ["slot {slot}", "of {vm}", ["bound to {file} at offset {offset}", "bound to nothing"]],
  begins: ["kvm_gmem_bind", "kvm_gmem_commit_memory_region"],
  ends: ["kvm_gmem_unbind", "kvm_gmem_release"],
  drawn: { colour: ["#6b8e23", "#a3c357"], column: 0, shape: "tab" },
});
