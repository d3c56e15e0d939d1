/** The ways in which a create can fail, and the cleanup that each requires. */
import {
  BUSY,
  FORGETS_MODULE_PUT,
  MODULE_GOING,
  NO_DESCRIPTORS,
  NO_FILES,
  NO_MEMORY,
  NO_OWNER,
} from "../recordings.js";
import type { Path, StepText } from "../types.js";

const OUT_OF_MEMORY: readonly Path[] = [1, 2, 3, 4].map((nth) => [
  { operation: "kvm_gmem_create", result: "-ENOMEM", nth },
]);
const REFUSED = { in: BUSY, marker: "ret: unload kvm_amd = -1 EAGAIN" } as const;

export const ERRORS: readonly StepText[] = [
  {
    id: "limits",
    title: "No descriptor, no file: EMFILE and ENFILE",
    paragraphs: [
      "Every call in a create may fail. Then what was taken has to be given back, in the opposite order. An errno is the number of an error, and kernel functions return it as a negative number: -EMFILE. Those that return a pointer return it as an address at which nothing can be, an ERR_PTR. A caller that forgets to check takes it for an object.",
      "EMFILE: the process has as many descriptors open as it may. The descriptor's number is the first thing that a create asks for, so nothing was taken and nothing is given back.",
      "ENFILE: the whole system has as many files open as it may. That shows late, in alloc_empty_file, when module, inode, dentry and mount are taken. alloc_file_pseudo gives back what is its own, the dentry and the mount. By then the dentry has the only reference on the inode and would take it along, although the caller is going to give that one back itself: so ihold takes another first.",
      "Then come the patch's own lines: iput for the inode, module_put for the module. Follow the counts down the tree: each ends where it began.",
    ],
    terms: ["errno", "ERR_PTR"],
    at: {
      in: NO_FILES,
      path: [{ operation: "kvm_gmem_create", result: "-ENFILE" }, "alloc_empty_file"],
      when: "return",
    },
    focus: "module kvm_amd",
    views: [
      {
        show: "calls",
        caption: "A create where the process may have no more descriptors.",
        in: NO_DESCRIPTORS,
        paths: [[{ operation: "kvm_gmem_create", result: "-EMFILE" }]],
      },
      {
        show: "calls",
        caption: "A create where the system may have no more files.",
        in: NO_FILES,
        paths: [[{ operation: "kvm_gmem_create", result: "-ENFILE" }]],
      },
    ],
    commands: [
      { args: ["replay", "--at", "{event}", NO_FILES], exit: 0 },
      { args: ["export", NO_FILES, "--to", "mermaid", "--at", "{event}"], exit: 0 },
    ],
  },
  {
    id: "memory-runs-out",
    title: "ENOMEM, in four places",
    paragraphs: [
      "ENOMEM: no memory is left. A create asks for some in four places: for its own notes, the inode, the dentry and the file. That hardly ever fails, so the way back is hardly ever tried; but the kernel can be told to let an allocation fail (fault injection), here the first, the second, the third and the fourth of a create. The later it fails, the more comes back. Only the outermost calls are shown.",
      "Now a kernel with a mistake in it: its way back forgets module_put. The program cannot tell, it gets its ENOMEM. But the reference stays, held by a call that has long returned, and kvm_amd can never be unloaded again.",
      "This is a finding: something that must never happen, that the recording proves. A star marks the events that prove it, the get and the end of the call. What is missing is the put between them.",
    ],
    terms: ["fault injection", "finding"],
    at: { in: FORGETS_MODULE_PUT, path: [{ operation: "kvm_gmem_create", result: "-ENOMEM", nth: 2 }], when: "return" },
    focus: "module",
    views: [
      {
        show: "calls",
        caption: "Four creates in which memory ran out, each later than the one before.",
        in: NO_MEMORY,
        paths: OUT_OF_MEMORY,
        depth: 1,
      },
      {
        show: "finding",
        caption: "A kernel with a mistake: the second of these, where module_put was forgotten.",
        in: FORGETS_MODULE_PUT,
        rule: "leaked-module-reference",
      },
    ],
    commands: [
      { args: ["replay", NO_MEMORY], exit: 0 },
      { args: ["minimise", FORGETS_MODULE_PUT], exit: 0 },
    ],
  },
  {
    id: "owner",
    title: "The module may not go: fops->owner",
    paragraphs: [
      "A file finds its code through a table of functions, its file operations (fops): read is done by this one, close by that one. The table has an owner, the module that the functions are in, and whoever makes a file takes a reference on the owner. While there is one, unloading fails with EAGAIN. Below, two unloads were refused: with VM and guest_memfd open, and when only the guest_memfd was left.",
      "If the module is on its way out already, try_module_get must refuse, and the create fails with ENOENT. No recording shows that, because the VM's own file holds the module as long as anybody can ask for a create. But a simulated kernel can be told that it is so.",
      "And if the line that sets the owner is missing? Everything works. try_module_get of no module succeeds, module_put of none does nothing, no count is ever wrong. Only the unload is not refused any more once the VM's file is closed. The close after it runs code that is gone, and in this recording the kernel killed the program there.",
    ],
    terms: ["file operations", "owner"],
    at: REFUSED,
    focus: "module kvm_amd",
    views: [
      {
        show: "program",
        caption: "Unloading while something is open, with the patch.",
        in: BUSY,
        from: "op: gmem g v 64K",
        to: "ret: close g = 0",
      },
      { show: "why", caption: "Who held the module at the first refusal.", at: REFUSED, object: "module kvm_amd" },
      {
        show: "calls",
        caption: "Simulated: a create while the module is on its way out.",
        in: MODULE_GOING,
        paths: [["kvm_gmem_create"]],
      },
      {
        show: "finding",
        caption: "A kernel with a mistake: no owner is set.",
        in: NO_OWNER,
        rule: "missing-module-reference",
      },
    ],
    commands: [
      { args: ["why", BUSY, "kvm_amd", "--at", "{event}"], exit: 0 },
      {
        args: ["simulate", MODULE_GOING.scenario, "--kernel", MODULE_GOING.kernel, "--fail", "{fault}=ENOENT"],
        exit: 0,
      },
      { args: ["replay", "--no-tree", NO_OWNER], exit: 1 },
    ],
  },
];
