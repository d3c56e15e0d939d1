/** The end of the module, and two ways in which an end comes too early. */
import { AFTER, CLOSE_AND_UNBIND, CLOSE_AND_UNLOAD, FORGETS_UNMOUNT, LOAD_FAILS, SKIPS_UNBIND } from "../recordings.js";
import type { StepText } from "../types.js";

export const ENDS: readonly StepText[] = [
  {
    id: "unload",
    title: "Unloading, and in which order",
    paragraphs: [
      "Nothing is open, the module has no user, and it may go. misc_deregister closes the door first: with /dev/kvm gone, nobody gets in any more. Then kern_unmount gives back the module's hold on the mount. It was the last, so the chain of step 4 falls: mount, superblock, root inode. Only then is the module freed (free_module).",
      "kern_unmount sounds like an order and is none: it gives back one reference. Were a file still open, the mount would have another, and the file system would stay, quietly, while its module is freed. So everything depends on this: no open file without a hold on the module.",
      "A load that fails halfway needs the same way down. In another recording somebody had taken the number of /dev/kvm already: misc_register failed, and kvm_init unmounted what it had just mounted.",
      "Last, a kernel with a mistake: its exit forgets kern_unmount. The program sees that the unload succeeded. What is left is a mount that nobody can reach any more, of a file system whose module is gone.",
    ],
    terms: [],
    at: { in: AFTER, path: ["kvm_exit", "kern_unmount"], when: "entry" },
    focus: "mount",
    views: [
      {
        show: "calls",
        caption: "The exit of the module, with the patch.",
        in: AFTER,
        paths: [["kvm_exit"], ["free_module"]],
      },
      {
        show: "calls",
        caption: "A load of the module that fails, with the patch.",
        in: LOAD_FAILS,
        paths: [["kvm_init"]],
        depth: 2,
      },
      {
        show: "finding",
        caption: "A kernel with a mistake: the exit leaves the mount.",
        in: FORGETS_UNMOUNT,
        rule: "leaked-mount",
      },
    ],
    commands: [
      { args: ["replay", "--object", "{object}", AFTER], exit: 0 },
      { args: ["replay", LOAD_FAILS], exit: 0 },
      { args: ["replay", "--no-tree", FORGETS_UNMOUNT], exit: 1 },
    ],
  },
  {
    id: "race-unload",
    title: "The first race: an unload inside a close",
    paragraphs: [
      "A race is when two tasks run at once, and it matters who is first. Step 6 left a gap: __fput gives the module back and evicts the inode afterwards. Eviction takes longer the more pages there are, here 1048576 of them, four gigabytes.",
      "The VM's own file is closed already, and ta closes the guest_memfd. Its module_put was the last: refcnt 1, no user. While ta is busy throwing pages away, tb unloads kvm_amd, and nothing refuses. kern_unmount gives back one reference, ta's file has the other, the file system stays. The module is freed, and ta goes on with an inode, a file and a superblock of a module that is gone.",
      "The kernel survived this, because the functions that ta needed are in kvm, and only kvm_amd was unloaded. Had kvm been unloaded as well, ta would have run into memory that was freed.",
      "The patch did not bring that about: the order in __fput is older, and Linux 6.18, which has the anonymous inode, was recorded doing the same. Where a guest_memfd is closed after its VM, kreel tells of a hazard, a window in which something can go wrong; where somebody climbed through, of a finding.",
    ],
    terms: ["race", "hazard"],
    at: { in: CLOSE_AND_UNLOAD, path: ["kvm_exit"], when: "entry" },
    focus: "module kvm_amd",
    views: [
      {
        show: "finding",
        caption: "ta closes, tb unloads; below each other what came later.",
        in: CLOSE_AND_UNLOAD,
        rule: "module-exit-in-use",
      },
    ],
    commands: [
      { args: ["replay", "--no-tree", CLOSE_AND_UNLOAD], exit: 1 },
      { args: ["replay", "--at", "{event}", CLOSE_AND_UNLOAD], exit: 0 },
    ],
  },
  {
    id: "race-unbind",
    title: "The second race: a slot deleted inside a close",
    paragraphs: [
      "A memslot is a range of a VM's memory. To bind it is to say that a part of a guest_memfd stands behind it. A binding is two pointers, from slot to file and from file to slot, and neither is a reference. So whoever dies first has to wipe out what the other has of it: a file in kvm_gmem_release, a slot in kvm_gmem_unbind.",
      "And if both die at once? ta closes the last descriptor. The file's count is at none, kvm_gmem_release has begun, and waits for a lock that tb has, who deletes the slots. tb looks for the file to wipe out its pointer. But a file whose count is at none cannot be held any more, and looks as if it were gone.",
      "Kernels used to conclude that there was nothing to do. The slot was freed, the file kept its pointer, and ta wrote into freed memory: use after free, known as CVE-2025-40274. Now a dying file is unbound like any other. The recorded kernel does that: both slots are unbound while ta is inside kvm_gmem_release, and kreel finds nothing wrong.",
      "Last, a kernel that never unbinds, where it is wrong without any race: two slots are deleted while their file lives on with both its pointers.",
    ],
    terms: ["memslot", "binding", "use after free"],
    at: { in: CLOSE_AND_UNBIND, path: ["__fput", "kvm_gmem_release"], when: "entry" },
    focus: "memslot",
    views: [
      {
        show: "tasks",
        caption: "Two tasks side by side, time running down, with the patch.",
        in: CLOSE_AND_UNBIND,
        from: { in: CLOSE_AND_UNBIND, marker: "op: unbind v 1" },
        to: { in: CLOSE_AND_UNBIND, path: ["__fput", "module_put"], when: "entry" },
      },
      {
        show: "finding",
        caption: "A kernel with a mistake: deleting a slot does not unbind it.",
        in: SKIPS_UNBIND,
        rule: "dangling-binding",
      },
    ],
    commands: [
      { args: ["replay", "--at", "{event}", CLOSE_AND_UNBIND], exit: 0 },
      { args: ["replay", "--no-tree", SKIPS_UNBIND], exit: 1 },
    ],
  },
];
