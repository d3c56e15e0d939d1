/**
 * One event of a batch, read through the names of the catalogue: `e.inode`, `e.i_count`. A view is a window that is moved
 * along the batch, not a copy: it is valid until it is moved. `eventAt` makes an immutable event to keep.
 */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { ArgsOf, OperationName, ResultOf } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Batch } from "./batch.js";

const TWO_32 = 4294967296;

/** Where all views of a set stand: one object that is moved, so that moving costs the same whatever the operation. */
export class Cursor {
  batch!: Batch;
  index = 0;
  /** Where the event's arguments start. */
  base = 0;

  move(batch: Batch, index: number): void {
    this.batch = batch;
    this.index = index;
    this.base = batch.argStart[index]!;
  }
}

/** What every event has, whatever its operation. */
export class EventView {
  constructor(
    readonly point: Point | undefined,
    readonly cursor: Cursor,
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
  /** The same event for good: a view of its own, that no cursor moves on. */
  kept(): EventView {
    const { batch, index } = this.cursor;
    const cursor = new Cursor();
    cursor.move(batch, index);
    const view = Object.create(Object.getPrototypeOf(this) as object) as EventView;
    return Object.assign(view, { point: this.point, cursor });
  }
  /** Whether argument `k` could not be read by the kernel (`(fault)`). */
  isFault(k: number): boolean {
    return (this.cursor.batch.fault[this.cursor.index]! & (1 << k)) !== 0;
  }
}

/** A view of its own of an event, as an event of this point. */
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

function getter(arg: ArgumentDefinition, k: number): (this: EventView) => number | bigint | string {
  switch (arg.type) {
    case "ptr":
    case "u32":
    case "x32":
    case "u8":
      return function () {
        return this.cursor.batch.low[this.cursor.base + k]!;
      };
    case "s32":
      return function () {
        return this.cursor.batch.low[this.cursor.base + k]! | 0;
      };
    case "string":
      return function () {
        return this.isFault(k) ? "" : this.cursor.batch.strings[this.cursor.batch.low[this.cursor.base + k]!]!;
      };
    case "s64":
      return function () {
        return signed64(this.cursor.batch.low[this.cursor.base + k]!, this.cursor.batch.high[this.cursor.base + k]!);
      };
    case "u64":
    case "x64":
      return function () {
        return unsigned64(this.cursor.batch.low[this.cursor.base + k]!, this.cursor.batch.high[this.cursor.base + k]!);
      };
  }
}

export function unsigned64(low: number, high: number): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

export function signed64(low: number, high: number): bigint {
  return BigInt.asIntN(64, unsigned64(low, high));
}

/** The same as a double: exact up to 2^53, which sizes, offsets and errors are. */
export function toNumber(low: number, high: number): number {
  return high >= 0x80000000 ? -((~high >>> 0) * TWO_32 + (~low >>> 0) + 1) : high * TWO_32 + low;
}

type ViewClass = new (point: Point | undefined, cursor: Cursor) => EventView;

/** Made once for a table: a recording may be replayed many times, and all views of a point are of one shape. */
const classes = new WeakMap<PointTable, readonly ViewClass[]>();

/**
 * A view for every point, with a getter for each of its arguments, all at one cursor. What every event has comes first: an
 * argument of the same name (`index`, of a page) is read by its number.
 */
export function viewsOf(points: PointTable, cursor: Cursor): EventView[] {
  let own = classes.get(points);
  if (!own) classes.set(points, (own = points.points.map(viewClass)));
  return points.points.map((point, id) => new own[id]!(point, cursor));
}

function viewClass(point: Point | undefined): ViewClass {
  class PointView extends EventView {}
  point?.args.forEach((arg, k) => arg.name in EventView.prototype || Object.defineProperty(PointView.prototype, arg.name, { get: getter(arg, k), enumerable: true }));
  return PointView;
}
