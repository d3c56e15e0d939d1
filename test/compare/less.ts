/** Recordings in memory with probes taken away, with or without the remarks of `kreel record` that say so. */
import { points } from "../../events/index.js";
import { diff } from "../../src/compare/diff.js";
import type { Diff } from "../../src/compare/types.js";
import { ReadReport, type Recorded } from "../../src/read/report.js";
import { batchesOf, type Read } from "../support/recordings.js";
import { take, type Taking } from "../taken-away/take.js";

/** A recording in memory that can be opened repeatedly. */
export function recordedOf(
  read: Read,
  path: string,
  remarks: readonly (readonly [name: string, text: string])[] = [],
): Recorded {
  const report = new ReadReport(path);
  report.events = read.batches.reduce((sum, { length }) => sum + length, 0);
  for (const [name, text] of remarks) report.remark(name, text);
  return {
    id: path,
    origin: { path, format: "ftrace" },
    tables: read.tables,
    report,
    async *batches() {
      yield* read.batches;
    },
    async close() {},
    async again() {
      return recordedOf(read, path, remarks);
    },
  };
}

export interface Less {
  readonly from: "before" | "after";
  /** Points without an event. */
  readonly points?: ReadonlySet<number>;
  /** By point: bits of arguments that cannot be read. */
  readonly arguments?: ReadonlyMap<number, number>;
  /** The head says of these points that they were refused. */
  readonly remarked?: boolean;
}

/** The diff of two recordings of which one shows less. */
export async function diffWithLess(
  before: string,
  after: string,
  { from, points: hidden, arguments: args, remarked }: Less,
): Promise<Diff> {
  const taking: Taking = {
    what: "less",
    ...(hidden ? { gone: (batch, i) => hidden.has(batch.point[i]!) } : {}),
    ...(args ? { arguments: args } : {}),
  };
  const side = async (name: Less["from"], path: string): Promise<Recorded> => {
    const read = await batchesOf(path);
    if (name !== from) return recordedOf(read, path);
    return recordedOf(
      take(read, taking),
      path,
      remarked ? [...(hidden ?? [])].map((id) => ["refused", points.points[id]!.event] as const) : [],
    );
  };
  return diff(await side("before", before), await side("after", after));
}

/** By operation, the points of a recording: its entry, its return. */
export function operationsIn({ batches }: Read): Map<string, number[]> {
  const seen = new Set<number>();
  for (const batch of batches) for (const id of batch.point) seen.add(id);
  const found = new Map<string, number[]>();
  for (const id of [...seen].sort((a, b) => a - b)) {
    const name = points.points[id]?.operation.name;
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), id]);
  }
  return found;
}
