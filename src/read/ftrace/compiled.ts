/** The catalogue's points in the form that the scanner needs: their names and arguments as bytes, found by a hash. */
import type { ArgumentType, OperationDefinition } from "../../../events/definition.js";
import type { Point, PointTable } from "../../../events/points.js";
import type { Renamed } from "./renamed.js";

export const NUMBER = 0;
export const ADDRESS = 1;
export const STRING = 2;

export interface CompiledArgument {
  readonly name: string;
  /** Its text in a line: ` inode=`. */
  readonly key: Uint8Array;
  readonly kind: typeof NUMBER | typeof ADDRESS | typeof STRING;
  /** Printed in hexadecimal, by the kernel's own events also without 0x. */
  readonly hexadecimal: boolean;
  /** It has another name than in the catalogue. */
  readonly isRenamed: boolean;
}

export class CompiledPoint {
  readonly id: number;
  readonly event: string;
  readonly bytes: Uint8Array;
  readonly args: readonly CompiledArgument[];
  /** Text that a program wrote: the whole body is its one string. */
  readonly isMarker: boolean;
  readonly hasStrings: boolean;
  /** The format of one of the kernel's own events: a group for each argument, in order. Absent for probes. */
  readonly print: RegExp | undefined;
  /** The place that was printed last: most points have only one. */
  lastPlace = 0;
  /** The same point with the names that this recording has for its arguments, if known. */
  renamed: Renamed | undefined;

  /** `names`: of the arguments, if they are not the catalogue's. */
  constructor(
    readonly point: Point,
    names: readonly string[] = point.args.map(({ name }) => name),
  ) {
    this.id = point.id;
    this.event = point.event;
    this.bytes = Uint8Array.from(Buffer.from(point.event));
    this.args = point.args.map(({ name, type }, k) => ({
      name,
      key: Uint8Array.from(Buffer.from(` ${names[k]!}=`)),
      kind: kindOf(type),
      hexadecimal: /^x\d/.test(type),
      isRenamed: names[k] !== name,
    }));
    this.isMarker = point.operation.probe === "marker";
    this.hasStrings = this.args.some((arg) => arg.kind === STRING);
    this.print = printOf(point.operation);
  }
}

/** The text of one of the kernel's own events has each argument as often as its format: once, in the same order. */
function printOf({ tracepoint, args }: OperationDefinition): RegExp | undefined {
  if (tracepoint === undefined) return undefined;
  const groups = tracepoint.print.replace(/\{(\w+)\}/g, (_, name: string) =>
    args.find((arg) => arg.name === name)?.type === "string" ? "(.*?)" : "(0x[\\da-f]+|[\\da-f]+|-\\d+)",
  );
  return new RegExp(`^${groups}$`);
}

function kindOf(type: ArgumentType): CompiledArgument["kind"] {
  return type === "ptr" ? ADDRESS : type === "string" ? STRING : NUMBER;
}

/** Adds a byte of an event's name to its hash, which starts from 0. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

/** Points by their name's bytes. The names are the catalogue's own, so a recording cannot make them collide. */
export class PointsByName {
  readonly #slots: (CompiledPoint | undefined)[];
  readonly #mask: number;

  constructor(points: PointTable) {
    const compiled = points.points.flatMap((point) => (point ? [new CompiledPoint(point)] : []));
    let size = 64;
    while (size < compiled.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = Array.from<CompiledPoint | undefined>({ length: size });
    for (const point of compiled) {
      let slot = point.bytes.reduce(hashStep, 0) & this.#mask;
      while (this.#slots[slot]) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = point;
    }
  }

  /** Returns the point whose name is `bytes[start, end)`, with this hash. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): CompiledPoint | undefined {
    const length = end - start;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const point = this.#slots[slot];
      if (point === undefined) return undefined;
      const name = point.bytes;
      if (name.length !== length) continue;
      let k = 0;
      while (k < length && name[k] === bytes[start + k]) k++;
      if (k === length) return point;
    }
  }
}
