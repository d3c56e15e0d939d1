/** The simulated kernels, each as changes to an earlier one. */
import type { Config } from "../simulate/environment.js";
import { customInodeAsMerged } from "./features/custom-inode-merged.js";
import { customInodeAsPosted } from "./features/custom-inode-posted.js";
import { mmap } from "./features/mmap.js";
import {
  anonInodesNoexec,
  checkedBindRange,
  closeOnExecFirst,
  dcache72,
  fputClose,
  overlapExists,
  pseudoNoexec,
  sheaves,
  signedBindRange,
  withoutGuestMemfd,
} from "./features/releases.js";
import { kernel, type KernelDefinition, release } from "./kernel.js";
import { anonInodes } from "./linux/fs/anon_inodes.js";
import { dcache } from "./linux/fs/dcache.js";
import { descriptors } from "./linux/fs/file.js";
import { execution } from "./linux/fs/exec.js";
import { fileTable } from "./linux/fs/file_table.js";
import { inode } from "./linux/fs/inode.js";
import { libfs } from "./linux/fs/libfs.js";
import { namei } from "./linux/fs/namei.js";
import { namespace } from "./linux/fs/namespace.js";
import { statfs } from "./linux/fs/statfs.js";
import { superBlock } from "./linux/fs/super.js";
import { exiting } from "./linux/kernel/exit.js";
import { forking } from "./linux/kernel/fork.js";
import { locking } from "./linux/kernel/locking.js";
import { modules } from "./linux/kernel/module.js";
import { rcu } from "./linux/kernel/rcu.js";
import { filemap } from "./linux/mm/filemap.js";
import { mmapping } from "./linux/mm/mmap.js";
import { slabCommon } from "./linux/mm/slab_common.js";
import { vmalloc } from "./linux/mm/vmalloc.js";
import { unixSockets } from "./linux/net/af_unix.js";
import { scm } from "./linux/net/scm.js";
import { guestMemfd } from "./linux/virt/guest_memfd.js";
import { kvmMain } from "./linux/virt/kvm_main.js";

export { KernelDefinition, type FunctionTable, type Kernel } from "./kernel.js";
export type { Functions, MemoryRegion } from "./prototypes.js";

/** The machine that the recordings were made on: 2 GiB of memory. */
const MACHINE = { physicalAddressBits: 40, totalRamPages: 2 ** 19 };
const OWN_CONFIG: Config = {
  ...MACHINE,
  guestMemfd: true,
  inodeBlobs: false,
  slubDebug: false,
  softwareProtectedVms: true,
};
const DEBIAN_CONFIG: Config = {
  ...MACHINE,
  guestMemfd: true,
  inodeBlobs: true,
  slubDebug: false,
  softwareProtectedVms: false,
};

/** Linux 6.12: guest memory lies in anonymous inodes. */
const linux612 = kernel(
  "linux-6.12",
  {
    ...inode,
    ...libfs,
    ...dcache,
    ...superBlock,
    ...namespace,
    ...anonInodes,
    ...fileTable,
    ...descriptors,
    ...execution,
    ...namei,
    ...statfs,
    ...forking,
    ...exiting,
    ...unixSockets,
    ...scm,
    ...modules,
    ...rcu,
    ...locking,
    ...filemap,
    ...slabCommon,
    ...mmapping,
    ...vmalloc,
    ...kvmMain,
    ...guestMemfd,
  },
  OWN_CONFIG,
);

/** Linux 6.12 with the patch applied, and nothing else. */
const linux612Patched = release("linux-6.12-patched", { from: linux612, apply: [customInodeAsPosted] });

/** Linux 6.18: still without the patch; user space can map guest memory. */
const linux618 = release("linux-6.18", {
  from: linux612,
  apply: [mmap, fputClose, anonInodesNoexec, signedBindRange],
  config: DEBIAN_CONFIG,
});

/** Linux 7.2: the patch as merged. */
const linux72 = release("linux-7.2", {
  from: linux618,
  apply: [customInodeAsMerged, sheaves, pseudoNoexec, overlapExists, dcache72, checkedBindRange, closeOnExecFirst],
});

/** The kernels by the names that commands take. */
export const kernels = {
  "linux-6.12": linux612,
  "linux-6.12-patched": linux612Patched,
  "linux-6.18": linux618,
  "linux-7.2": linux72,
} as const;

/** Aliases: the names of the patch's two sides. */
export const ALIASES: Readonly<Record<string, keyof typeof kernels>> = {
  "anon-inode": "linux-6.12",
  "custom-inode": "linux-6.12-patched",
};

/** The same kernel built without guest_memfd. */
export function withoutPrivateMemory(definition: KernelDefinition): KernelDefinition {
  return definition.with(`${definition.name} without CONFIG_KVM_PRIVATE_MEM`, withoutGuestMemfd, { guestMemfd: false });
}

/** The same kernel with its slab caches debugged, as by `slub_debug` on its command line: they have no sheaves. */
export function withSlubDebug(definition: KernelDefinition): KernelDefinition {
  return definition.with(`${definition.name} with CONFIG_SLUB_DEBUG_ON`, {}, { slubDebug: true });
}
