/** Opens a recording, with progress shown while it is read. */
import { openRecording } from "../read/recording.js";
import type { Recorded } from "../read/report.js";
import { showing } from "../read/showing.js";
import type { ProgressSink } from "./progress.js";

export async function openShowing(path: string, format: string | undefined, progress: ProgressSink): Promise<Recorded> {
  const recording = await openRecording(path, format === undefined ? {} : { format });
  return showing(recording, ({ firstSeq, length }) => progress.update(firstSeq - 1 + length, recording.report.bytes));
}
