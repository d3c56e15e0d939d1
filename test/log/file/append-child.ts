/**
 * A child process that appends a recording to a log, continues after the log's end, and prints the last event of each
 * append.
 */
import { existsSync, writeSync } from "node:fs";
import { points } from "../../../events/index.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { inBatches, ORIGIN } from "./helpers.js";

const [path, recording, events] = process.argv.slice(2) as [string, string, string];
const { kept, tables } = inBatches(recording, Number(events));
const writer = existsSync(path)
  ? LogWriter.open(path, points, tables).writer
  : LogWriter.create(path, ORIGIN, points, tables);
writeSync(1, `${writer.events}\n`);
for (const batch of kept) {
  if (batch.firstSeq <= writer.events) continue;
  await writer.append(batch);
  writeSync(1, `${writer.events}\n`);
}
await writer.close();
writeSync(1, "done\n");
