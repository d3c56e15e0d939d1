/**
 * Calls that one recording does not show, and of which it says that it missed some: so many of them are no difference.
 */
import { type Line, siteOf } from "./calls.js";
import { missedWords } from "./incomparable-words.js";
import type { Incomparable, Side, Site } from "./types.js";

export class Allowance {
  readonly #left: Readonly<Record<Side, Map<string, number>>>;
  readonly #used = new Map<
    string,
    { readonly operation: string; readonly missing: Side; times: number; readonly first: Site | null }
  >();

  constructor(missed: Readonly<Record<Side, ReadonlyMap<string, number>>> | undefined) {
    this.#left = { before: new Map(missed?.before), after: new Map(missed?.after) };
  }

  /** One less is left then. */
  covers({ change, before, after }: Line): boolean {
    if (change !== "added" && change !== "removed") return false;
    const missing = change === "added" ? "before" : "after";
    const call = (before ?? after)!;
    const { operation } = call.node;
    const left = this.#left[missing].get(operation) ?? 0;
    if (left === 0) return false;
    this.#left[missing].set(operation, left - 1);
    const used = this.#used.get(`${missing} ${operation}`);
    if (used) used.times++;
    else this.#used.set(`${missing} ${operation}`, { operation, missing, times: 1, first: siteOf(call) });
    return true;
  }

  get told(): Incomparable[] {
    return [...this.#used.values()].map((used) => ({
      reason: "missed",
      ...used,
      message: missedWords(used.operation, used.times, used.missing),
    }));
  }
}
