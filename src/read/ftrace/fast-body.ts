/**
 * The body of an event in the catalogue's form: `(place) name=value …`, the arguments in order, and then the end of the
 * line. Anything else is left to `slow-body.ts`; so a body that is accepted here must be beyond doubt.
 */
import type { BatchBuilder } from "../../log/batch-builder.js";
import type { PlaceTable } from "../../log/tables.js";
import { CLOSE, CR, DASH, HEX, LF, LOWER_X, OPEN, QUOTE, SPACE, ZERO, latin1 } from "./bytes.js";
import { ADDRESS, STRING, type CompiledArgument, type CompiledPoint } from "./compiled.js";
import { wordsOf } from "./words.js";

/** Digits of a decimal number that a double holds exactly. */
const EXACT_DIGITS = 15;
const TWO_32 = 4294967296;
const FAULT = Uint8Array.from(Buffer.from("(fault)"));

/**
 * Pushes the place and the arguments of the event that `builder` has begun. Returns the start of the next line, or -1:
 * then the event has to be abandoned. A line feed must follow in `bytes`; it matches nothing, so no line is overrun.
 */
export function parseBodyFast(
  bytes: Uint8Array,
  from: number,
  point: CompiledPoint,
  builder: BatchBuilder,
  places: PlaceTable,
): number {
  let p = from;
  if (bytes[p] === OPEN) {
    let close = point.lastPlace === 0 ? -1 : places.matchAt(point.lastPlace, bytes, p + 1);
    if (close < 0) {
      close = p + 1;
      while (bytes[close] !== CLOSE) if (bytes[close++] === LF) return -1;
      point.lastPlace = places.internBytes(bytes, p + 1, close);
    }
    builder.setPlace(point.lastPlace);
    p = close + 1;
  } else {
    // Without a place the first argument follows the name's own space.
    p--;
  }
  const args = point.args;
  for (let k = 0; k < args.length; k++) {
    const arg = args[k]!;
    const key = arg.key;
    for (let j = 0; j < key.length; j++) if (bytes[p++] !== key[j]) return -1;
    const byte = bytes[p]!;
    if (arg.kind === STRING) {
      if (byte === QUOTE) {
        const start = ++p;
        while (bytes[p] !== QUOTE) if (bytes[p++] === LF) return -1;
        builder.pushStringBytes(bytes, start, p++);
        continue;
      }
    } else if (byte === ZERO && bytes[p + 1] === LOWER_X) {
      p += 2;
      const start = p;
      let low = 0;
      let high = 0;
      for (let digit = HEX[bytes[p]!]!; digit < 16; digit = HEX[bytes[++p]!]!) {
        high = (high << 4) | (low >>> 28);
        low = (low << 4) | digit;
      }
      if (p === start || p - start > 16) return -1;
      if (arg.kind === ADDRESS) builder.pushAddress(low, high);
      else builder.pushNumber(low, high);
      continue;
    } else if (byte !== OPEN) {
      const negative = byte === DASH;
      if (negative) {
        if (arg.isRenamed && arg.kind === ADDRESS) return -1;
        p++;
      }
      const start = p;
      let value = 0;
      for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
        value = value * 10 + digit;
      if (p === start) return -1;
      if (p - start > EXACT_DIGITS) {
        if (!pushLong(bytes, negative ? start - 1 : start, p, arg.kind, builder)) return -1;
        continue;
      }
      const signed = negative ? -value : value;
      if (arg.kind === ADDRESS) builder.pushAddress(signed, Math.floor(signed / TWO_32));
      else builder.pushNumber(signed, Math.floor(signed / TWO_32));
      continue;
    }
    for (let j = 0; j < FAULT.length; j++) if (bytes[p++] !== FAULT[j]) return -1;
    builder.pushFault();
  }
  // No argument was probed: the body ends before the space that was stepped back over.
  if (p < from && bytes[p] === SPACE) p++;
  if (bytes[p] === LF) return p + 1;
  return bytes[p] === CR && bytes[p + 1] === LF ? p + 2 : -1;
}

/** Pushes a decimal number too long for a double: `18446744073709551615`, the end of a range without one. */
function pushLong(
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: CompiledArgument["kind"],
  builder: BatchBuilder,
): boolean {
  const words = wordsOf(latin1(bytes, start, end));
  if (words === undefined) return false;
  if (kind === ADDRESS) builder.pushAddress(words.low, words.high);
  else builder.pushNumber(words.low, words.high);
  return true;
}
