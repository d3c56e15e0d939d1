/** One event as ftrace prints it, on one line, regardless of the events around it. */
import { points } from "../../events/index.js";
import type { Batch } from "../log/batch.js";
import type { Tables } from "../log/tables.js";
import { formatTime } from "../log/time.js";
import { eventFormats } from "./ftrace-event.js";

let formats: ReturnType<typeof eventFormats> | undefined;

/** Returns `gmemrun-104 [000] 17.890777: try_module_get: (…) module=0x…`; not trusted, see `printable`. */
export function eventLine(batch: Batch, index: number, tables: Tables): string {
  formats ??= eventFormats(points);
  const { comm, pid } = tables.tasks.get(batch.task[index]!);
  const format = formats[batch.point[index]!];
  const time = formatTime(batch.timeHigh[index]!, batch.timeLow[index]!, batch.timeDigits);
  const unknown = batch.unknown.get(index);
  const what = format
    ? `${format.name}${format.format(batch, index, tables, true)}`
    : `${unknown?.name ?? "?"}: ${unknown?.text ?? ""}`;
  return `${comm}-${pid} [${String(batch.cpu[index]!).padStart(3, "0")}] ${time}: ${what}`;
}
