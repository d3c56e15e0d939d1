/** Kernel objects in a snapshot. */
import { byKind, type Field, type FieldType, KINDS } from "../../events/kinds/index.js";
import { DamagedError } from "../log/file/bytes.js";
import type { Deed, Kind, KernelObject, Left, OfKind, Reference, Step } from "../reduce/objects.js";
import { TRAIL } from "../reduce/transitions.js";
import { blank } from "../reduce/store.js";
import {
  address,
  type Codec,
  type Fields,
  flag,
  integer,
  list,
  near,
  nullable,
  oneOf,
  optional,
  real,
  record,
  seq,
  whole,
  word,
  word32,
} from "./codec.js";

const FIELD_CODECS: { readonly [Type in Exclude<FieldType, "stage">]: unknown } = {
  pointer: whole,
  pointers: list(near),
  observed: nullable(real),
  amount: real,
  tally: whole,
  flag,
  text: word,
  event: seq,
  events: list(seq),
  address,
  addresses: list(address),
  descriptors: filesOf(),
};

function codecOf({ type, stages, near: isNear, falls }: Field): Codec<unknown> {
  if (type === "stage") return oneOf(...stages!) as Codec<unknown>;
  if (isNear) return near as Codec<unknown>;
  if (falls) return integer as Codec<unknown>;
  return FIELD_CODECS[type] as Codec<unknown>;
}

export const kindOf = oneOf(...KINDS);
const OWN_FIELDS = byKind(({ fields }) =>
  Object.entries(fields).map(([name, field]) => [name, codecOf(field)] as const),
);

const left = optional(record<Left>({ operation: word, event: seq }));

// References and deeds are most of a snapshot, so their codecs do without a loop over fields.
export const reference: Codec<Reference> = {
  write(out, value) {
    // A call is named by its entry, an object by its id.
    flag.write(out, value.owner < 0);
    if (value.owner < 0) out.seq(-value.owner);
    else out.near(value.owner);
    out.seq(value.seq);
    out.word(value.by);
    out.task(value.task);
    left.write(out, value.left);
  },
  read: (from) => ({
    owner: flag.read(from) ? -from.seq() : from.near(),
    seq: from.seq(),
    by: from.word(),
    task: from.task(),
    left: left.read(from),
  }),
};
const deed: Codec<Deed> = {
  write(out, value) {
    out.point(value.point);
    out.task(value.task);
    out.word(value.note);
  },
  read: (from) => ({ point: from.point(), task: from.task(), note: from.word() }),
};
export const step: Codec<Step> = {
  write(out, value) {
    out.seq(value.seq);
    deed.write(out, value);
  },
  read: (from) => ({ seq: from.seq(), ...deed.read(from) }),
};

/** The fields that objects of all kinds have. */
const LIFE = Object.entries({
  generation: word32,
  birth: seq,
  death: seq,
  focus: flag,
  count: nullable(real),
  unprobed: real,
  references: list(reference),
} satisfies Partial<Fields<KernelObject>>) as [string, Codec<unknown>][];

/** Objects that were not named before, in columns: most fields have much the same value in most objects. */
export const objects: Codec<readonly KernelObject[]> = {
  write(out, all) {
    out.number(all.length);
    let last = NONE;
    for (const o of all) {
      kindOf.write(out, o.kind);
      out.about(last);
      out.near(o.id);
      out.seq(o.met);
      out.address(o.address);
      out.named(o);
      last = o;
    }
    eachField(all, (o, name, codec) => {
      out.about(o);
      codec.write(out, o[name]);
    });
    // Without trails, the steps of each object are counted from 0 again.
    for (const o of all) out.number(out.trails ? o.steps : 0);
    for (const o of all) {
      out.about(o);
      for (let k = 0; out.trails && k < o.trail.length; k++) {
        out.seq(o.trail[k]!);
        deed.write(out, o.deeds[k]!);
      }
    }
  },
  read(from) {
    const length = from.below(from.left);
    const all: KernelObject[] = [];
    let last = NONE;
    for (let k = 0; k < length; k++) {
      const kind = kindOf.read(from);
      from.about(last);
      const id = from.near();
      if (!Number.isSafeInteger(id) || id <= 0) throw new DamagedError("an object of no number");
      const met = from.seq();
      const o = blank(kind, id, from.address(), 1, met);
      from.named(o);
      all.push(o);
      last = o;
    }
    eachField(all, (o, name, codec) => {
      from.about(o);
      o[name] = codec.read(from);
    });
    for (const o of all) o.steps = from.number();
    for (const o of all) {
      from.about(o);
      for (let k = Math.min(o.steps, TRAIL); k > 0; k--) {
        o.trail.push(from.seq());
        o.deeds.push(deed.read(from));
      }
    }
    return all;
  },
};
const NONE: Pick<KernelObject, "id" | "met"> = { id: 0, met: 0 };

function eachField(
  all: readonly KernelObject[],
  visit: (o: Record<string, unknown> & KernelObject, name: string, codec: Codec<unknown>) => void,
): void {
  for (const [name, codec] of LIFE) for (const o of all) visit(o as never, name, codec);
  for (const kind of KINDS) {
    const alike = all.filter((o) => o.kind === kind);
    for (const [name, codec] of OWN_FIELDS[kind]) for (const o of alike) visit(o as never, name, codec);
  }
}

/** An object: in full where it is named first, and by a number later. */
export const object: Codec<KernelObject> = {
  write: (out, value) => out.object(value, () => objects.write(out, [value])),
  read: (from) =>
    from.object(() => {
      const [only, ...others] = objects.read(from);
      if (!only || others.length > 0) throw new DamagedError("one object that is none, or several");
      return only;
    }),
};

/** The codec of objects of one kind, in the form of `object`. */
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

/** Descriptor to file, in the order in which the table has them. */
function filesOf(): Codec<Readonly<Record<number, number>>> {
  const entries = list(record<{ fd: number; file: number }>({ fd: integer, file: whole }));
  return {
    write: (out, files) =>
      entries.write(
        out,
        Object.entries(files).map(([fd, file]) => ({ fd: Number(fd), file })),
      ),
    read: (from) =>
      Object.assign(
        Object.create(null) as Record<number, number>,
        Object.fromEntries(entries.read(from).map(({ fd, file }) => [fd, file])),
      ),
  };
}
