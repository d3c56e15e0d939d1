/** Codecs: for each shape of values one description, which serves to write and to read. */
import { DamagedError } from "../log/file/bytes.js";
import type { DocumentReader, DocumentWriter } from "./document.js";

export interface Codec<T> {
  write(out: DocumentWriter, value: T): void;
  /** @throws {DamagedError} For bytes that no writer wrote. */
  read(from: DocumentReader): T;
}

/** A whole number, 0 or more. */
export const whole: Codec<number> = { write: (out, value) => out.number(value), read: (from) => from.number() };
/** A whole number of either sign. */
export const integer: Codec<number> = { write: (out, value) => out.signed(value), read: (from) => from.signed() };
/** A whole number from 0 to `limit`. */
export const upTo = (limit: number): Codec<number> => ({
  write: (out, value) => out.number(value),
  read: (from) => from.below(limit),
});
export const byte: Codec<number> = { write: (out, value) => out.byte(value), read: (from) => from.byte() };
export const word32 = upTo(0xffffffff);
/** Any number: one from a recording may be larger than any count. */
export const real: Codec<number> = { write: (out, value) => out.real(value), read: (from) => from.real() };
export const flag: Codec<boolean> = {
  write: (out, value) => out.byte(value ? 1 : 0),
  read: (from) => from.byte() === 1,
};
export const seq: Codec<number> = { write: (out, value) => out.seq(value), read: (from) => from.seq() };
/** An object by its id, 0 for none: one that was made at about the same time as the one that names it. */
export const near: Codec<number> = { write: (out, value) => out.near(value), read: (from) => from.near() };
export const address: Codec<number> = { write: (out, value) => out.address(value), read: (from) => from.address() };
export const task: Codec<number> = { write: (out, value) => out.task(value), read: (from) => from.task() };
export const point: Codec<number> = { write: (out, value) => out.point(value), read: (from) => from.point() };
/** A text that may come again. */
export const word: Codec<string> = { write: (out, value) => out.word(value), read: (from) => from.word() };
/** A text that comes once. */
export const text: Codec<string> = { write: (out, value) => out.text(value), read: (from) => from.text() };

export function oneOf<const T extends string>(...values: readonly T[]): Codec<T> {
  return {
    write: (out, value) => out.byte(values.indexOf(value)),
    read: (from) => {
      const value = values[from.byte()];
      if (value === undefined) throw new DamagedError(`none of ${values.join(", ")}`);
      return value;
    },
  };
}

export function nullable<T>(inner: Codec<T>): Codec<T | null> {
  return {
    write(out, value) {
      flag.write(out, value !== null);
      if (value !== null) inner.write(out, value);
    },
    read: (from) => (flag.read(from) ? inner.read(from) : null),
  };
}

export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    write(out, value) {
      flag.write(out, value !== undefined);
      if (value !== undefined) inner.write(out, value);
    },
    read: (from) => (flag.read(from) ? inner.read(from) : undefined),
  };
}

export function list<T>(item: Codec<T>): Codec<T[]> {
  return {
    write(out, values) {
      out.number(values.length);
      for (const value of values) item.write(out, value);
    },
    read(from) {
      // Each item takes at least a byte, so that a false length costs no more than the bytes of the document.
      const length = from.below(from.left);
      const values: T[] = [];
      for (let k = 0; k < length; k++) values.push(item.read(from));
      return values;
    },
  };
}

export function listOf<T>(item: Codec<T>): Codec<readonly T[]> {
  return list(item);
}

export type Fields<T> = { readonly [K in keyof T]-?: Codec<Exclude<T[K], undefined>> | Codec<T[K]> };

/** An object, field by field in the order of `fields`. */
export function record<T extends object>(fields: Fields<T>): Codec<T> {
  const entries = Object.entries(fields) as [keyof T, Codec<unknown>][];
  return {
    write(out, value) {
      for (const [key, codec] of entries) codec.write(out, value[key]);
    },
    read(from) {
      const value = {} as T;
      for (const [key, codec] of entries) {
        const field = codec.read(from) as T[keyof T];
        if (field !== undefined) value[key] = field;
      }
      return value;
    },
  };
}

/** A value of several kinds, told apart by the field `key`. */
export function union<Key extends string, Value extends { readonly [K in Key]: string }>(
  key: Key,
  kinds: { readonly [K in Value[Key]]: Codec<Omit<Extract<Value, { readonly [P in Key]: K }>, Key>> },
): Codec<Value> {
  const kind = oneOf(...(Object.keys(kinds) as Value[Key][]));
  return {
    write(out, value) {
      kind.write(out, value[key]);
      (kinds[value[key]] as Codec<unknown>).write(out, value);
    },
    read(from) {
      const which = kind.read(from);
      return { [key]: which, ...(kinds[which] as Codec<object>).read(from) } as unknown as Value;
    },
  };
}
