/** Pushes arguments of which some have other names than in the catalogue into the columns. */
import type { ArgumentType } from "../../../events/definition.js";
import type { Point } from "../../../events/points.js";
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { ArgumentNames } from "./names.js";
import { FAULT, type Offer, OTHER, STRING } from "./offer.js";
import type { ArgumentReport } from "./report.js";

/** Returns the low word of a number in the catalogue's type: a probe may print the whole register for an int. */
export function lowAs(type: ArgumentType, low: number): number {
  return type === "u8" ? low & 0xff : low;
}

export function highAs(type: ArgumentType, low: number, high: number): number {
  switch (type) {
    case "s32":
      return low >> 31;
    case "u8":
    case "u32":
    case "x32":
      return 0;
    default:
      return high;
  }
}

export function pushNumberAs(type: ArgumentType, low: number, high: number, builder: BatchBuilder): void {
  if (type === "ptr") builder.pushAddress(low, high);
  else builder.pushNumber(lowAs(type, low), highAs(type, low, high));
}

/** The target of pushed arguments, and the names known in the recording. */
export interface Matching {
  readonly names: ArgumentNames;
  readonly builder: BatchBuilder;
  readonly report: ArgumentReport;
}

/**
 * Pushes the arguments of the event that was begun last, and counts those that are missing. `pushString` pushes the
 * string of an offer by its index. Returns true if all are present and of their kind.
 */
export function pushMatched(
  { args, event }: Point,
  offers: readonly Offer[],
  matched: Int32Array,
  { builder, report }: Matching,
  pushString: (i: number) => void,
): boolean {
  let understood = true;
  args.forEach(({ name, type }, k) => {
    const offer = offers[matched[k]!];
    if (offer === undefined) report.lacking(event, name).times++;
    if (offer !== undefined && (offer.bits & FAULT) !== 0) builder.pushFault();
    else if (
      offer === undefined ||
      (offer.bits & OTHER) !== 0 ||
      ((offer.bits & STRING) !== 0) !== (type === "string")
    ) {
      builder.pushFault();
      understood = false;
    } else if (type === "string") pushString(matched[k]!);
    else if (offer.name === name && type !== "ptr") builder.pushNumber(offer.low, offer.high);
    else pushNumberAs(type, offer.low, offer.high, builder);
  });
  return understood;
}
