/** Lets a second observer see a recording while a first reads it. */
import type { Batch } from "../log/batch.js";
import type { Recorded } from "./report.js";

/** Returns the same recording, which passes each batch to `see` before it yields it. */
export function showing(recording: Recorded, see: (batch: Batch) => void): Recorded {
  const { id, origin, tables, report } = recording;
  return {
    id,
    origin,
    tables,
    report,
    ...(recording.fileOf ? { fileOf: (cpu: number) => recording.fileOf!(cpu) } : {}),
    close: () => recording.close(),
    async *batches(only) {
      for await (const batch of recording.batches(only)) {
        see(batch);
        yield batch;
      }
    },
  };
}
