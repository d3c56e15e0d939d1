/** Reads a trace.dat from memory and returns plain events. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { points } from "../../../events/index.js";
import type { Batch } from "../../../src/log/batch.js";
import { eventAt, type KernelEvent } from "../../../src/log/event.js";
import { createTables, type Tables } from "../../../src/log/tables.js";
import { ReadReport } from "../../../src/read/report.js";
import { memoryAccess } from "../../../src/read/trace-dat/access.js";
import { TraceDatReader, readTraceDat } from "../../../src/read/trace-dat/index.js";
import { openTraceDat } from "../../../src/read/trace-dat/open.js";

export const TRACE_DATS = "fixtures/recordings/trace-dat/";

export interface Reading {
  readonly events: readonly KernelEvent[];
  /** Bits of `Batch.context`, by event. */
  readonly contexts: readonly number[];
  readonly losses: readonly { readonly before: number; readonly cpu: number; readonly count: number }[];
  readonly report: ReadReport;
  readonly tables: Tables;
}

export function read(bytes: Buffer, batchEvents?: number): Reading {
  const report = new ReadReport("test.dat");
  const tables = createTables();
  const open = openTraceDat(memoryAccess(bytes), "test.dat", report);
  return gather([...new TraceDatReader(open, points, tables, report, batchEvents).batches()], tables, report);
}

/** Reads it with addresses for places, as `trace-cmd report` prints them. */
export function readWithoutSymbols(bytes: Buffer): Reading {
  const report = new ReadReport("test.dat");
  const tables = createTables();
  const open = openTraceDat(memoryAccess(bytes), "test.dat", report);
  const contents = { ...open.contents, kallsyms: () => Buffer.alloc(0) };
  return gather([...new TraceDatReader({ ...open, contents }, points, tables, report).batches()], tables, report);
}

/** Reads it as a recording is read, text of latency tracers included. */
export async function readStreamed(bytes: Buffer): Promise<Reading> {
  const report = new ReadReport("test.dat");
  const tables = createTables();
  const batches: Batch[] = [];
  for await (const batch of readTraceDat(memoryAccess(bytes), "test.dat", points, tables, report)) batches.push(batch);
  return gather(batches, tables, report);
}

function gather(batches: readonly Batch[], tables: Tables, report: ReadReport): Reading {
  const events = batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, points, tables)),
  );
  const contexts = batches.flatMap((batch) => [...batch.context]);
  const losses = batches.flatMap((batch) =>
    batch.losses.map(({ index, cpu, count }) => ({ before: batch.firstSeq + index, cpu, count })),
  );
  return { events, contexts, losses, report, tables };
}

export const unzipped = (name: string): Buffer => gunzipSync(readFileSync(`${TRACE_DATS}${name}`));
