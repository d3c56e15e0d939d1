/** Stores chunks of a long list of operations in an unlinked file. */
import { CHUNK_BYTES, type ColdChunks } from "../reduce/operation-list.js";
import { TemporaryFile } from "../base/temporary-file.js";

/** Closes the file when the list is garbage-collected. */
const files = new FinalizationRegistry<TemporaryFile>((file) => file.close());

/** The file lives until the chunks are garbage-collected, or the process ends. */
export function coldChunks(): ColdChunks {
  const file = new TemporaryFile();
  const chunks: ColdChunks = {
    write: (chunk, bytes, offset) => file.write(bytes, chunk * CHUNK_BYTES + offset),
    read: (chunk, into) => {
      for (let done = 0, n = 1; n > 0 && done < into.length; done += n)
        n = file.read(into.subarray(done), chunk * CHUNK_BYTES + done);
    },
  };
  files.register(chunks, file);
  return chunks;
}
