/** Recordings read once, edited as text, compared. */
import { historyOf, type History } from "../../src/compare/history.js";
import { compareHistories, diff } from "../../src/compare/diff.js";
import type { Diff, Difference } from "../../src/compare/types.js";
import { textOf } from "../support/recordings.js";

const cache = new Map<string, Promise<History>>();
export function history(path: string): Promise<History> {
  let known = cache.get(path);
  if (!known) cache.set(path, (known = historyOf(path)));
  return known;
}

export function historyOfText(text: string): Promise<History> {
  const input = (async function* () {
    yield Buffer.from(text, "latin1");
  })();
  return historyOf("-", { input });
}

/** Compares histories as they are, without judging what one of them could not have shown. */
export async function asTheyAre(before: string, after: string): Promise<Diff> {
  return compareHistories(await history(before), await history(after));
}

const diffs = new Map<string, Promise<Diff>>();
export function diffOf(before: string, after: string): Promise<Diff> {
  if (before === after) return asTheyAre(before, after);
  const key = `${before}\n${after}`;
  let known = diffs.get(key);
  if (!known) diffs.set(key, (known = diff(before, after)));
  return known;
}

/** The diff of a recording with an edit of it, or of another. */
export async function diffWithEdit(before: string, edit: (lines: string[]) => string[], of = before): Promise<Diff> {
  const text = textOf(of);
  return compareHistories(await history(before), await historyOfText(edit(text.split("\n")).join("\n")));
}

/** `operation-removed evict in close g`. */
export function told(d: Difference): string {
  return `${d.kind} ${d.operation ?? d.object ?? ""} in ${d.where}`;
}

export const LINE = /^(\s*)(.+)-(\d+)(\s+\[)(\d+)(\] \S+ +)([\d.]+)(: )([^\s:]+)(: .*)$/;

export function nameIn(line: string): string {
  return LINE.exec(line)?.[9] ?? "";
}
