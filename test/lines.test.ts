/** Tests that lines have at most 120 characters: the formatter breaks code, but not comments. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";

const WIDTH = 120;
/** Unbreakable lines: a string, a template, a regular expression; a recording's own lines, a table in a comment. */
const UNBROKEN = /["'`/]|^\s*\* {4}|^\s*#|^ {8,}\S+-\d+ +\[\d+\]/;
const COMMENT = /^\s*(\*(?! {4})|\/\*|\/\/)/;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(tsx?|mjs)$/.test(path))
    .map((path) => join(folder, path));
}

test("no line of prose or code is longer", (t) => {
  const long = ["src", "events", "test", "bench"].flatMap(sources).flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, k) =>
        line.length > WIDTH && (COMMENT.test(line) || !UNBROKEN.test(line)) ? [`${path}:${k + 1}`] : [],
      ),
  );
  t.deepEqual(long, []);
});
