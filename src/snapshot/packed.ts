/** Snapshots as they are kept: compressed, and none that is too large to be worth it. */
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { LARGEST } from "./document.js";
import { SnapshotError } from "./snapshot-error.js";

/** As small as the best within a tenth, in a fortieth of the time. */
const QUALITY = 5;

/** A sixth to an eighth of its bytes; `undefined` for one that no `restoreReplay` would take, which replays faster than it is read. */
export function packSnapshot(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length > LARGEST) return undefined;
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

/** Throws a `SnapshotError` for what was not packed. */
export function unpackSnapshot(packed: Uint8Array): Uint8Array {
  try {
    return brotliDecompressSync(packed, { maxOutputLength: LARGEST });
  } catch (error) {
    throw new SnapshotError("a damaged snapshot: does not decompress", { cause: error });
  }
}
