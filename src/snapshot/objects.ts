/** Kernel objects in a snapshot. */
import { DamagedError } from "../log/file/bytes.js";
import type { Kind, KernelObject, OfKind, Reference, Step } from "../reduce/objects.js";
import { TRAIL } from "../reduce/recipes.js";
import { blank } from "../reduce/store.js";
import { address, type Codec, type Fields, flag, integer, list, near, nullable, oneOf, real, record, seq, whole, word, word32 } from "./codec.js";
import type { DocumentReader, DocumentWriter } from "./document.js";

type Life = "kind" | "id" | "address" | "generation" | "met" | "birth" | "death" | "focus" | "references" | "count" | "unprobed" | "trail" | "steps";
/** What objects of a kind have beyond a life. */
type Own<K extends Kind> = Fields<Omit<OfKind<K>, Life>>;

const OWN: { readonly [K in Kind]: Own<K> } = {
  inode: { stage: oneOf("live", "evicting", "cleared", "destroyed", "freed"), superblock: whole, nlink: nullable(real), pages: real, module: whole, ownFree: flag, pendingRcu: seq, callbacks: whole, frees: whole },
  file: { stage: oneOf("allocated", "open", "releasing", "released"), name: word, inode: near, dentry: near, mount: whole, module: whole, vm: whole, vmAddress: address, descriptors: integer, shared: flag, kept: list(seq), gmem: flag, made: seq },
  dentry: { inode: near, superblock: whole },
  mount: { superblock: whole, fsName: word, module: whole, unmounted: seq },
  superblock: { fsName: word, magic: nullable(real), stage: oneOf("live", "shutting down", "dead"), module: whole },
  fs_type: { name: word, module: whole },
  module: { name: word, stage: oneOf("coming", "live", "exiting", "freed"), ownsGmem: flag, unpinned: seq },
  vm: { type: word, stage: oneOf("live", "destroying", "destroyed"), slots: list(near) },
  memslot: { vm: near, slot: nullable(real), file: near, offset: word },
  descriptors: { files: filesOf() },
};
const KINDS = Object.keys(OWN) as Kind[];
export const kindOf = oneOf(...KINDS);
const own = Object.fromEntries(KINDS.map((kind) => [kind, record(OWN[kind] as Fields<object>)])) as Record<Kind, Codec<object>>;

// These two are most of a snapshot, so they are not put together field by field.
export const reference: Codec<Reference> = {
  write(out, value) {
    // A call is named by its entry, an object by its id.
    flag.write(out, value.owner < 0);
    if (value.owner < 0) out.seq(-value.owner);
    else out.near(value.owner);
    out.seq(value.seq);
    out.word(value.by);
    out.task(value.task);
  },
  read: (from) => ({ owner: flag.read(from) ? -from.seq() : from.near(), seq: from.seq(), by: from.word(), task: from.task() }),
};
export const step: Codec<Step> = {
  write(out, value) {
    out.seq(value.seq);
    out.point(value.point);
    out.task(value.task);
    out.word(value.note);
  },
  read: (from) => ({ seq: from.seq(), point: from.point(), task: from.task(), note: from.word() }),
};
const references = list(reference);
const count = nullable(real);

/** An object: all of it where it is named first, and then by which of them it was. */
export const object: Codec<KernelObject> = {
  write: (out, value) => out.object(value, () => writeObject(out, value)),
  read: (from) => from.object(() => readObject(from)),
};

/** The same where only objects of one kind can be. */
export function objectOf<K extends Kind>(kind: K): Codec<OfKind<K>> {
  return {
    write: (out, value) => object.write(out, value),
    read(from) {
      const value = object.read(from);
      if (value.kind !== kind) throw new DamagedError(`a ${value.kind} where a ${kind} belongs`);
      return value as OfKind<K>;
    },
  };
}

function writeObject(out: DocumentWriter, o: KernelObject): void {
  kindOf.write(out, o.kind);
  out.life(o.id, o.met);
  out.address(o.address);
  out.number(o.generation);
  out.seq(o.birth);
  out.seq(o.death);
  flag.write(out, o.focus);
  count.write(out, o.count);
  out.real(o.unprobed);
  references.write(out, o.references);
  // One that is to be followed anew begins its trail anew.
  out.number(out.trails ? o.steps : 0);
  if (out.trails) for (const passed of o.trail) step.write(out, passed);
  own[o.kind].write(out, o);
}

function readObject(from: DocumentReader): KernelObject {
  const kind = kindOf.read(from);
  const { id, met } = from.life();
  const o = blank(kind, id, from.address(), word32.read(from), met);
  o.birth = from.seq();
  o.death = from.seq();
  o.focus = flag.read(from);
  o.count = count.read(from);
  o.unprobed = from.real();
  o.references = references.read(from);
  o.steps = from.number();
  for (let k = Math.min(o.steps, TRAIL); k > 0; k--) o.trail.push(step.read(from));
  return Object.assign(o, own[kind].read(from));
}

/** Descriptor to file, in the order in which the table has them. */
function filesOf(): Codec<Readonly<Record<number, number>>> {
  const entries = list(record<{ fd: number; file: number }>({ fd: integer, file: whole }));
  return {
    write: (out, files) => entries.write(out, Object.entries(files).map(([fd, file]) => ({ fd: Number(fd), file }))),
    read: (from) => Object.assign(Object.create(null) as Record<number, number>, Object.fromEntries(entries.read(from).map(({ fd, file }) => [fd, file]))),
  };
}
