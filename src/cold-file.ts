/** What does not fit into memory, in a file without a name. */
import { closeSync, readSync, writeSync } from "node:fs";
import { temporaryFile } from "./read/trace-dat/spool.js";
import { CHUNK_BYTES, type ColdChunks } from "./reduce/operation-list.js";

/** Lists are as long as whoever holds a replay holds them. */
const files = new FinalizationRegistry<number>((fd) => closeSync(fd));

/** It is gone when nobody has the chunks any more, or with the process. */
export function coldChunks(): ColdChunks {
  const fd = temporaryFile();
  const chunks: ColdChunks = {
    write(chunk, bytes, offset) {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, chunk * CHUNK_BYTES + offset + done);
    },
    read(chunk, into) {
      for (let done = 0, n = 1; n > 0 && done < into.length; done += n) n = readSync(fd, into, done, into.length - done, chunk * CHUNK_BYTES + done);
    },
  };
  files.register(chunks, fd);
  return chunks;
}
