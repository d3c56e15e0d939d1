/**
 * Differences that need not be any: calls that one recording lacks, up to the number of events that its head says it
 * missed.
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

  /** True if the line is covered; the allowance of its operation shrinks by one. */
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
