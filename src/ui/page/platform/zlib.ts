/** `node:zlib` in a browser: the part that reading a log needs. */
import { inflateSync } from "fflate";

export function inflateRawSync(
  bytes: Uint8Array,
  { maxOutputLength = 0 }: { readonly maxOutputLength?: number } = {},
): Buffer {
  // One byte more than allowed, so that an excess shows.
  const out = inflateSync(bytes, { out: new Uint8Array(maxOutputLength + 1) });
  if (out.length > maxOutputLength) throw new RangeError("decompresses to more than it says");
  return Buffer.from(out.buffer, out.byteOffset, out.length);
}

export function deflateRawSync(): never {
  throw new Error("the page writes no logs");
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array, seed = 0): number {
  let c = ~seed;
  for (let k = 0; k < bytes.length; k++) c = TABLE[(c ^ bytes[k]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}
