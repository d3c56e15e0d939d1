/** Compares two logs in a thread of its own, so that the server goes on answering. */
import { diff } from "../../compare/diff.js";
import { diffJson, hunksJson, jsonText, sameJson } from "../../show/json.js";
import type { OpenLog } from "./session.js";

export type ComparedLog = Pick<OpenLog, "log" | "path" | "format">;
export type Compared = readonly [before: ComparedLog, after: ComparedLog];

/**
 * Returns the document of `kreel diff --json` for the original recordings, with `hunks`, which its text prints, and the
 * `same` steps between them.
 */
export default async function compare([before, after]: Compared): Promise<string> {
  const { hunks, same, ...result } = await diff(before.log, after.log);
  const named = <T>(trace: T, { path, format }: ComparedLog): T => ({ ...trace, path, format });
  const document = diffJson({
    ...result,
    hunks,
    same,
    before: named(result.before, before),
    after: named(result.after, after),
  });
  return [...jsonText({ ...document, hunks: hunksJson(hunks), same: sameJson(same) })].join("");
}
