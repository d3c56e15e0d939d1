/**
 * The catalogue of kernel operations: every event that kreel understands, each defined once.
 *
 * Order: the subsystems as listed in `subsystems`, from mounts inward to memory, and within each the operations by
 * name. Point numbers follow from it and change when an operation is added: what is stored refers to operations by
 * name.
 */
import type { AddressId, ArgumentDefinition, ArgumentType, OperationDefinition, Trait } from "./definition.js";
import * as dentry from "./dentry.js";
import * as descriptor from "./descriptor.js";
import * as file from "./file.js";
import * as guestMemfd from "./guest-memfd.js";
import * as guestMemfdMemory from "./guest-memfd-memory.js";
import * as inode from "./inode.js";
import * as locking from "./locking.js";
import * as marker from "./marker.js";
import * as module from "./module.js";
import * as mount from "./mount.js";
import * as pageCache from "./page-cache.js";
import type { Kind } from "./kinds/index.js";
import { PointTable } from "./points.js";
import * as rcu from "./rcu.js";
import * as superblock from "./superblock.js";
import * as vm from "./vm.js";

export * from "./definition.js";
export * from "./kinds/index.js";
export { PointTable, type Phase, type Point } from "./points.js";

/** Every operation by its name. */
export const operations = {
  ...mount,
  ...superblock,
  ...inode,
  ...dentry,
  ...file,
  ...descriptor,
  ...module,
  ...vm,
  ...guestMemfd,
  ...guestMemfdMemory,
  ...pageCache,
  ...rcu,
  ...locking,
  ...marker,
} as const;

/** Operations that are about one thing, under the heading that the documentation gives them. */
export interface Subsystem {
  readonly title: string;
  readonly operations: readonly OperationDefinition[];
}

/** The operations by what they are about; the properties of a module namespace come in the order of their names. */
export const subsystems: readonly Subsystem[] = [
  { title: "Mounts", operations: Object.values(mount) },
  { title: "Superblocks", operations: Object.values(superblock) },
  { title: "Inodes", operations: Object.values(inode) },
  { title: "Dentries", operations: Object.values(dentry) },
  { title: "Files", operations: Object.values(file) },
  { title: "Descriptors", operations: Object.values(descriptor) },
  { title: "Modules", operations: Object.values(module) },
  { title: "VMs", operations: Object.values(vm) },
  { title: "guest_memfd", operations: Object.values(guestMemfd) },
  { title: "Memory of guest_memfd", operations: Object.values(guestMemfdMemory) },
  { title: "Page cache", operations: Object.values(pageCache) },
  { title: "RCU and slab", operations: Object.values(rcu) },
  { title: "Locks and deferred work", operations: Object.values(locking) },
  { title: "Markers", operations: Object.values(marker) },
];

/** Every operation, in the order above. */
export const catalogue: readonly OperationDefinition[] = subsystems.flatMap((s) => s.operations);

/** Operations of a trait, by their names. */
export function operationsWith(trait: Trait): ReadonlySet<string> {
  return new Set(catalogue.filter(({ traits }) => traits?.includes(trait)).map(({ name }) => name));
}

/** The entries and returns of every operation. */
export const points = new PointTable(catalogue);

/** The name of an operation of the catalogue. */
export type OperationName = keyof typeof operations;

/** The operation that gives back a reference on an object: it must be probed before its absence means anything. */
export const RETURNED_BY: { readonly [K in Kind]?: OperationName } = Object.fromEntries(
  catalogue.flatMap(({ name, gives }) => (gives ? [[gives, name]] : [])),
);

/** What ends an object: it must be probed, or an object may have ended unseen. */
export const ENDED_BY: { readonly [K in Kind]?: OperationName } = Object.fromEntries(
  catalogue.flatMap(({ name, ends }) => (ends ? [[ends, name]] : [])),
);

/** The definition of one operation, as precisely as it was written down. */
export type Operation<Name extends OperationName> = (typeof operations)[Name];

/** What a value is in TypeScript: a small number for an identity, a bigint where 64 bits may be needed. */
export type ValueOf<Type extends ArgumentType> = Type extends "ptr"
  ? AddressId
  : Type extends "string"
    ? string
    : Type extends "s64" | "u64" | "x64"
      ? bigint
      : number;

/** The arguments of an operation's entry event, by name. */
export type ArgsOf<Name extends OperationName> = {
  readonly [Arg in Operation<Name>["args"][number] as Arg["name"]]: ValueOf<Arg["type"]>;
};

/**
 * The result of an operation's return event under its name, as `{ inode: AddressId }`; nothing where no return is
 * probed.
 */
export type ResultOf<Name extends OperationName> =
  Operation<Name>["result"] extends ArgumentDefinition<infer Result, infer Type>
    ? { readonly [R in Result]: ValueOf<Type> }
    : Record<never, never>;
