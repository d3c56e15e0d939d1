/**
 * The objects that the state is made of. They are plain data without methods or cycles and name each other by id, so
 * that one object can change without its neighbours, and a moment can be kept by keeping the objects.
 *
 * An object is an address *and* a lifetime: a new life at an old address is a new object with the next generation.
 */
import { type FieldsOf, type Kind as CatalogueKind, kinds } from "../../events/kinds/index.js";
import type { AddressId, TaskId } from "../log/batch.js";

/** A kind of object: `inode`, `file`, … */
export type Kind = CatalogueKind;

/** Names an object of one replay: from 1, the same in every replay of the same events. 0 is none. */
export type ObjectId = number;

/**
 * The owner of a reference: an object (positive: its id), a call in progress (negative: the sequence number of its
 * entry), or an untraced caller (0).
 */
export type Owner = number;
/** The owner of a reference that an untraced caller holds. */
export const UNSEEN: Owner = 0;
/** The owner that a call in progress is: its entry, negative. */
export const ownedByCall = (entrySeq: number): Owner => -entrySeq;

/** One reference taken and not yet given back. */
export interface Reference {
  readonly owner: Owner;
  /** The event that took it. */
  readonly seq: number;
  /** The operation that took it, or the unprobed call that the probed one implies (`fget`). */
  readonly by: string;
  readonly task: TaskId;
  /** The last call that owned it, where that is over and its caller is untraced. */
  readonly left: Left | undefined;
}

/** The call that left a reference to an untraced caller. */
export interface Left {
  readonly operation: string;
  /** The event of its entry. */
  readonly event: number;
}

/** The call that left a reference to an untraced caller; none for an operation that takes one for its caller. */
export function leftBehind({ owner, by, left }: Reference): Left | undefined {
  return owner === UNSEEN && left?.operation !== by ? left : undefined;
}

/** The effect of an event on an object, or on many. */
export interface Deed {
  readonly point: number;
  readonly task: TaskId;
  /** The effect in words: `i_count 1 → 0`, `bound to file …`; empty if the event only concerned the object. */
  readonly note: string;
}

/** One event in an object's life, kept while it lives and with the findings that name it. */
export interface Step extends Deed {
  readonly seq: number;
}

interface Life {
  readonly id: ObjectId;
  readonly address: AddressId;
  readonly generation: number;
  /** The event that made it; 0 if it was met mid-life, so that its past is unknown. */
  birth: number;
  /** The event that showed it first. */
  readonly met: number;
  /** The event that ended it; 0 while it lives. */
  death: number;
  /** It belongs to guest_memfd, or guest_memfd depends on it. */
  focus: boolean;
  /** References with an owner. */
  references: Reference[];
  /** References in all, as far as known: from birth, or from the last probe that printed it. `null`: never seen. */
  count: number | null;
  /** References that a printed count proves, and that no probe showed being taken. */
  unprobed: number;
  /**
   * The events of the first and the latest steps of its life, and the effect of each, unsorted: `trailOf` sorts them.
   * Objects without `focus` have none.
   */
  trail: number[];
  deeds: Deed[];
  /** Steps in all, those included that the trail no longer has. */
  steps: number;
}

type Flat<T> = { [Name in keyof T]: T[Name] };

/** A life, with the fields that the catalogue defines for its kind. */
export type KernelObject = { [K in Kind]: Flat<Life & { readonly kind: K } & FieldsOf<K>> }[Kind];
/** The objects of one kind. */
export type OfKind<K extends Kind> = Extract<KernelObject, { kind: K }>;

/** A `struct inode` (include/linux/fs.h). Its count is `i_count`. */
export type Inode = OfKind<"inode">;
/** A `struct file` (include/linux/fs.h). Its count is `f_count`. */
export type File = OfKind<"file">;
/** A `struct dentry` (include/linux/dcache.h). Its count is `d_count`. */
export type Dentry = OfKind<"dentry">;
/** A `struct vfsmount` (include/linux/mount.h). Its count is `mnt_count`. */
export type Mount = OfKind<"mount">;
/** A `struct super_block` (include/linux/fs.h). Its count is `s_active`. */
export type Superblock = OfKind<"superblock">;
/** A `struct module` (include/linux/module.h). Its count is `refcnt`, its own reference included. */
export type Module = OfKind<"module">;
/** A slab cache that guest_memfd's init made (`struct kmem_cache`, mm/slab.h). */
export type Cache = OfKind<"cache">;
/** A `struct kvm` (include/linux/kvm_host.h). Its count is `users_count`. */
export type Vm = OfKind<"vm">;
/** A `struct kvm_memory_slot` (include/linux/kvm_host.h). */
export type Memslot = OfKind<"memslot">;
/** The descriptors of a process, as far as calls show them. */
export type DescriptorTable = OfKind<"descriptors">;

/** The fields that objects of all kinds have. */
export type LifeField = keyof Life | "kind";

/** The value of a field that the catalogue has of the object's kind. */
export function fieldOf(object: KernelObject, name: string): unknown {
  return (object as unknown as Readonly<Record<string, unknown>>)[name];
}

/** The name of an object, apart from its label; empty if it has no name, or none yet. */
export function nameOf(object: KernelObject): string {
  const { named } = kinds[object.kind];
  return named ? (fieldOf(object, named.field) as string) : "";
}

/** References in an object's count that are its own, and of no owner. */
export function ofItsOwn({ kind, unprobed }: Pick<KernelObject, "kind" | "unprobed">): number {
  return unprobed > 0 ? (kinds[kind].count.base?.references ?? 0) : 0;
}

/** The same in words, with the kernel's name for them: `1 of its own (MODULE_REF_BASE)`. Empty if there are none. */
export function ofItsOwnText(object: Pick<KernelObject, "kind" | "unprobed">): string {
  const own = ofItsOwn(object);
  return own > 0 ? `${own} of its own (${kinds[object.kind].count.base!.name})` : "";
}

/** The name of the counter of the references on a kind of object: `i_count`. */
export function countName(kind: Kind): string {
  return kinds[kind].count.name;
}
