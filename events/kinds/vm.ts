import { kind, pointers, stage, text } from "./definition.js";

export const vm = kind({
  name: "vm",
  plural: "VMs",
  struct: "struct kvm",
  source: "include/linux/kvm_host.h",
  summary: "A virtual machine of KVM's: its file, its vCPUs and its guest_memfds hold it.",
  count: { name: "users_count" },
  fields: {
    type: text("the type that `kvm_create_vm` was asked for"),
    stage: stage(["live", "destroying", "destroyed"], "destroying from `kvm_destroy_vm` on", {
      usual: ["live"],
      ending: "destroying",
    }),
    slots: pointers("memslot", "its slots that hold a binding, and those that once did and still exist", {
      endsToo: true,
    }),
  },
  counted: true,
  arguments: [],
  facts: ["type {type}", "{stage}", "{slots:bound slot}"],
  givenBack: {
    onError: "kvm_put_kvm before the call returns",
    onRelease: "kvm_put_kvm in kvm_gmem_release (virt/kvm/guest_memfd.c)",
  },
  ends: ["kvm_put_kvm", "kvm_destroy_vm"],
  drawn: { colour: ["#b5528f", "#dd86bb"], column: 1, shape: "box3d" },
});
