import { address, event, events, flag, kind, pointer, stage, tally, text } from "./definition.js";

export const file = kind({
  name: "file",
  plural: "files",
  struct: "struct file",
  source: "include/linux/fs.h",
  summary: "An open file description: descriptors and mappings refer to it, and the last put releases it.",
  count: { name: "f_count" },
  fields: {
    stage: stage(["allocated", "open", "releasing", "released"], "releasing from `__fput` on", {
      usual: ["open"],
      ending: "releasing",
    }),
    name: text("the name that it was made under: `[kvm-gmem]`, `kvm-vm`"),
    inode: pointer("inode", "its inode", { near: true, arrow: "inode" }),
    dentry: pointer("dentry", "the dentry of its path", { near: true }),
    mount: pointer("mount", "the mount of its path"),
    module: pointer("module", "`f_op->owner`"),
    vm: pointer("vm", "the VM that it belongs to", { arrow: "of" }),
    vmAddress: address("where that VM is, or was", { remembered: true }),
    descriptors: tally("descriptors that refer to it", { falls: true, numbered: true }),
    shared: flag("a VMA, another process, or a task whose descriptors no probe showed may hold it too"),
    kept: events("calls that took a reference without a probe and did not give it back before they returned", {
      remembered: true,
    }),
    gmem: flag("it is a guest_memfd", { remembered: true }),
    made: event("the entry of the `kvm_gmem_create` that made it, where all of that was seen: what it holds is known", {
      remembered: true,
      life: true,
    }),
  },
  named: { field: "name", fromBirth: true },
  counted: true,
  arguments: ["file"],
  facts: ["{name}", "{stage!}", "{descriptors}", "of {vm}", "{inode}"],
  ends: ["__fput"],
  drawn: { colour: ["#3f8fd0", "#7db9ea"], column: 1, shape: "note" },
});
