/** The objects of a guest_memfd, on the kernel before the patch. */
import { BEFORE } from "../recordings.js";
import type { StepText } from "../types.js";

const CREATED = { in: BEFORE, path: ["kvm_gmem_create"], when: "return" } as const;

export const OBJECTS: readonly StepText[] = [
  {
    id: "memory",
    title: "Memory of a guest, as a file",
    paragraphs: [
      "KVM is the part of Linux that runs virtual machines: a VM is a computer in a program. Its memory used to be memory of that program, and whoever could reach into the program could read the guest. guest_memfd turns that around: the memory belongs to a file, something with a size and contents that a process can open, and no program needs to have it in its own memory.",
      "A program asks for it with a system call on its VM, KVM_CREATE_GUEST_MEMFD, and gets a file descriptor: the small number by which a process names something that it has open. In the kernel a chain of objects hangs on that number. This tour follows the chain from the call that makes it to the last byte that is given back: first as it was, then with a patch that puts another link into it.",
      "Objects are kept alive by references: a reference is a promise that the object stays until it is given back, and the object's reference count says how many there are. At none the object dies. Give back one too few, and memory is never freed; one too many, and it is freed while somebody uses it. That happens where something fails, and where two things happen at once.",
      "All that you see is computed from recordings of running kernels. A recording is a list of events: each says that a certain function was entered, or left, and with which values. Below is what the recorded program did, with the number of the event at which each call was over.",
    ],
    terms: ["VM", "guest_memfd", "file", "file descriptor", "reference", "reference count", "recording", "event"],
    at: CREATED,
    focus: "file",
    views: [
      {
        show: "program",
        caption:
          "What the program did on Linux 6.12, without the patch: vm makes a VM, gmem a guest_memfd, stat looks at it, refcnt asks how many users KVM has, and rcu waits for what is still to come.",
        in: BEFORE,
        from: "op: load kvm",
        to: "ret: unload kvm = 0",
      },
    ],
    commands: [{ args: ["replay", BEFORE], exit: 0 }],
  },
  {
    id: "anonymous",
    title: "An inode that nobody can find",
    paragraphs: [
      "What a process opens is three objects. An inode is the thing itself: its size, its contents, who may use it. A dentry (directory entry) is the name that leads to an inode. A file, in the kernel, is one opening, with its own position and flags; a descriptor points to it. The file holds a reference on the dentry, and the dentry one on the inode.",
      "Two more stand behind them. A superblock is one file system with all its inodes. A mount is a place where that file system can be reached. Every file holds a mount, and the mount holds the superblock: no file system goes away under an open file.",
      "Guest memory has no name in any directory and needs none. For such things Linux has pseudo file systems: a pseudo file system is on no disk, in no directory, and is there so that inodes have a superblock to belong to. One is shared by everything that wants an inode and no more. An anonymous inode is an inode of that one.",
      "So it was before the patch. Inode, dentry and file are new, born at events of the recording. Superblock and mount are older than the recording: they are everybody's, made when the machine started.",
    ],
    terms: ["inode", "dentry", "superblock", "mount", "pseudo file system", "anonymous inode"],
    at: CREATED,
    focus: "inode",
    views: [
      {
        show: "state",
        caption: "What lives when the create has returned, and who holds it.",
        at: CREATED,
        objects: ["superblock", "mount", "inode", "dentry", "file [kvm-gmem]"],
      },
    ],
    commands: [
      { args: ["replay", "--at", "{event}", BEFORE], exit: 0 },
      { args: ["export", BEFORE, "--to", "mermaid", "--at", "{event}"], exit: 0 },
    ],
  },
  {
    id: "create",
    title: "One create, call by call",
    paragraphs: [
      "This is a call tree: a line for each call, with the number of its event, its arguments and what it returned. What it calls stands further to the right. Lines with ~ say what became of an object. Addresses are cut to their last four digits, and #6 is the sixth object that lived at that address.",
      "get_unused_fd_flags reserves the descriptor's number. Then try_module_get: KVM is a module, code that is loaded into the running kernel and can be removed again. A module reference is what keeps it there; refcnt counts them, and one of its own. kvm_amd is the module that KVM on this processor hangs on. Whoever has a file open can call into it, so every file holds it.",
      'Next comes the inode, which security_inode_init_security_anon may refuse. alloc_file_pseudo makes the dentry, takes the mount (mntget), puts the inode into the dentry (d_instantiate) and makes the file. A call first holds itself what it took, and then leaves it to an object: "now held by".',
      "Last the file takes the VM (kvm_get_kvm), and fd_install puts it behind the descriptor. From there on the program can use it, and nothing can fail any more. The file holds four things: a module, a dentry and with it the inode, a mount, and the VM. All four have to come back.",
    ],
    terms: ["call tree", "module", "module reference"],
    at: { in: BEFORE, path: ["kvm_gmem_create", "try_module_get"], when: "return" },
    focus: "module",
    views: [
      {
        show: "calls",
        caption: "The create of guest_memfd on Linux 6.12, without the patch.",
        in: BEFORE,
        paths: [["kvm_gmem_create"]],
      },
    ],
    commands: [
      { args: ["why", BEFORE, "kvm_amd", "--at", "{event}"], exit: 0 },
      { args: ["replay", "--object", "{object}", BEFORE], exit: 0 },
    ],
  },
];
