/** Log files of tests, in a folder that is removed after the test. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ExecutionContext } from "ava";
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import { LogFile } from "../../../src/log/file/log-file.js";
import { LogReader } from "../../../src/log/file/log-reader.js";
import { LogWriter, type WriterOptions } from "../../../src/log/file/writer.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { read } from "../../read/helpers.js";
import { contentOf, type MadeRecording } from "../../export/logs.js";

export function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "kreel-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const ORIGIN = { path: "x.trace", format: "ftrace" };

/** Returns a log of these batches, with a proper end. */
export async function write(
  path: string,
  { kept, tables }: Pick<MadeRecording, "kept" | "tables">,
  options: WriterOptions = { sync: "close" },
): Promise<LogWriter> {
  const writer = LogWriter.create(path, ORIGIN, points, tables, options);
  for (const batch of kept) await writer.append(batch);
  writer.appendReport({ events: writer.events });
  await writer.close();
  return writer;
}

export interface ReadBack {
  readonly batches: readonly Batch[];
  readonly tables: Tables;
  readonly damage: readonly string[];
  readonly tail: string | undefined;
  readonly lost: number;
}

export function readBack(path: string): ReadBack {
  const file = LogFile.open(path);
  try {
    const tables = createTables();
    const reader = new LogReader(file, tables);
    const batches = [...reader.batches()];
    return {
      batches,
      tables,
      damage: file.damage.map(({ what }) => what),
      tail: file.unfinished?.what,
      lost: reader.lost,
    };
  } finally {
    file.close();
  }
}

export const contents = ({
  batches,
  tables,
}: {
  readonly batches: readonly Batch[];
  readonly tables: Tables;
}): unknown[] => batches.map((batch) => contentOf(batch, tables));

/** Returns a recording of the repository in batches of so many events. */
export function inBatches(path: string, events = 256): { readonly kept: readonly Batch[]; readonly tables: Tables } {
  const { batches, tables } = read(gunzipSync(readFileSync(path)), Infinity, events);
  return { kept: batches, tables };
}
