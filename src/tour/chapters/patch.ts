/** The changes of the patch, and the life of a guest_memfd with it. */
import { AFTER, BEFORE } from "../recordings.js";
import type { StepText } from "../types.js";

const MOUNTED = { in: AFTER, path: ["kvm_gmem_init", "kern_mount"], when: "return" } as const;
const LOADED = { in: AFTER, marker: "ret: load kvm-amd = 0" } as const;

export const PATCH: readonly StepText[] = [
  {
    id: "mount",
    title: "What the patch adds: a file system of its own",
    paragraphs: [
      "The inode stands for the memory, the file for one VM's view of it. So what KVM knows about the memory belongs to the inode, and KVM should have a say when it dies. But how inodes are made and freed is up to their file system, and that one was everybody's. The patch gives guest_memfd a file system of its own, where such functions have a place.",
      "A file system type describes one: a name, here kvm_guest_memory, how it begins, how it ends. It is never registered, so no program can mount it. The kernel does that itself while the module is loaded: kern_mount makes a mount that is in no directory, for the kernel alone. init_pseudo gives it 0x474d454d as its magic number, the letters GMEM, by which programs can tell it from others.",
      "Look who holds whom: the module the mount, the mount the superblock, the superblock the root inode, the one that every file system begins with. Nobody holds the module: its refcnt is 1, which is no user at all. A mount that held the module would keep it from ever being unloaded.",
      "There is a price: kvm_gmem_init could not fail before. Now kern_mount can, for want of memory, and the loading of the module fails with it.",
    ],
    terms: ["file system type", "kern_mount", "magic number", "root inode"],
    at: MOUNTED,
    focus: "mount",
    views: [
      {
        show: "calls",
        caption: "Inside the loading of kvm_amd, with the patch.",
        in: AFTER,
        paths: [["kvm_gmem_init"]],
      },
      {
        show: "state",
        caption: "When the load is over: who holds whom, before any guest_memfd is made.",
        at: LOADED,
        objects: ["module kvm_amd", "superblock", "mount", "inode"],
      },
    ],
    commands: [
      { args: ["replay", "--at", "{event}", AFTER], exit: 0 },
      { args: ["replay", "--object", "{object}", AFTER], exit: 0 },
    ],
  },
  {
    id: "difference",
    title: "The same create with the patch",
    paragraphs: [
      "The same program ran on the same kernel, without and with the patch. kreel puts the two recordings beside each other, call by call: a line with + is only in the second, one with - only in the first, and the two columns are the events of each.",
      "anon_inode_create_getfile is gone. It belonged to the file system code and did everything in one: module, inode, dentry, file, and the way back if any of it failed. The patch takes the module reference itself, makes the inode on its own superblock (alloc_anon_secure_inode), and the file on its own mount. So the way back is now the patch's own, too, and that is where such a patch goes wrong.",
      "A program sees little of it: the magic number that fstatfs tells it as f_type, and the name that /proc gives for the descriptor.",
    ],
    terms: [],
    at: { in: AFTER, path: ["kvm_gmem_create", "alloc_anon_secure_inode"], when: "return" },
    focus: "inode",
    views: [
      {
        show: "diff",
        caption:
          "Linux 6.12 without and with the patch: the create, a look at the descriptor, and what is different in the end.",
        in: BEFORE,
        after: AFTER,
        where: ["gmem g v 2M", "stat g"],
      },
    ],
    commands: [
      { args: ["diff", BEFORE, AFTER], exit: 1 },
      { args: ["why", AFTER, "{object}", "--at", "{event}"], exit: 0 },
    ],
  },
  {
    id: "close",
    title: "Close: who gives back what",
    paragraphs: [
      "close takes the descriptor away, and as it was the last one, __fput ends the file. All four come back: kvm_gmem_release gives back the VM, module_put the module, dput the dentry, mntput the mount. Nobody else held the dentry, so it lets go of its inode (iput), and that dies as well.",
      "Eviction is how an inode dies: evict throws its pages away, the pieces of memory that are its contents (there were none here), and then the inode is destroyed.",
      "Yet its own memory is still there. Linux lets other processors look at some objects without any reference, under RCU (read-copy-update): readers say when they begin and end, and whoever frees something waits for a grace period, the time until every reader is done who may have seen it. An RCU callback is a function that is left with the kernel, to be called when the grace period is over: here i_callback, in another task (a thread of a program, or one of the kernel's own), some forty milliseconds later.",
      "Mind the order. The module is given back first, and only then does the inode die, whose functions are KVM's. It was so before the patch, too. Step 11 shows what comes of it.",
    ],
    terms: ["eviction", "pages", "RCU", "grace period", "RCU callback", "task"],
    at: { in: AFTER, path: ["__fput", "destroy_inode"], when: "entry" },
    focus: "inode",
    views: [
      {
        show: "calls",
        caption: "The close of the guest_memfd, and what came of its inode later.",
        in: AFTER,
        paths: [["file_close_fd"], ["__fput"], ["i_callback"]],
      },
    ],
    commands: [
      { args: ["replay", "--object", "{object}", AFTER], exit: 0 },
      { args: ["replay", "--at", "{event}", AFTER], exit: 0 },
    ],
  },
];
