/** Lanes of objects with lives that a test gives. */
import fc from "fast-check";
import type { Lanes } from "../../../src/ui/protocol.js";

export type Life = readonly [kind: number, from: number, lasts: number | null];
/** `lasts`: events, `null` to the end. */
export const life = fc.tuple(
  fc.nat({ max: 3 }),
  fc.integer({ min: 1, max: 60 }),
  fc.option(fc.integer({ min: 1, max: 30 })),
);

export function lanesOf(lives: readonly Life[]): Lanes {
  return {
    length: lives.length,
    kind: Uint8Array.from(lives, ([kind]) => kind),
    id: Float64Array.from(lives, (_, k) => k + 1),
    from: Float64Array.from(lives, ([, from]) => from),
    to: Float64Array.from(lives, ([, from, lasts]) => (lasts === null ? 0 : from + lasts)),
    early: new Uint8Array(lives.length),
    label: lives.map((_, k) => `${k}`),
    name: lives.map(() => ""),
  };
}

/** Both at some event. */
export const overlap = (
  of: { readonly from: Float64Array; readonly to: Float64Array },
  a: number,
  b: number,
): boolean => of.from[a]! < (of.to[b] || Infinity) && of.from[b]! < (of.to[a] || Infinity);
