/** Makes a recording that comes as a stream (compressed, or through a pipe) readable at any offset. */
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { openUnnamed } from "../../base/temporary-file.js";
import { TroubleError } from "../../base/trouble.js";
import { BlockAccess, FileAccess, type Access } from "./access.js";

const BLOCK = 1 << 20;
/** Bytes that are kept in memory; more go to a temporary file. */
const MAX_IN_MEMORY = 256 * BLOCK;
/** Bytes that are kept at all: a compressed file does not show how big it will become. */
const MAX_SPOOLED = 8 * 1024 * BLOCK;

export interface Limits {
  readonly memory: number;
  readonly total: number;
}

/**
 * Opens the file at `path`, or keeps the bytes of `stream` if that cannot be read at any offset (`undefined`, or a
 * pipe).
 * @throws {TroubleError} for more than `limits.total` bytes
 */
export async function openAccess(
  name: string,
  path: string | undefined,
  stream: AsyncIterable<Buffer>,
  limits: Limits = { memory: MAX_IN_MEMORY, total: MAX_SPOOLED },
): Promise<Access> {
  if (path !== undefined && statSync(path).isFile())
    return new FileAccess(name, openSync(path, "r"), statSync(path).size);
  const blocks: Buffer[] = [];
  let size = 0;
  let file: number | undefined;
  try {
    for await (const chunk of stream) {
      if (size + chunk.length > limits.total)
        throw new TroubleError(
          `it decompresses to more than ${limits.total >> 20} MiB; decompress it to a file and give kreel that`,
          name,
        );
      if (file === undefined && size + chunk.length > limits.memory) {
        file = openUnnamed();
        let left = size;
        for (const block of blocks.splice(0)) left -= writeSync(file, block, 0, Math.min(left, BLOCK));
      }
      if (file === undefined) keep(blocks, size, chunk);
      else for (let p = 0; p < chunk.length; ) p += writeSync(file, chunk, p);
      size += chunk.length;
    }
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw error;
  }
  return file === undefined ? new BlockAccess(blocks, BLOCK, size) : new FileAccess(name, file, size);
}

function keep(blocks: Buffer[], size: number, chunk: Buffer): void {
  for (let p = 0; p < chunk.length; ) {
    const at = (size + p) % BLOCK;
    if (at === 0) blocks.push(Buffer.allocUnsafe(BLOCK));
    p += chunk.copy(blocks.at(-1)!, at, p);
  }
}
