/**
 * The catalogue of kinds of kernel object, each defined once, in the order in which states list them.
 */
import { cache } from "./cache.js";
import type { Field, KindDefinition, ValuesOf } from "./definition.js";
import { dentry } from "./dentry.js";
import { descriptors } from "./descriptors.js";
import { file } from "./file.js";
import { fs_type } from "./fs-type.js";
import { inode } from "./inode.js";
import { memslot } from "./memslot.js";
import { module } from "./module.js";
import { mount } from "./mount.js";
import { superblock } from "./superblock.js";
import { vm } from "./vm.js";

export type { FactTemplate, Field, Fields, FieldType, KindDefinition } from "./definition.js";

const catalogue = { module, superblock, mount, inode, dentry, file, vm, memslot, fs_type, cache, descriptors } as const;

/** The name of a kind in events, states and documents. */
export type Kind = keyof typeof catalogue;

/** The fields of objects of a kind. */
export type FieldsOf<K extends Kind> = ValuesOf<(typeof catalogue)[K]["fields"]>;

/** The names of fields of a type, in any kind. */
export type FieldOf<Type extends Field["type"]> = {
  [K in Kind]: {
    [Name in keyof (typeof catalogue)[K]["fields"]]: (typeof catalogue)[K]["fields"][Name] extends Field<infer _, Type>
      ? Name & string
      : never;
  }[keyof (typeof catalogue)[K]["fields"]];
}[Kind];

/** Every kind by its name. */
export const kinds: { readonly [K in Kind]: KindDefinition<K> } = catalogue;

/** In the order in which states list them. */
export const KINDS = Object.keys(catalogue) as readonly Kind[];

const definitions: readonly KindDefinition<Kind>[] = Object.values(kinds);
const named = (wanted: readonly KindDefinition<Kind>[]): readonly Kind[] => wanted.map(({ name }) => name);

/** The kinds that reports count and states list. */
export const COUNTED_KINDS = named(definitions.filter(({ counted }) => counted));

/** The kinds that an address identifies. */
export const ADDRESSED_KINDS = named(definitions.filter(({ numbered }) => numbered === undefined));

/** Computes a value for each kind from its definition. */
export function byKind<T>(of: (kind: KindDefinition<Kind>) => T): { readonly [K in Kind]: T } {
  return Object.fromEntries(definitions.map((definition) => [definition.name, of(definition)])) as Record<Kind, T>;
}

/** True if it is the name of a kind: recordings and command lines may have any name. */
export function isKind(name: string | undefined): name is Kind {
  return name !== undefined && Object.hasOwn(catalogue, name);
}
