/** What every reader of text is: chunks in, batches out. */
import type { Batch } from "../log/batch.js";

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
export async function* readThrough(reader: StreamReader, chunks: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  for await (const chunk of chunks) yield* reader.push(chunk);
  yield* reader.end();
}
