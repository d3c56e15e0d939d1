import test from "ava";
import fc from "fast-check";
import { jsonString } from "../../src/base/json-text.js";
import { printable, TroubleError } from "../../src/base/trouble.js";
import { CHARACTER } from "../support/texts.js";

/** Characters that by Unicode have no shape of their own, but affect the text around them. */
const DOES_SOMETHING =
  /\p{Control}|\p{Format}|\p{Bidi_Control}|\p{Line_Separator}|\p{Paragraph_Separator}|\p{Default_Ignorable_Code_Point}|\p{Surrogate}|\p{Noncharacter_Code_Point}/u;

/** Ranges of most of these. */
const NEAR = [
  [0x00, 0xad],
  [0x600, 0x61c],
  [0x2000, 0x206f],
  [0xd7f0, 0xd810],
  [0xfe00, 0xffff],
].flatMap(([from, to]) => Array.from({ length: to! - from! + 1 }, (_, k) => String.fromCharCode(from! + k)));

test("what is obeyed rather than seen is shown as an escape, whatever else is there stays", (t) => {
  for (const [text, shown] of [
    ["qemu-kvm", "qemu-kvm"],
    ["\u001b[2J\r\n", "\\x1b[2J\\x0d\\x0a"],
    ["a\u0085b", "a\\x85b"],
    ["\u202etxt.exe", "\\u202etxt.exe"],
    ["\u2066a\u2069", "\\u2066a\\u2069"],
    ["\u061ca\u200eb\u200f", "\\u061ca\\u200eb\\u200f"],
    ["kvm\u200b\ufeff\u00ad", "kvm\\u200b\\ufeff\\xad"],
    ["\u{e0041}tag", "\\u{e0041}tag"],
    ["å 中 🐧", "å 中 🐧"],
  ] as const) {
    t.is(printable(text), shown);
    t.is(JSON.parse(jsonString(text)), text);
  }
});

test("property: of any text nothing is left that does anything, and as JSON it reads back", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(CHARACTER, fc.constantFrom(...NEAR)) }), (text) => {
      t.notRegex(printable(text), DOES_SOMETHING);
      const json = jsonString(text);
      t.notRegex(json, DOES_SOMETHING);
      t.is(JSON.parse(json), text);
    }),
  );
});

test("a file's name is not trusted either", (t) => {
  t.is(
    new TroubleError("is not there", "\u001b]0;x\u0007\u200f", 7).toString(),
    "kreel: \\x1b]0;x\\x07\\u200f:7: is not there",
  );
});
