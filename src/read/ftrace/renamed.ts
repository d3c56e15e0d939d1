/**
 * Events of a point that print all arguments in the catalogue's order, some under other names that are known already:
 * read as fast as any, until a value contradicts.
 */
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { PlaceTable } from "../../log/tables.js";
import type { Fit } from "../arguments/fit.js";
import type { PointNames } from "../arguments/names.js";
import { bitsOf, FAULT } from "../arguments/offer.js";
import { highAs, lowAs } from "../arguments/push.js";
import { CompiledPoint } from "./compiled.js";
import { parseBodyFast } from "./fast-body.js";

export class Renamed {
  readonly #point: CompiledPoint;
  readonly #fits: readonly (Fit | undefined)[];
  readonly #refusals: number;

  constructor(
    private readonly names: PointNames,
    printed: readonly string[],
  ) {
    const { point, fits } = names.shape;
    this.#point = new CompiledPoint(point, printed);
    this.#fits = this.#point.args.map(({ isRenamed }, k) => (isRenamed ? fits[k] : undefined));
    this.#refusals = names.refusals;
  }

  /** True if no name was refuted since. */
  get holds(): boolean {
    return this.names.refusals === this.#refusals;
  }

  /** Like `parseBodyFast`, for the event that was begun last. */
  parse(bytes: Uint8Array, from: number, builder: BatchBuilder, places: PlaceTable): number {
    if (!this.holds) return -1;
    builder.again();
    const next = parseBodyFast(bytes, from, this.#point, builder, places);
    return next >= 0 && this.#isPlausible(builder) ? next : -1;
  }

  #isPlausible(builder: BatchBuilder): boolean {
    const { args } = this.names.shape;
    for (let k = 0; k < args.length; k++) {
      const fit = this.#fits[k];
      if (fit === undefined) continue;
      const { type } = args[k]!;
      const low = builder.lowOf(k);
      const high = builder.highOf(k);
      if (builder.isFault(k)) {
        if ((fit.denied & FAULT) !== 0) return false;
      } else if (type === "ptr") {
        const { addresses } = builder;
        if ((bitsOf(addresses.low(low), addresses.high(low), "unknown", false) & fit.denied) !== 0) return false;
      } else if (type !== "string") {
        if ((bitsOf(low, high, "unknown", false) & fit.denied) !== 0) return false;
        builder.setNumber(k, lowAs(type, low), highAs(type, low, high));
      }
    }
    return true;
  }
}
