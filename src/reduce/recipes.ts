/**
 * The transitions: each changes the draft of one object and nothing else. They are the only code that writes state.
 * The same recipes run on immer drafts (the state whose moments are kept) and on plain objects (bulk replay).
 */
import type { AddressId, TaskId } from "../log/batch.js";
import type { Cache, Deed, Dentry, DescriptorTable, File, FileStage, FsType, Inode, InodeStage, KernelObject, Left, Memslot, Module, ModuleStage, Mount, ObjectId, Owner, Step, Superblock, Vm } from "./objects.js";
import { UNSEEN } from "./objects.js";

/** A trail keeps its first steps, which say where the object came from, and its latest. */
const TRAIL_FIRST = 8;
const TRAIL_LATEST = 56;
/** Steps that a trail has at most. */
export const TRAIL = TRAIL_FIRST + TRAIL_LATEST;

export function step(o: KernelObject, seq: number, deed: Deed): void {
  const at = o.steps < TRAIL_FIRST ? o.steps : TRAIL_FIRST + ((o.steps - TRAIL_FIRST) % TRAIL_LATEST);
  o.trail[at] = seq;
  o.deeds[at] = deed;
  o.steps++;
}

/** The steps that a trail holds, in order. */
export function trailOf(o: KernelObject): Step[] {
  return o.trail.map((seq, at) => ({ seq, ...o.deeds[at]! })).sort((a, b) => a.seq - b.seq);
}

export function bornAt(o: KernelObject, seq: number, count: number | null): void {
  o.birth = seq;
  o.count = count;
}

export function diedAt(o: KernelObject, seq: number): void {
  o.death = seq;
}

export function enterFocus(o: KernelObject): void {
  o.focus = true;
}

// References.

export function take(o: KernelObject, owner: Owner, seq: number, by: string, task: TaskId): void {
  const reference = { owner, seq, by, task, left: undefined };
  // Most objects have one reference, and a list that grows has room for seventeen.
  if (o.references.length === 0) o.references = [reference];
  else o.references.push(reference);
  if (o.count !== null) o.count++;
}

/** Gives back the reference at `index`, or one that no probe saw taken (-1). */
export function giveBack(o: KernelObject, index: number): void {
  if (index < 0) o.unprobed = Math.max(0, o.unprobed - 1);
  else if (index === o.references.length - 1) o.references.pop();
  else o.references.splice(index, 1);
  if (o.count !== null) o.count--;
}

/** Every reference of one owner passes to another: a call's to the object that it made. */
export function handOver(o: KernelObject, from: Owner, to: Owner): void {
  for (let i = 0; i < o.references.length; i++) {
    const r = o.references[i]!;
    if (r.owner === from) o.references[i] = { owner: to, seq: r.seq, by: r.by, task: r.task, left: undefined };
  }
}

/** A call is over, and its caller, who has its references now, is none that a probe shows. */
export function leave(o: KernelObject, from: Owner, left: Left): void {
  for (let i = 0; i < o.references.length; i++) {
    const r = o.references[i]!;
    if (r.owner === from) o.references[i] = { owner: UNSEEN, seq: r.seq, by: r.by, task: r.task, left };
  }
}

/** A probe printed the count: it is the truth from here on. */
export function observeCount(o: KernelObject, count: number, unprobed: number): void {
  o.count = count;
  o.unprobed = unprobed;
}

// Inodes.

export function inodeStage(o: Inode, stage: InodeStage): void {
  o.stage = stage;
}
export function inodeSuperblock(o: Inode, superblock: ObjectId): void {
  o.superblock = superblock;
}
export function inodeLinks(o: Inode, nlink: number): void {
  o.nlink = nlink;
}
export function inodePages(o: Inode, pages: number): void {
  o.pages = pages;
}
export function inodeModule(o: Inode, module: ObjectId): void {
  o.module = module;
}
export function inodeOwnFree(o: Inode): void {
  o.ownFree = true;
}
export function inodeCallback(o: Inode): void {
  o.callbacks++;
  o.pendingRcu = 0;
}
export function inodeFreed(o: Inode): void {
  o.frees++;
  o.pendingRcu = 0;
}
export function inodeCache(o: Inode, cache: ObjectId, address: AddressId): void {
  o.cache = cache;
  o.cacheAddress = address;
}
export function inodePendingRcu(o: Inode, seq: number): void {
  o.pendingRcu = seq;
}

// Files and descriptors.

export function fileOpened(o: File, name: string, inode: ObjectId, dentry: ObjectId, mount: ObjectId, gmem: boolean): void {
  o.stage = "open";
  o.name = name;
  o.inode = inode;
  o.dentry = dentry;
  o.mount = mount;
  o.gmem = gmem;
}
export function fileStage(o: File, stage: FileStage): void {
  o.stage = stage;
}
export function fileInode(o: File, inode: ObjectId): void {
  o.inode = inode;
}
export function fileModule(o: File, module: ObjectId): void {
  o.module = module;
}
export function fileVm(o: File, vm: Vm): void {
  o.vm = vm.id;
  o.vmAddress = vm.address;
}
export function fileGmem(o: File): void {
  o.gmem = true;
}
export function fileMade(o: File, entry: number): void {
  o.gmem = true;
  o.made = entry;
}
export function fileDescriptors(o: File, change: number): void {
  o.descriptors += change;
}
export function fileShared(o: File): void {
  o.shared = true;
}
export function fileKept(o: File, seq: number): void {
  o.kept.push(seq);
}
export function descriptorSet(o: DescriptorTable, fd: number, file: ObjectId): void {
  o.files[fd] = file;
}
export function descriptorCleared(o: DescriptorTable, fd: number): void {
  delete o.files[fd];
}

// Dentries, mounts, superblocks, file system types.

export function dentryInode(o: Dentry, inode: ObjectId): void {
  o.inode = inode;
}
export function dentrySuperblock(o: Dentry, superblock: ObjectId): void {
  o.superblock = superblock;
}
export function mountOf(o: Mount, superblock: ObjectId, fsName: string, module: ObjectId): void {
  o.superblock = superblock;
  o.fsName = fsName;
  o.module = module;
}
export function mountUnmounted(o: Mount, seq: number): void {
  o.unmounted = seq;
}
export function superblockOf(o: Superblock, fsName: string, magic: number | null, module: ObjectId): void {
  o.fsName = fsName;
  o.magic = magic;
  o.module = module;
}
export function superblockStage(o: Superblock, stage: Superblock["stage"]): void {
  o.stage = stage;
}
export function fsTypeOf(o: FsType, name: string, module: ObjectId): void {
  o.name = name;
  o.module = module;
}

// Modules.

export function moduleNamed(o: Module, name: string): void {
  o.name = name;
}
export function moduleStage(o: Module, stage: ModuleStage): void {
  o.stage = stage;
}
export function moduleOwnsGmem(o: Module): void {
  o.ownsGmem = true;
}

export function moduleUnpinned(o: Module, release: number): void {
  o.unpinned = release;
}

export function moduleCache(o: Module, cache: ObjectId): void {
  o.cache = cache;
}

// Slab caches.

export function cacheOf(o: Cache, name: string, module: ObjectId): void {
  o.name = name;
  o.module = module;
}
export function cacheDestroyed(o: Cache, seq: number, left: AddressId[]): void {
  o.destroyed = seq;
  o.left = left;
}
export function cacheBarrier(o: Cache, seq: number): void {
  o.barrier = seq;
}

// VMs and memslots.

export function vmType(o: Vm, type: string): void {
  o.type = type;
}
export function vmStage(o: Vm, stage: Vm["stage"]): void {
  o.stage = stage;
}
export function vmSlotAdded(o: Vm, slot: ObjectId): void {
  o.slots.push(slot);
}
export function vmSlotRemoved(o: Vm, slot: ObjectId): void {
  const at = o.slots.indexOf(slot);
  if (at >= 0) o.slots.splice(at, 1);
}
export function slotBound(o: Memslot, vm: ObjectId, file: ObjectId, offset: string, slot: number | null): void {
  o.vm = vm;
  o.file = file;
  o.offset = offset;
  o.slot = slot;
}
export function slotUnbound(o: Memslot): void {
  o.file = 0;
}
