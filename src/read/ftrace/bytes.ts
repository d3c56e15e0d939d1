/** Bytes of ftrace text, and classes of them. */
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const OPEN = 0x28;
export const CLOSE = 0x29;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const BRACKET_OPEN = 0x5b;
export const BRACKET_CLOSE = 0x5d;
export const LOWER_X = 0x78;

const NOT_HEX = 255;
/** Value of a hexadecimal digit; `NOT_HEX` for anything else. */
export const HEX = new Uint8Array(256).fill(NOT_HEX);
for (const [k, digit] of [..."0123456789abcdef"].entries()) {
  HEX[digit.charCodeAt(0)] = k;
  HEX[digit.toUpperCase().charCodeAt(0)] = k;
}

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Characters of the flag columns: letters of `trace_print_lat_fmt`, its depths in hexadecimal, and a dot for none. */
export const IS_FLAG = classOf(".0123456789abcdefABCDEFXNnpPlLhHsSzZ");
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** Characters of an event's name. */
export const IS_NAME = classOf(`${LETTERS}${LETTERS.toUpperCase()}0123456789_.$-`);

/** Returns `bytes[start, end)` as text of one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}
