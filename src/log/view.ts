/**
 * One event of a batch, read through the names of the catalogue: `e.inode`, `e.i_count`. A view is a window that is
 * moved along the batch, not a copy: it is valid until it is moved. `eventAt` makes an immutable event to keep.
 */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { ArgsOf, OperationName, ResultOf } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Batch } from "./batch.js";

const TWO_32 = 4294967296;

/** The position of all views of a set: one object, so that moving costs the same whatever the operation. */
export class Cursor {
  batch!: Batch;
  index = 0;
  /** Index of the event's first argument. */
  base = 0;

  move(batch: Batch, index: number): void {
    this.batch = batch;
    this.index = index;
    this.base = batch.argStart[index]!;
  }
}

/** The properties of every event, whatever its operation. */
export class EventView {
  constructor(
    readonly point: Point | undefined,
    readonly cursor: Cursor,
    /** By the number of an argument's name: its index among the point's arguments. */
    readonly positions: Uint8Array,
  ) {}

  get batch(): Batch {
    return this.cursor.batch;
  }
  get index(): number {
    return this.cursor.index;
  }
  get base(): number {
    return this.cursor.base;
  }

  /** Sequence number: events are numbered from 1 in the order of the recording. */
  get seq(): number {
    return this.cursor.batch.firstSeq + this.cursor.index;
  }
  get taskId(): number {
    return this.cursor.batch.task[this.cursor.index]!;
  }
  get cpu(): number {
    return this.cursor.batch.cpu[this.cursor.index]!;
  }
  get context(): number {
    return this.cursor.batch.context[this.cursor.index]!;
  }
  get line(): number {
    return this.cursor.batch.line[this.cursor.index]!;
  }
  /** Returns a permanent view of the same event, which no cursor moves. */
  kept(): EventView {
    const { batch, index } = this.cursor;
    const cursor = new Cursor();
    cursor.move(alone(batch, index, this.point), 0);
    return new (this.constructor as typeof EventView)(this.point, cursor, this.positions);
  }
  /** True if the kernel could not read argument `k` (`(fault)`). */
  isFault(k: number): boolean {
    return (this.cursor.batch.fault[this.cursor.index]! & (1 << k)) !== 0;
  }
}

/**
 * Returns a batch of one event that does not keep the others in memory. Read as an event of another point, all its
 * arguments are unreadable.
 */
export function alone(batch: Batch, index: number, point: Point | undefined): Batch {
  if (batch.length === 1) return batch;
  const own = point !== undefined && point.id === batch.point[index];
  const from = batch.argStart[index]!;
  const args = own ? point.args : [];
  const low = batch.low.slice(from, from + args.length);
  const strings: string[] = [];
  args.forEach(({ type }, k) => {
    if (type === "string" && !(batch.fault[index]! & (1 << k))) low[k] = strings.push(batch.strings[low[k]!]!) - 1;
  });
  const end = index + 1;
  return {
    firstSeq: batch.firstSeq + index,
    length: 1,
    point: batch.point.slice(index, end),
    task: batch.task.slice(index, end),
    cpu: batch.cpu.slice(index, end),
    context: batch.context.slice(index, end),
    timeHigh: batch.timeHigh.slice(index, end),
    timeLow: batch.timeLow.slice(index, end),
    line: batch.line.slice(index, end),
    place: batch.place.slice(index, end),
    argStart: Uint32Array.of(0),
    low,
    high: batch.high.slice(from, from + args.length),
    fault: own ? batch.fault.slice(index, end) : Uint16Array.of(0xffff),
    strings,
    unknown: new Map(),
    losses: [],
    timeDigits: batch.timeDigits,
  };
}

/** Returns a permanent view of an event, as an event of this point. */
export function keptView(points: PointTable, point: number, batch: Batch, index: number): EventView {
  let views = keptViews.get(points);
  if (!views) keptViews.set(points, (views = viewsOf(points, new Cursor())));
  const view = views[point]!;
  view.cursor.move(batch, index);
  return view.kept();
}
const keptViews = new WeakMap<PointTable, EventView[]>();

export type View<Name extends OperationName> = EventView & Readonly<ArgsOf<Name>>;
export type ReturnView<Name extends OperationName> = EventView & Readonly<ResultOf<Name>>;

export function unsigned64(low: number, high: number): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

export function signed64(low: number, high: number): bigint {
  return BigInt.asIntN(64, unsigned64(low, high));
}

/** Returns the number as a double: exact up to 2^53, which suffices for sizes, offsets and errors. */
export function toNumber(low: number, high: number): number {
  return high >= 0x80000000 ? -((~high >>> 0) * TWO_32 + (~low >>> 0) + 1) : high * TWO_32 + low;
}

/** Returns a view for every point, with a getter for each of its arguments, all at one cursor. */
export function viewsOf(points: PointTable, cursor: Cursor): EventView[] {
  let shape = shapes.get(points);
  if (!shape) shapes.set(points, (shape = shapeOf(points)));
  const { View, positions } = shape;
  return points.points.map((point, id) => new View(point, cursor, positions[id]!));
}

interface Shape {
  readonly View: typeof EventView;
  /** By point. */
  readonly positions: readonly Uint8Array[];
}
/** Made once for a table: a recording may be replayed many times. */
const shapes = new WeakMap<PointTable, Shape>();

/**
 * Makes one class for the views of all points, with a getter for every name of an argument: with a class for each
 * point, the engine would look up the common properties anew at each event. The common properties take precedence: an
 * argument of the same name (`index`, of a page) is read by its number.
 */
function shapeOf({ points }: PointTable): Shape {
  class PointView extends EventView {}
  const columns: { readonly name: string; readonly read: Read }[] = [];
  for (const { name, type } of points.flatMap((point) => point?.args ?? [])) {
    if (name in EventView.prototype || columns.some((c) => c.name === name && c.read === READ_AS[type])) continue;
    columns.push({ name, read: READ_AS[type] });
  }
  const getters = new Map<string, Getter>();
  columns.forEach(({ name, read }, n) => {
    // Signed in one operation and unsigned in another: `offset`.
    const other = getters.get(name);
    getters.set(name, other ? either(n, getter(read, n), other) : getter(read, n));
  });
  for (const [name, get] of getters) Object.defineProperty(PointView.prototype, name, { get, enumerable: true });
  const position = (point: Point | undefined, column: (typeof columns)[number]): number =>
    point?.args.findIndex(({ name, type }) => name === column.name && READ_AS[type] === column.read) ?? ABSENT;
  return {
    View: PointView,
    positions: points.map((point) => Uint8Array.from(columns, (column) => position(point, column))),
  };
}

/** The position of an argument that a point does not have: -1 as a byte. */
const ABSENT = 255;
type Read = "word" | "s32" | "string" | "s64" | "u64";
const READ_AS: { readonly [Type in ArgumentDefinition["type"]]: Read } = {
  ptr: "word",
  u32: "word",
  x32: "word",
  u8: "word",
  s32: "s32",
  string: "string",
  s64: "s64",
  u64: "u64",
  x64: "u64",
};
type Getter = (this: EventView) => number | bigint | string;

function either(n: number, get: Getter, other: Getter): Getter {
  return function () {
    return this.positions[n] === ABSENT ? other.call(this) : get.call(this);
  };
}

function getter(read: Read, n: number): Getter {
  switch (read) {
    case "word":
      return function () {
        return this.cursor.batch.low[this.cursor.base + this.positions[n]!]!;
      };
    case "s32":
      return function () {
        return this.cursor.batch.low[this.cursor.base + this.positions[n]!]! | 0;
      };
    case "string":
      return function () {
        const k = this.positions[n]!;
        return this.isFault(k) ? "" : this.cursor.batch.strings[this.cursor.batch.low[this.cursor.base + k]!]!;
      };
    case "s64":
      return function () {
        const at = this.cursor.base + this.positions[n]!;
        return signed64(this.cursor.batch.low[at]!, this.cursor.batch.high[at]!);
      };
    case "u64":
      return function () {
        const at = this.cursor.base + this.positions[n]!;
        return unsigned64(this.cursor.batch.low[at]!, this.cursor.batch.high[at]!);
      };
  }
}
