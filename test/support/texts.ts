/** Any text, for properties. */
import fc from "fast-check";

const SURROGATES = 0x800;

/** Any character: fast-check's own `binary` makes a table of the million that there are before it begins. */
export const CHARACTER: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + SURROGATES));
