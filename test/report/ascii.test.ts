/** Text for a mail. */
import test from "ava";
import fc from "fast-check";
import { ascii, fold } from "../../src/report/ascii.js";
import { CHARACTER } from "../support/texts.js";

test("what kreel prints itself has its own spelling, and every other character its code", (t) => {
  t.is(ascii("refcnt 3 → 4 … −1 — «é»"), "refcnt 3 -> 4 ... -1 -- \\u{ab}\\u{e9}\\u{bb}");
  t.is(ascii("\u001b[2J\u202e\ud83d\ude00\ud800"), "\\x1b[2J\\u202e\\u{1f600}\\ud800");
});

test("lines are folded at spaces, words that are too long are broken, paths behind a slash", (t) => {
  t.deepEqual(fold("one two three", 9, "- "), ["- one two", "  three"]);
  t.deepEqual(fold("abcdefghij k", 5), ["abcde", "fghij", "k"]);
  t.deepEqual(fold("a/directory/of/recordings/file.trace.gz", 30, "at "), [
    "at a/directory/of/recordings/",
    "   file.trace.gz",
  ]);
});

test("whatever comes, no line is wider than it may be, all of it is ASCII, and nothing is lost", (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: CHARACTER, maxLength: 300 }),
      fc.integer({ min: 10, max: 80 }),
      fc.integer({ min: 0, max: 8 }),
      (text, width, hang) => {
        const lines = fold(ascii(text), width, "> ", hang);
        t.true(lines.every((line) => line.length <= width && /^[\x20-\x7e]*$/.test(line)));
        t.is(lines.join("").slice(1).replaceAll(" ", ""), ascii(text).replaceAll(" ", ""));
      },
    ),
  );
});
