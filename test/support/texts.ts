/** Arbitrary text, for properties. */
import fc from "fast-check";

const SURROGATES = 0x800;

/** Any character: fast-check's own `binary` first makes a table of all million. */
export const CHARACTER: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + SURROGATES));
