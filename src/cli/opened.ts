/** A recording, with its progress shown while it is read. */
import { openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import type { ProgressSink } from "./progress.js";

export async function openShowing(path: string, format: string | undefined, progress: ProgressSink): Promise<Recorded> {
  const recording = await openRecording(path, format === undefined ? {} : { format });
  const { id, origin, tables, report } = recording;
  return {
    id,
    origin,
    tables,
    report,
    close: () => recording.close(),
    async *batches() {
      for await (const batch of recording.batches()) {
        progress.update(batch.firstSeq - 1 + batch.length, report.bytes);
        yield batch;
      }
    },
  };
}
