/**
 * The catalogue's points in a recording's formats, in the form that decoding needs: a kind and an offset for each
 * argument.
 */
import type { ArgumentDefinition } from "../../../events/definition.js";
import type { Point, PointTable } from "../../../events/points.js";
import { type Form, Offer } from "../arguments/offer.js";
import type { EventFormat, Field } from "./format.js";

/** Kinds: the storage of an argument in a record. */
export const ABSENT = 0;
export const NUMBER_8 = 1;
export const NUMBER_4 = 2;
export const SIGNED_4 = 3;
/** One or two bytes, signed or not. */
export const SMALL = 4;
export const ADDRESS_8 = 5;
export const ADDRESS_4 = 6;
/** A word with the offset of the string in the record, and its length. */
export const STRING_AT = 7;
/** The same, with the offset counted from after the word. */
export const STRING_AFTER = 8;
/** The string itself, up to a NUL or the field's end. */
export const STRING_HERE = 9;

/** An address that is printed as the function there. */
export const SYMBOL = 10;
/** Bits that are printed as letters. */
export const LETTERS = 11;
/** One of the numbers of a device, which the kernel keeps in one word. */
export const MAJOR = 12;
export const MINOR = 13;

export interface CompiledArgument {
  readonly kind: number;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** For `LETTERS`: the text for each bit, in order. */
  readonly letters: readonly Letter[];
}

/** A field of a probe that may be one of the catalogue's arguments under another name. */
export interface CompiledField extends CompiledArgument {
  readonly form: Form;
  /** Its value in the current record. */
  readonly offer: Offer;
}

export interface Letter {
  readonly bit: number;
  readonly text: string;
}

/** Offset and size of the address of a place; `size` 0 is none. */
export interface AddressField {
  readonly offset: number;
  readonly size: number;
}

export interface CompiledEvent {
  readonly name: string;
  /** `undefined` for an event that the catalogue does not have. */
  readonly point: Point | undefined;
  readonly pointId: number;
  readonly args: readonly CompiledArgument[];
  /** Arguments of a probe that have no field of their name, in order. */
  readonly absent: readonly number[];
  /** All its fields in order, if arguments are absent and fields have other names; otherwise none. */
  readonly fields: readonly CompiledField[];
  readonly offers: readonly Offer[];
  /** Bytes that a record must have. */
  readonly minimum: number;
  /** The address of the probe, for an entry. */
  readonly probe: AddressField;
  /** The return address, and the function that it returns from, for a return. */
  readonly caller: AddressField;
  /** The one of these that tells places apart. */
  readonly key: AddressField;
  /** Offset of a marker's text. */
  readonly text: number;
  /** Places of this event by the lower word of their address. */
  readonly places: Map<number, KnownPlace>;
  /** The last one looked up, which mostly is the next as well. */
  last: KnownPlace;
  readonly isMarker: boolean;
}

export interface KnownPlace {
  readonly low: number;
  readonly high: number;
  readonly place: number;
}

const NOWHERE: AddressField = { offset: 0, size: 0 };
/** No word is negative. */
const NO_PLACE: KnownPlace = { low: -1, high: -1, place: 0 };
const MARKER = "tracing_mark_write";
/** The field of a device's numbers. */
const DEVICE = "s_dev";
/** Users choose the system of dynamic probes; unlike tracepoints, they have the address of the probe. */
const PROBE_IP = "__probe_ip";
const PROBE_FUNCTION = "__probe_func";
const PROBE_RETURN = "__probe_ret_ip";

export function compileEvent(format: EventFormat, points: PointTable): CompiledEvent {
  const point = format.fault === undefined ? pointOf(format, points) : undefined;
  const isMarker = point?.operation.probe === "marker";
  const args =
    isMarker || !point
      ? []
      : point.args.map((arg) =>
          compileArgument(
            arg,
            point.operation.probe === "tracepoint" ? format.fields.get(arg.fetch) : format.fields.get(arg.name),
            format,
          ),
        );
  const absent = point?.operation.probe === "kprobe" ? [...args.keys()].filter((k) => args[k]!.kind === ABSENT) : [];
  const fields = absent.length > 0 ? otherFields(format, point!) : [];
  const probe = addressField(format.fields.get(PROBE_FUNCTION) ?? format.fields.get(isMarker ? "ip" : PROBE_IP));
  const caller = addressField(format.fields.get(PROBE_RETURN));
  const text = format.fields.get("buf")?.offset ?? 0;
  return {
    name: format.name,
    point,
    pointId: point?.id ?? 0,
    args,
    absent,
    fields,
    offers: fields.map(({ offer }) => offer),
    minimum: Math.max(
      text,
      ...[...args, ...fields].map(({ offset, size }) => offset + size),
      probe.offset + probe.size,
      caller.offset + caller.size,
    ),
    probe,
    caller,
    key: caller.size > 0 ? caller : probe,
    text,
    places: new Map(),
    last: NO_PLACE,
    isMarker,
  };
}

/** Returns no fields if each has a name of the catalogue's. */
function otherFields({ fields, print }: EventFormat, { args }: Point): readonly CompiledField[] {
  const own = [...fields.values()].filter(({ name }) => !name.startsWith("common_") && !name.startsWith("__probe_"));
  if (own.every(({ name }) => args.some((arg) => arg.name === name))) return [];
  return own.map((field): CompiledField => {
    const { name, offset, size, signed } = field;
    const offer = new Offer(name);
    return { kind: kindAlone(field), offset, size, signed, letters: [], form: formOf(name, print), offer };
  });
}

/** Returns the kind of a field of which only its type is known. */
function kindAlone(field: Field): number {
  const { type, size, signed, isArray } = field;
  if (isArray || type.startsWith("__")) return /\bchar\b/.test(type) ? stringKind(field, []) : ABSENT;
  if (size === 8) return NUMBER_8;
  if (size === 4) return signed ? SIGNED_4 : NUMBER_4;
  return size === 1 || size === 2 ? SMALL : ABSENT;
}

/** Reads `"… mod=0x%Lx refcnt=%d", …`. */
function formOf(name: string, print: string): Form {
  const format = new RegExp(`[" ]${name}=(0x)?%\\w*([dux])`).exec(print);
  return format === null ? "unknown" : format[2] === "x" ? "hexadecimal" : "decimal";
}

function pointOf({ system, name, fields }: EventFormat, points: PointTable): Point | undefined {
  if (system === "ftrace") return name === "print" && fields.has("buf") ? points.byEvent(MARKER) : undefined;
  const point = points.byEvent(name);
  switch (point?.operation.probe) {
    case "kprobe":
      // The kernel has tracepoints of the same names, `kvm_exit` among them.
      return fields.has(PROBE_IP) || fields.has(PROBE_FUNCTION) ? point : undefined;
    case "tracepoint":
      return point.operation.tracepoint?.system === system ? point : undefined;
    default:
      return undefined;
  }
}

function addressField(field: Field | undefined): AddressField {
  return field && (field.size === 4 || field.size === 8) ? { offset: field.offset, size: field.size } : NOWHERE;
}

function compileArgument(arg: ArgumentDefinition, field: Field | undefined, { print }: EventFormat): CompiledArgument {
  if (!field) return { kind: ABSENT, offset: 0, size: 0, signed: false, letters: [] };
  const { name, offset, size, signed } = field;
  const letters = lettersOf(name, print);
  return { kind: kindOf(arg, field, letters), offset, size, signed, letters };
}

function kindOf(arg: ArgumentDefinition, field: Field, letters: readonly Letter[]): number {
  const { name, size, signed, isArray } = field;
  if (arg.type === "string") return stringKind(field, letters);
  if (isArray) return ABSENT;
  if (name === DEVICE && size === 4 && (arg.name === "major" || arg.name === "minor"))
    return arg.name === "major" ? MAJOR : MINOR;
  if (arg.type === "ptr") return size === 8 ? ADDRESS_8 : size === 4 ? ADDRESS_4 : ABSENT;
  if (size === 8) return NUMBER_8;
  if (size === 4) return signed ? SIGNED_4 : NUMBER_4;
  return size === 1 || size === 2 ? SMALL : ABSENT;
}

/** Returns the kind of a string, or of a field that tracepoints print as one. */
function stringKind({ name, type, size, isArray }: Field, letters: readonly Letter[]): number {
  if (type.startsWith("__data_loc")) return size === 4 ? STRING_AT : ABSENT;
  if (type.startsWith("__rel_loc")) return size === 4 ? STRING_AFTER : ABSENT;
  if (isArray) return /\b(?:char|u8|s8)\b/.test(type) ? STRING_HERE : ABSENT;
  if (letters.length > 0) return size === 4 || size === 8 ? LETTERS : ABSENT;
  return name === "ip" && (size === 4 || size === 8) ? SYMBOL : ABSENT;
}

/** Reads `__print_flags(REC->taints, "", { (1UL << 0), "P" }, …)`: the letters of a field that is printed so. */
function lettersOf(field: string, print: string): Letter[] {
  const from = print.indexOf(`__print_flags(REC->${field}, "",`);
  if (from < 0) return [];
  return [...print.slice(from, from + 2000).matchAll(/\{ *\(?1UL << \(?(\d{1,2})\)*, *"(\w{1,8})" *\}/g)].map(
    ([, bit, text]) => ({ bit: Number(bit), text: text! }),
  );
}
