/**
 * The points of a log when it was written: each event by its name, with the names and types of its arguments. A later
 * catalogue has other numbers for its points, and more operations or arguments; a log is read by the names in its
 * schema.
 */
import type { ArgumentType } from "../../../events/definition.js";
import type { Point, PointTable } from "../../../events/points.js";
import { DamagedError } from "./bytes.js";

const TYPES: readonly ArgumentType[] = ["u8", "s32", "u32", "x32", "s64", "u64", "x64", "ptr", "string"];
const MAX_POINTS = 0xffff;
const MAX_ARGS = 16;

/** Storage of an argument's words. */
export const NUMBER = 0;
export const ADDRESS = 1;
export const STRING = 2;
export type Storage = typeof NUMBER | typeof ADDRESS | typeof STRING;

export interface StoredArgument {
  readonly name: string;
  readonly type: ArgumentType;
}

export interface StoredPoint {
  readonly event: string;
  readonly args: readonly StoredArgument[];
}

/** By point number; 0 is an event that is not in the catalogue. */
export type Schema = readonly (StoredPoint | undefined)[];

export function schemaOf(points: PointTable): Schema {
  return points.points.map(
    (point) => point && { event: point.event, args: point.args.map(({ name, type }) => ({ name, type })) },
  );
}

export function schemaJson(schema: Schema): string {
  return JSON.stringify(
    schema.slice(1).map((point) => [point!.event, ...point!.args.flatMap(({ name, type }) => [name, type])]),
  );
}

/**
 * Parses a schema.
 * @throws {DamagedError} if it is not one
 */
export function parseSchema(json: string): Schema {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    throw new DamagedError("the schema is no JSON");
  }
  if (!Array.isArray(list) || list.length > MAX_POINTS) throw new DamagedError("the schema is no list of events");
  return [undefined, ...list.map(parsePoint)];
}

function parsePoint(entry: unknown): StoredPoint {
  if (
    !Array.isArray(entry) ||
    entry.length % 2 === 0 ||
    entry.length > 1 + 2 * MAX_ARGS ||
    !entry.every((part) => typeof part === "string")
  )
    throw new DamagedError("an event of the schema is not described");
  const [event, ...parts] = entry as string[];
  const args: StoredArgument[] = [];
  for (let k = 0; k < parts.length; k += 2) {
    const type = TYPES.find((known) => known === parts[k + 1]);
    if (!type) throw new DamagedError(`the schema has an argument of type ${parts[k + 1]!.slice(0, 20)}`);
    args.push({ name: parts[k]!, type });
  }
  return { event: event!, args };
}

export function storageOf(type: ArgumentType): Storage {
  return type === "ptr" ? ADDRESS : type === "string" ? STRING : NUMBER;
}

/** The conversion of a stored event to one of this kreel's catalogue. */
export interface Upcast {
  readonly stored: StoredPoint;
  /**
   * The point of this catalogue; `undefined` if there is none, and it reads as an event that is not in the catalogue.
   */
  readonly point: Point | undefined;
  /** By stored argument: its storage. */
  readonly storage: Uint8Array;
  /** By stored argument: the index of the argument of `point`, or -1. */
  readonly target: Int8Array;
  /** Bits of the stored 32-bit arguments whose sign has to be extended to 64 bits. */
  readonly widened: number;
  /** Bits of the arguments of `point` that the log does not have. */
  readonly missing: number;
  /** The catalogue still has the same definition. */
  readonly same: boolean;
}

export function upcasts(schema: Schema, points: PointTable): readonly (Upcast | undefined)[] {
  return schema.map((stored) => stored && upcast(stored, points.byEvent(stored.event)));
}

function upcast(stored: StoredPoint, point: Point | undefined): Upcast {
  const storage = Uint8Array.from(stored.args, ({ type }) => storageOf(type));
  const target = Int8Array.from(
    stored.args,
    ({ name, type }) =>
      point?.args.findIndex((arg) => arg.name === name && storageOf(arg.type) === storageOf(type)) ?? -1,
  );
  let widened = 0;
  stored.args.forEach(({ type }, k) => {
    const now = point?.args[target[k]!]?.type;
    if (type === "s32" && (now === "s64" || now === "u64" || now === "x64")) widened |= 1 << k;
  });
  let missing = 0;
  for (let k = 0; k < (point?.args.length ?? 0); k++) if (!target.includes(k)) missing |= 1 << k;
  const same = widened === 0 && point?.args.length === stored.args.length && target.every((to, k) => to === k);
  return { stored, point, storage, target, widened, missing, same };
}
