/** Text as the payload of a block: its length, four bytes, then the text as UTF-8, compressed. */
import { deflateRawSync } from "node:zlib";
import { DamagedError } from "./bytes.js";
import { inflated } from "./decode.js";
import { MAX_PAYLOAD } from "./format.js";

const LENGTH = 4;

export function packed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, deflateRawSync(bytes)]);
}

/**
 * Unpacks a text.
 * @throws {DamagedError} if it is no packed text
 */
export function unpacked(payload: Buffer): Uint8Array {
  if (payload.length < LENGTH || payload.readUInt32LE() > MAX_PAYLOAD)
    throw new DamagedError("packed text of no length");
  return inflated(payload.subarray(LENGTH), payload.readUInt32LE());
}

export function unpackedText(payload: Buffer): string {
  return Buffer.from(unpacked(payload)).toString("utf8");
}
