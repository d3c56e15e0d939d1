/** Compares two logs, in a thread of its own: the server goes on answering meanwhile. */
import { diff } from "../../compare/diff.js";
import { diffJson, hunksJson, jsonText } from "../../show/json.js";
import type { OpenLog } from "./session.js";

export type ComparedLog = Pick<OpenLog, "log" | "path" | "format">;
export type Compared = readonly [before: ComparedLog, after: ComparedLog];

/** The document of `kreel diff --json` for the recordings that the logs are of, and `hunks`, which its text prints. */
export default async function compare([before, after]: Compared): Promise<string> {
  const { hunks, ...result } = await diff(before.log, after.log);
  const named = <T>(trace: T, { path, format }: ComparedLog): T => ({ ...trace, path, format });
  const document = diffJson({ ...result, hunks, before: named(result.before, before), after: named(result.after, after) });
  return [...jsonText({ ...document, hunks: hunksJson(hunks) })].join("");
}
