/** Logs as kreel writes them: of one batch and of many, with snapshots, of an earlier kreel, truncated. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { points } from "../../../events/index.js";
import { LogWriter } from "../../../src/log/file/writer.js";
import { addSnapshots } from "../../../src/seek/add-snapshots.js";
import { read, recording } from "../../read/helpers.js";
import { kept } from "./kept.js";

/** Recording, number of lines from its beginning, events of a batch, with snapshots. */
const SHAPES = [
  ["linux-7.2/s04-bind-unbind.trace.gz", 200, 64, true],
  ["broken/leak-module-on-error/s09-enfile.trace.gz", 120, 1000, false],
  ["partial/linux-7.2-pipe-lost.trace.gz", 90, 16, false],
] as const;
const EARLIER = "fixtures/logs/linux-7.2-s04-bind-unbind.v1.klog";
/** Remaining part of a log whose writer was interrupted. */
const CUT = 0.7;

export const logSeeds = kept(async (): Promise<readonly Buffer[]> => {
  const folder = mkdtempSync(join(tmpdir(), "kreel-fuzz-"));
  try {
    const logs: Buffer[] = [readFileSync(EARLIER)];
    for (const [k, [name, lines, events, snapshots]] of SHAPES.entries()) {
      const text = recording(name).toString("latin1").split("\n").slice(0, lines).join("\n");
      const { batches, tables, report } = read(Buffer.from(`${text}\n`, "latin1"), Infinity, events);
      const path = join(folder, `${k}.klog`);
      const writer = LogWriter.create(path, { path: name, format: "ftrace" }, points, tables, { sync: "close" });
      for (const batch of batches) await writer.append(batch);
      writer.appendReport(report.saved());
      await writer.close();
      if (snapshots) await addSnapshots(path);
      logs.push(readFileSync(path));
    }
    const longest = logs.at(-1)!;
    return [...logs, longest.subarray(0, Math.floor(longest.length * CUT))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
