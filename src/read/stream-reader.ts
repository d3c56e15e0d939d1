/** The interface of every text reader: chunks in, batches out. */
import type { Batch } from "../log/batch.js";
import { TroubleError } from "../base/trouble.js";

export interface StreamReader {
  push(chunk: Buffer): Batch[];
  /** Returns the events whose batch is not full yet, for a user who follows. */
  flush(): Batch[];
  /** Continues at the beginning of a file: it was truncated, or another took its place. */
  restart(): Batch[];
  /** Ends the recording. */
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
 * Yields the batches of a reader. If a line, or the source, ends the reading with an error, the events before that come
 * first.
 */
export async function* upToTrouble(reader: StreamReader, batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  try {
    yield* batches;
  } catch (error) {
    // The second flush yields the marker that the first one keeps, since its text might go on.
    if (error instanceof TroubleError) yield* [...reader.flush(), ...reader.flush()];
    throw error;
  }
}
