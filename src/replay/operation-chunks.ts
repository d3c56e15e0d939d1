/** Chunks of a long list of operations in a file without a name. */
import { CHUNK_BYTES, type ColdChunks } from "../reduce/operation-list.js";
import { TemporaryFile } from "../base/temporary-file.js";

/** A list is as long as whoever holds its replay holds it. */
const files = new FinalizationRegistry<TemporaryFile>((file) => file.close());

/** The file is gone when nobody has the chunks any more, or with the process. */
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
