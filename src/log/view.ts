/**
 * One event of a batch, read through the names of the catalogue: `e.inode`, `e.i_count`. A view is a window that is moved
 * along the batch, not a copy: it is valid until it is moved. `materialise` makes an immutable event to keep.
 */
import type { ArgumentDefinition } from "../../events/definition.js";
import type { ArgsOf, OperationName, ResultOf } from "../../events/index.js";
import type { Point, PointTable } from "../../events/points.js";
import type { Batch } from "./batch.js";

const TWO_32 = 4294967296;

/** What every event has, whatever its operation. */
export class EventView {
  batch!: Batch;
  index = 0;
  base = 0;
  constructor(readonly point: Point | undefined) {}

  /** Sequence number: events are numbered from 1 in the order of the recording. */
  get seq(): number {
    return this.batch.firstSeq + this.index;
  }
  get taskId(): number {
    return this.batch.task[this.index]!;
  }
  get cpu(): number {
    return this.batch.cpu[this.index]!;
  }
  get context(): number {
    return this.batch.context[this.index]!;
  }
  get line(): number {
    return this.batch.line[this.index]!;
  }
  /** Whether argument `k` could not be read by the kernel (`(fault)`). */
  isFault(k: number): boolean {
    return (this.batch.fault[this.index]! & (1 << k)) !== 0;
  }
}

export type View<Name extends OperationName> = EventView & Readonly<ArgsOf<Name>>;
export type ReturnView<Name extends OperationName> = EventView & Readonly<ResultOf<Name>>;

function getter(arg: ArgumentDefinition, k: number): (this: EventView) => number | bigint | string {
  switch (arg.type) {
    case "ptr":
    case "u32":
    case "x32":
    case "u8":
      return function () {
        return this.batch.low[this.base + k]!;
      };
    case "s32":
      return function () {
        return this.batch.low[this.base + k]! | 0;
      };
    case "string":
      return function () {
        return this.isFault(k) ? "" : this.batch.strings[this.batch.low[this.base + k]!]!;
      };
    case "s64":
      return function () {
        return signed64(this.batch.low[this.base + k]!, this.batch.high[this.base + k]!);
      };
    case "u64":
    case "x64":
      return function () {
        return unsigned64(this.batch.low[this.base + k]!, this.batch.high[this.base + k]!);
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

/** A view a point, with a getter for each of its arguments. */
export function viewsOf(points: PointTable): EventView[] {
  return points.points.map((point) => {
    class PointView extends EventView {}
    point?.args.forEach((arg, k) => Object.defineProperty(PointView.prototype, arg.name, { get: getter(arg, k), enumerable: true }));
    return new PointView(point);
  });
}
