/** Compares two recordings of one workload by what happened in them. */
import type { OpenOptions } from "../read/recording.js";
import { replay } from "../replay.js";
import type { Diff } from "./types.js";

export async function diff(before: string, after: string, options: OpenOptions = {}): Promise<Diff> {
  const [a, b] = [await replay(before, options), await replay(after, options)];
  return { before: a.trace, after: b.trace, differences: [], hunks: [], summary: { operations: { same: 0, added: 0, removed: 0, replaced: 0, reordered: 0 }, results: { same: 0, changed: 0 }, state: { same: 0, changed: 0 } } };
}
