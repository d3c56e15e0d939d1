/** Refuses a recording that yielded too little to judge: that nothing was found in it would be no verdict. */
import { join } from "node:path";
import type { ReadReport, Recorded } from "./report.js";
import { printable, TroubleError } from "../base/trouble.js";

const TEXT_SHOWN = 60;

/** A recording that was read, and has nothing to judge. */
export class NothingReadError extends TroubleError {}

/**
 * Checks a recording that was read.
 * @throws {NothingReadError} if it has no event, or more skipped lines than events
 */
export function checkRead(
  path: string,
  { events, skipped, firstSkipped }: Pick<ReadReport, "events" | "skipped" | "firstSkipped">,
): void {
  if (events > 0 && skipped <= events) return;
  const [first] = firstSkipped;
  if (!first)
    throw new NothingReadError(
      "no event in it: nothing was recorded, or no probe was on; kreel record sets them",
      path,
    );
  const how =
    events === 0
      ? `no event in it, and lines that are none: ${skipped}`
      : `more lines skipped (${skipped}) than events read (${events})`;
  const text = printable(first.text.slice(0, TEXT_SHOWN));
  throw new NothingReadError(
    `${how}; this may be no recording, or of another format than it looks like. The first: ${text}`,
    first.file === undefined ? path : join(path, first.file),
    first.line,
  );
}

/** Checks a recording that is open. The run of a simulated kernel is exempt: nothing need have happened in it. */
export function checkRecorded({ origin, report }: Pick<Recorded, "origin" | "report">): void {
  if ((report.exportedFrom ?? origin).format !== "simulated") checkRead(origin.path, report);
}
