/** One event as an immutable value: for people, tools and tests. Bulk work reads batches by column instead. */
import type { PointTable } from "../../events/points.js";
import type { Batch } from "./batch.js";
import type { Tables } from "./tables.js";
import { exactTime } from "./time.js";
import { signed64, unsigned64 } from "./view.js";

/**
 * One event as an immutable value. Times are nanoseconds, or ticks of a counter clock; addresses and 64-bit values are
 * bigints.
 */
export interface KernelEvent {
  /** From 1, in the order of the recording. */
  readonly seq: number;
  /** Nanoseconds, or ticks of a counter clock. Exact. */
  readonly time: bigint;
  readonly cpu: number;
  readonly task: { readonly comm: string; readonly pid: number; readonly tgid?: number; readonly name: string };
  /** The operation's name; of an event that is not in the catalogue, the event's. */
  readonly operation: string;
  readonly phase: "entry" | "return" | "unknown";
  /** By name. Addresses and 64-bit values are bigints; what the kernel could not read is `null`. */
  readonly args: Readonly<Record<string, bigint | number | string | null>>;
  /** Where the probe was hit: `iput+0x4/0x260`, or `caller <- function` of a return. */
  readonly place: string;
  /** Line of the file, from 1; 0 where the format has no lines. */
  readonly line: number;
}

/** The event at an index of a batch. */
export function eventAt(batch: Batch, index: number, points: PointTable, tables: Tables): KernelEvent {
  const point = points.points[batch.point[index]!];
  const unknown = batch.unknown.get(index);
  const args: Record<string, bigint | number | string | null> = Object.create(null) as Record<string, never>;
  const base = batch.argStart[index]!;
  point?.args.forEach((arg, k) => {
    const low = batch.low[base + k]!;
    const high = batch.high[base + k]!;
    if ((batch.fault[index]! & (1 << k)) !== 0) args[arg.name] = null;
    else if (arg.type === "string") args[arg.name] = batch.strings[low]!;
    else if (arg.type === "ptr") args[arg.name] = tables.addresses.bigint(low);
    else if (arg.type === "s64") args[arg.name] = signed64(low, high);
    else if (arg.type === "u64" || arg.type === "x64") args[arg.name] = unsigned64(low, high);
    else args[arg.name] = arg.type === "s32" ? low | 0 : low;
  });
  if (unknown) args["text"] = unknown.text;
  return Object.freeze({
    seq: batch.firstSeq + index,
    time: exactTime(batch.timeHigh[index]!, batch.timeLow[index]!),
    cpu: batch.cpu[index]!,
    task: tables.tasks.get(batch.task[index]!),
    operation: point?.operation.name ?? unknown?.name ?? "",
    phase: point?.phase ?? "unknown",
    args: Object.freeze(args),
    place: tables.places.text(batch.place[index]!),
    line: batch.line[index]!,
  });
}
