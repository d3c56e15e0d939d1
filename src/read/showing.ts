/** A recording that somebody looks on at while another reads it. */
import type { Batch } from "../log/batch.js";
import type { Recorded } from "./report.js";

/** The same recording; each of its batches is shown before it is handed on. */
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
