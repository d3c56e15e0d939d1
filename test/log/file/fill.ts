/**
 * The program of a child process: it appends until that fails, and prints how many events were acknowledged, and the
 * error.
 */
import { points } from "../../../events/index.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { inBatches, ORIGIN } from "./helpers.js";

export async function appendUntilFull(path: string, recording: string): Promise<void> {
  const { kept, tables } = inBatches(recording);
  const writer = LogWriter.create(path, ORIGIN, points, tables);
  let acknowledged = 0;
  try {
    for (const batch of kept) {
      await writer.append(batch);
      acknowledged += batch.length;
    }
  } catch (error) {
    writer.abandon();
    process.stdout.write(JSON.stringify({ acknowledged, error: (error as Error).message }));
  }
}
