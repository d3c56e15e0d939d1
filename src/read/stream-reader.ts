/** What every reader of text is: chunks in, batches out. */
import type { Batch } from "../log/batch.js";
import { TroubleError } from "../base/trouble.js";

export interface StreamReader {
  push(chunk: Buffer): Batch[];
  /** What was read and not handed over, because its batch is not full: whoever follows wants it now. */
  flush(): Batch[];
  /** What comes next is the beginning of a file again: it was made shorter, or another took its place. */
  restart(): Batch[];
  /** The recording is over. */
  end(): Batch[];
}

/** Reads a stream through a reader. */
export function readThrough(reader: StreamReader, chunks: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  return upToTrouble(reader, throughOf(reader, chunks));
}

async function* throughOf(reader: StreamReader, chunks: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  for await (const chunk of chunks) yield* reader.push(chunk);
  yield* reader.end();
}

/**
 * The batches of a reader. Where a line, or the source, ends the reading, all that was read before that comes first.
 */
export async function* upToTrouble(reader: StreamReader, batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  try {
    yield* batches;
  } catch (error) {
    // The second time hands over the marker that the first one keeps, since its text might go on.
    if (error instanceof TroubleError) yield* [...reader.flush(), ...reader.flush()];
    throw error;
  }
}
